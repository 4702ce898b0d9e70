import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { strToU8, zipSync } from 'fflate'
import { seededRandom } from '../../shared/random.ts'

/** How many files a made folder has, and the number that fixes what is in them. */
export interface CorpusPlan {
  files: number
  seed: number
  /** Good documents whose words are used, and which are copied in as they are. */
  samples: string
}

/**
 * A folder of many small files of several types: prose, pages, tables, code, messages with attachments, an archive, the
 * samples (PDF, Word), copies of files under other names, files that cannot be read. Gives words that occur in it.
 */
export function writeCorpus(folder: string, plan: CorpusPlan): string[] {
  const random = seededRandom(plan.seed)
  const words = wordsOf(plan.samples)
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  readdirSync(plan.samples, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .slice(0, Math.max(4, Math.floor(plan.files / 8)))
    .forEach((path, index) => write(`samples/${index}-${path.split('/').at(-1)}`, readFileSync(path)))
  for (let index = 0; index < plan.files; index += 1) {
    const make = kinds[index % kinds.length]
    if (!make) continue
    const { extension, content } = make(index, words, random)
    const path = `part-${index % 5}/file-${index}.${extension}`
    write(path, content)
    // Every tenth file is there twice, now and then in a folder that is listed before its own.
    if (index % 10 === 3) write(`${index % 20 === 3 ? 'copies' : 'zz-copies'}/copy-of-${index}.${extension}`, content)
    // Read at the same time as its own.
    if (index % 10 === 7) write(`part-${index % 5}/file-${index} (copy).${extension}`, content)
  }
  write('broken/none.pdf', '%PDF-1.7\nthis is none')
  write('broken/half.docx', readFileSync(findSample(plan.samples, '.docx')).subarray(0, 3000))
  write('broken/empty.txt', '')
  return words
}

/** What a week does to a folder: files are added, edited, renamed, removed, copied; messages and archives change. */
export function changeCorpus(folder: string, plan: CorpusPlan): void {
  const random = seededRandom(plan.seed + 1)
  const words = wordsOf(plan.samples)
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('broken'))
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
  for (const [index, path] of paths.entries()) {
    const kind = index % 7
    const extension = path.slice(path.lastIndexOf('.') + 1)
    if (kind === 1) rmSync(path)
    else if (kind === 2) renameSync(path, `${path.slice(0, -extension.length - 1)}-renamed.${extension}`)
    else if (kind === 3) {
      const make = kinds.find((candidate) => candidate(0, words, seededRandom(0)).extension === extension)
      if (make) writeFileSync(path, make(index + 10_000, words, random).content)
    } else if (kind === 4 && random() < 0.3) {
      writeFileSync(join(folder, `another-copy-${index}.${extension}`), readFileSync(path))
    }
  }
  for (let index = 0; index < Math.ceil(plan.files / 10); index += 1) {
    const { extension, content } = kinds[index % kinds.length]!(index + 20_000, words, random)
    mkdirSync(join(folder, 'new'), { recursive: true })
    writeFileSync(join(folder, 'new', `new-${index}.${extension}`), content)
  }
  writeFileSync(join(folder, 'broken/empty.txt'), sentences(words, random, 4))
}

type Made = { extension: string; content: string | Uint8Array }

const kinds: ((index: number, words: readonly string[], random: () => number) => Made)[] = [
  (index, words, random) => ({ extension: 'md', content: markdown(index, words, random) }),
  (index, words, random) => ({ extension: 'txt', content: `Note ${index}. ${sentences(words, random, 12)}` }),
  (index, words, random) => ({
    extension: 'html',
    content: `<html><head><title>Page ${index}</title></head><body><h1>Page ${index}</h1>${paragraphs(words, random, 3)
      .map((text) => `<p>${text}</p>`)
      .join('')}</body></html>`,
  }),
  (index, words, random) => ({ extension: 'csv', content: table(index, words, random) }),
  (index, words, random) => ({ extension: 'eml', content: message(index, words, random, 1) }),
  (index, words, random) => ({
    extension: 'py',
    content: paragraphs(words, random, 4)
      .map((text, part) => `def part_${index}_${part}():\n    """${text}"""\n    return ${part}\n`)
      .join('\n\n'),
  }),
  (index, words, random) => ({
    extension: 'zip',
    content: zipSync({
      'inside.md': strToU8(markdown(index, words, random)),
      'deep/note.txt': strToU8(sentences(words, random, 8)),
      'deep/mail.eml': strToU8(message(index + 0.5, words, random, 0)),
    }),
  }),
  (index, words, random) => ({
    extension: 'md',
    content: Array.from({ length: 12 }, (_, part) => markdown(index + part / 100, words, random)).join('\n'),
  }),
]

function markdown(index: number, words: readonly string[], random: () => number): string {
  const sections = paragraphs(words, random, 3).map((text, part) => `## Part ${part}\n\n${text}\n`)
  return `# Report ${index}\n\n${sections.join('\n')}`
}

function table(index: number, words: readonly string[], random: () => number): string {
  const rows = Array.from(
    { length: 30 },
    (_, row) => `${index}-${row},${pick(words, random)},${Math.floor(random() * 1000)}`,
  )
  return `id,name,count\n${rows.join('\n')}\n`
}

function message(index: number, words: readonly string[], random: () => number, depth: number): string {
  const attached = (name: string, type: string, text: string): string =>
    `--b${depth}\r\nContent-Type: ${type}; name="${name}"\r\nContent-Disposition: attachment; filename="${name}"\r\n\r\n${text}\r\n`
  const inner = depth > 0 ? attached('inner.eml', 'message/rfc822', message(index + 0.1, words, random, depth - 1)) : ''
  return [
    `From: ada@example.org\r\nTo: ben@example.org\r\nSubject: Message ${index}\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\n`,
    `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b${depth}\r\n\r\n`,
    `--b${depth}\r\nContent-Type: text/plain\r\n\r\nMessage ${index}: ${sentences(words, random, 5)}\r\n`,
    attached('note.txt', 'text/plain', sentences(words, random, 6)),
    attached('table.csv', 'text/csv', table(index, words, random)),
    inner,
    `--b${depth}--\r\n`,
  ].join('')
}

function paragraphs(words: readonly string[], random: () => number, count: number): string[] {
  return Array.from({ length: count }, () => sentences(words, random, 3 + Math.floor(random() * 6)))
}

function sentences(words: readonly string[], random: () => number, count: number): string {
  return Array.from({ length: count }, () => {
    const picked = Array.from({ length: 6 + Math.floor(random() * 10) }, () => pick(words, random)).join(' ')
    return `${picked.slice(0, 1).toUpperCase()}${picked.slice(1)}.`
  }).join(' ')
}

function pick(words: readonly string[], random: () => number): string {
  return words[Math.floor(random() * words.length)] ?? ''
}

/** The words of the samples that are plain text, each once. */
function wordsOf(samples: string): string[] {
  const texts = readdirSync(samples, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
  return [
    ...new Set(
      texts
        .join(' ')
        .toLowerCase()
        .match(/[a-z]{4,}/g) ?? [],
    ),
  ].toSorted()
}

function findSample(samples: string, extension: string): string {
  const entry = readdirSync(samples, { recursive: true, withFileTypes: true })
    .filter((candidate) => candidate.isFile() && candidate.name.endsWith(extension))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))[0]
  if (!entry) throw new Error(`There is no ${extension} below ${samples}.`)
  return join(entry.parentPath, entry.name)
}
