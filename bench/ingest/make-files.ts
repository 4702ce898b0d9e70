import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** English text with headings from the retrieval sets: every document under its title. */
export function markdownText(shared: string): string {
  const sets = ['covidqa', 'xquad-en', 'cranfield', 'npl']
  const sections = sets.flatMap((set) =>
    readFileSync(join(shared, 'retrieval', set, 'corpus.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { title?: string; text: string })
      .map(({ title, text }) => `## ${title === undefined || title === '' ? 'Untitled' : title}\n\n${text}\n`),
  )
  return sections.join('\n')
}

/** Files cut from the text one after the other, wrapping around; each begins with its own number so that none are equal. */
export function writeParts(folder: string, text: string, count: number, size: number, label = 'part'): void {
  let at = 0
  for (let index = 0; index < count; index += 1) {
    let body = `# ${label} ${index}\n\n`
    while (body.length < size) {
      const piece = text.slice(at, at + size - body.length)
      body += piece
      at = (at + piece.length) % text.length
    }
    // No folder with ten thousand files.
    const inner = join(folder, `${label}-${Math.floor(index / 1000)}`)
    mkdirSync(inner, { recursive: true })
    writeFileSync(join(inner, `${label}-${index}.md`), body)
  }
}

/** One text of about so many bytes; each turn around is numbered, so that no passage is known from the turn before. */
export function writeText(path: string, text: string, bytes: number): void {
  const file = openSync(path, 'w')
  let written = 0
  for (let turn = 1; written < bytes; turn += 1) {
    const body = text.replaceAll(/^## /gm, `## ${turn}. `).replaceAll(/\. /g, `. [${turn}] `)
    written += writeSync(file, body.slice(0, bytes - written))
  }
  closeSync(file)
}

/** A PDF (1.4, Helvetica) whose pages are the text's, one after the other: a heading and forty lines each. */
export function writePdf(path: string, text: string, pages: number): void {
  const words = text.replaceAll(/[^\x20-\x7e\n]/g, ' ').split(/\s+/)
  const objects: string[] = ['<< /Type /Catalog /Pages 2 0 R >>', '', '']
  const kids: string[] = []
  let at = 0
  for (let page = 1; page <= pages; page += 1) {
    const lines = Array.from({ length: 40 }, () => words.slice(at, (at += 12)).join(' '))
    const shown = lines.map((line) => `(${line.replaceAll(/[\\()]/g, String.raw`\$&`)}) Tj T*`).join('\n')
    const heading = `BT /F1 18 Tf 72 780 Td (Chapter ${page}) Tj ET`
    const content = `${heading}\nBT /F1 10 Tf 14 TL 72 750 Td\n${shown}\nET\nBT /F1 9 Tf 290 40 Td (${page}) Tj ET`
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents ${objects.length + 2} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
    )
    kids.push(`${objects.length - 1} 0 R`)
  }
  objects[1] = `<< /Type /Pages /Count ${pages} /Kids [${kids.join(' ')}] >>`
  objects[2] = '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>'
  let body = '%PDF-1.4\n'
  const parts = [body]
  const offsets: number[] = []
  let length = body.length
  for (const [index, object] of objects.entries()) {
    offsets.push(length)
    body = `${index + 1} 0 obj\n${object}\nendobj\n`
    parts.push(body)
    length += body.length
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  parts.push(
    `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${table}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`,
  )
  writeFileSync(path, parts.join(''), 'latin1')
}
