import { spawnSync } from 'node:child_process'
import { strFromU8, unzipSync } from 'fflate'

/**
 * What a short script gets out of a file, to compare with: `pdftotext` for PDF (undefined where it is not installed),
 * the text of the main XML members of Office files and the pages of books with tags stripped, HTML with scripts,
 * styles and tags stripped, and the bytes themselves of text formats. Tags inside words are dropped, others are spaces.
 */
export function plainText(type: string, path: string, bytes: Uint8Array): string | undefined {
  if (type === 'pdf') {
    const { status, stdout } = spawnSync('pdftotext', [path, '-'], { encoding: 'utf8', maxBuffer: 1e8 })
    return status === 0 ? stdout : undefined
  }
  if (type === 'docx') return ofMembers(bytes, /^word\/(document\d*|footnotes|endnotes|comments)\.xml$/, ofOfficeXml)
  if (type === 'pptx') return ofMembers(bytes, /^ppt\/(slides|notesSlides)\/[^/]+\.xml$/, ofOfficeXml)
  if (type === 'xlsx') return ofMembers(bytes, /^xl\/(sharedStrings|worksheets\/[^/]+)\.xml$/, ofSheetXml)
  if (type === 'epub') return ofMembers(bytes, /\.x?html?$/, ofHtml)
  const text = new TextDecoder().decode(bytes)
  return type === 'html' ? ofHtml(text) : text
}

function ofMembers(bytes: Uint8Array, wanted: RegExp, read: (xml: string) => string): string {
  const members = unzipSync(bytes, { filter: ({ name }) => wanted.test(name) })
  const byNumber = new Intl.Collator('en', { numeric: true })
  const names = Object.keys(members).sort((a, b) => byNumber.compare(a, b))
  return names.map((name) => read(strFromU8(members[name]!))).join('\n')
}

/** Runs are joined; paragraphs, tabs and line breaks part words. */
function ofOfficeXml(xml: string): string {
  return unescaped(xml.replaceAll(/<\/(?:w|a):p>|<(?:w|a):(?:tab|br)\b[^>]*>/g, ' ').replaceAll(/<[^>]+>/g, ''))
}

/** Shared strings and inline values; indexes into the shared strings and formulas are left out. */
function ofSheetXml(xml: string): string {
  const values = xml
    .replaceAll(/<c [^>]*t="s"[^>]*>[\s\S]*?<\/c>/g, ' ')
    .replaceAll(/<f\b[^>]*>[\s\S]*?<\/f>/g, ' ')
    .replaceAll(/<\/(?:si|v|is)>/g, ' ')
  return unescaped(values.replaceAll(/<[^>]+>/g, ''))
}

function ofHtml(html: string): string {
  const text = html
    .replaceAll(/<!--[\s\S]*?-->|<(script|style|head)\b[\s\S]*?<\/\1>/gi, ' ')
    .replaceAll(/<\/?(?:a|b|i|em|strong|span|sub|sup|u|small|code)(?:\s[^>]*)?>/gi, '')
  return unescaped(text.replaceAll(/<[^>]*>/g, ' '))
}

function unescaped(text: string): string {
  const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&', nbsp: ' ' }
  return text.replaceAll(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) =>
      name === undefined
        ? String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal))
        : (named[name] ?? whole),
  )
}
