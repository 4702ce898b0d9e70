import { strFromU8, strToU8, zipSync } from 'fflate'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { detectType } from './detect-type.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { writeHtml } from './parts/html-elements.ts'
import { damaged, type Members, unzipMembers } from './parts/zip-members.ts'
import { parsePage } from './html.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Word documents (Office Open XML, ECMA-376): headings by style and outline level, paragraphs, lists, tables,
 * footnotes; formulas as linear text; pictures are left out. A Word file has no fixed pages, so none are given.
 * Errors: file-empty, file-encrypted, file-corrupt, file-too-large (a small archive that unpacks to a huge one),
 * type-unsupported (another format under this name).
 */
export const docxParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'docx',
  label: 'Word',
  summary: 'Reads Word documents with headings, lists and tables.',
  version: 1,
  types: ['docx'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const found = detectType(input.name, input.bytes, input.bytes.length)
      if (found.reason && found.type !== 'binary') {
        throw new AppError(found.reason.code, found.reason.message, { details: found.reason.details })
      }
      const members = unzipMembers(input.bytes, { what: 'Word file', wanted: (name) => /\.(xml|rels)$/i.test(name) })
      throwIfAborted(signal)
      const html = await convert(members)
      throwIfAborted(signal)
      const builder = createDocumentBuilder()
      try {
        writeHtml((await parsePage(withBoldHeadings(html))).body, builder, { guessHeader: true })
      } catch (error) {
        throw damaged('Word file', error)
      }
      const document = builder.finish(statedTitle(members))
      if (document.text === '') {
        throw new AppError('file-empty', 'This Word document has no text in it. There is nothing to index.')
      }
      if (document.title === undefined) {
        const first = document.elements.find((element) => element.kind === 'heading')
        if (first) document.title = document.text.slice(first.start, first.end).slice(0, 300)
      }
      return document
    },
  }),
}

async function convert(members: Members): Promise<string> {
  const prepared: Members = {}
  for (const [name, bytes] of Object.entries(members)) {
    prepared[name] = /document\d*\.xml$|footnotes\.xml$|endnotes\.xml$/.test(name) ? linearFormulas(bytes) : bytes
  }
  // Loaded with the first Word file: most processes never see one.
  const { default: mammoth } = await import('mammoth')
  try {
    const archive = zipSync(prepared, { level: 0 })
    const result = await mammoth.convertToHtml(
      { buffer: Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength) },
      {
        styleMap: [...styleMap, ...outlineStyles(members)],
        convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
        externalFileAccess: false,
      },
    )
    return result.value
  } catch (error) {
    throw damaged('Word file', error)
  }
}

const styleMap = [
  "p[style-name='Title'] => h1:fresh",
  "p[style-name='Subtitle'] => p:fresh",
  "p[style-name='Quote'] => blockquote > p:fresh",
  "p[style-name='Intense Quote'] => blockquote > p:fresh",
  "p[style-name='caption'] => figcaption:fresh",
  "p[style-name='Caption'] => figcaption:fresh",
  "p[style-name='HTML Preformatted'] => pre:separator('\\n')",
  "p[style-name='Source Code'] => pre:separator('\\n')",
  "p[style-name='Code'] => pre:separator('\\n')",
]

/** In a document without a single heading style, short bold paragraphs are what its author used instead. */
function withBoldHeadings(html: string): string {
  if (/<h[1-6][ >]/.test(html)) return html
  const bold = /<p>((?:<a id="[^"]*"><\/a>)*)<strong>([^<]{2,120})<\/strong><\/p>/g
  return html.replaceAll(bold, (whole, _anchors: string, text: string) =>
    /\p{L}/u.test(text) && !/[.,;:!]\s*$/.test(text) ? `<h2>${text}</h2>` : whole,
  )
}

/** Headings by outline level or by a style they descend from, for templates with styles of their own. */
function outlineStyles(members: Members): string[] {
  const source = members['word/styles.xml']
  if (!source) return []
  const styles = new Map<string, { name: string; parent: string | undefined; level: number | undefined }>()
  for (const [, attributes = '', body = ''] of strFromU8(source).matchAll(/<w:style\b([^>]*)>([\s\S]*?)<\/w:style>/g)) {
    const styleId = /w:styleId="([^"]*)"/.exec(attributes)?.[1]
    if (styleId === undefined || !/w:type="paragraph"/.test(attributes)) continue
    const name = /<w:name w:val="([^"]*)"/.exec(body)?.[1] ?? styleId
    const standard = /^heading ([1-9])$/i.exec(name)?.[1]
    const outline = /<w:outlineLvl w:val="([0-8])"/.exec(body)?.[1]
    const level = standard ? Number(standard) : outline ? Number(outline) + 1 : undefined
    styles.set(styleId, { name, parent: /<w:basedOn w:val="([^"]*)"/.exec(body)?.[1], level })
  }
  const lines: string[] = []
  for (const style of styles.values()) {
    if (/^(heading \d|title|subtitle|toc.*)$/i.test(style.name) || /['"\\\n]/.test(style.name)) continue
    let level = style.level
    let parent = style.parent
    for (let steps = 0; level === undefined && parent !== undefined && steps < 20; steps++) {
      level = styles.get(parent)?.level
      parent = styles.get(parent)?.parent
    }
    if (level !== undefined) lines.push(`p[style-name='${style.name}'] => h${Math.min(level, 6)}:fresh`)
  }
  return lines
}

/** Office formulas (OMML) as one line of text, which the converter would drop: fractions as a / b, powers as a^b. */
function linearFormulas(bytes: Uint8Array): Uint8Array {
  const source = strFromU8(bytes)
  if (!source.includes('<m:oMath')) return bytes
  const linear = source.replaceAll(/<m:oMath(?:\s[^>]*)?>[\s\S]*?<\/m:oMath>/g, (formula) => {
    const text = formula
      .replaceAll(/<m:num>/g, '(')
      .replaceAll(/<\/m:num>\s*<m:den>/g, ')/(')
      .replaceAll(/<\/m:den>/g, ')')
      .replaceAll(/<m:sup>/g, '^')
      .replaceAll(/<m:sub>/g, '_')
      .replaceAll(/<m:chr m:val="([^"]*)"\/>/g, '$1')
      .replaceAll(/<[^>]+>/g, '')
    return `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`
  })
  return strToU8(linear)
}

function statedTitle(members: Members): string | undefined {
  const source = members['docProps/core.xml']
  const raw = source ? /<dc:title>([\s\S]*?)<\/dc:title>/.exec(strFromU8(source))?.[1] : undefined
  const title = raw
    ?.replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
    .trim()
  return title && !/^(microsoft word|word document|untitled)/i.test(title) ? title : undefined
}
