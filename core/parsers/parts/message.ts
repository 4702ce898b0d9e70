import type { Attachment, Metadata } from '../../contract/parsed-document.ts'
import { AppError } from '../../contract/errors.ts'
import { silentLog } from '../../shared/log.ts'
import { htmlParser } from '../html.ts'
import type { ParseOptions } from '../parser.ts'
import { appendDocument } from './append-document.ts'
import { cleanText, collapse, type DocumentBuilder } from './document-builder.ts'
import { isoDate } from './iso-date.ts'

/** An e-mail message, whatever file it came in. */
export interface Message {
  subject: string
  /** As people read it: 'Name <name@example.org>', or what of it there is. */
  from: string
  to: string[]
  cc: string[]
  bcc: string[]
  /** As the message states it, with its own time zone where it has one. */
  date: string
  messageId: string
  /** Further facts that stand in the header block, such as when and where a meeting is. */
  facts: [name: string, value: string][]
  text: string
  /** HTML as text, or as bytes that state their own encoding. */
  html: string | Uint8Array
  files: MessageFile[]
  /** True where the body is there but cannot be read without a key. */
  encrypted: boolean
}

/** A file that came with a message. */
export interface MessageFile {
  name: string
  bytes: Uint8Array
}

export const encryptedBody =
  'The text of this message is encrypted; only its header lines could be read. Save a decrypted copy, then add that.'

/** Writes a message as people read it: subject, header block, body. Quoted replies are elements of kind 'quote'. */
export async function writeMessage(
  builder: DocumentBuilder,
  message: Message,
  options: ParseOptions = {},
): Promise<void> {
  builder.add('heading', collapse(message.subject), { level: 1 })
  builder.add('paragraph', headerBlock(message))
  if (prefersHtml(message) && (await writeHtmlBody(builder, message.html, options))) return
  writePlainBody(builder, message.text)
}

/** What a message says of itself; lists of people are cut where they are no longer of use to a filter. */
export function messageMetadata(message: Message): Metadata {
  const metadata: Metadata = {}
  const put = (key: string, value: string | string[]): void => {
    if (value.length > 0) metadata[key] = typeof value === 'string' ? clean(value) : value.slice(0, 1000).map(clean)
  }
  const sent = isoDate(message.date) ?? ''
  put('subject', collapse(message.subject))
  put('title', collapse(message.subject))
  put('from', message.from)
  put('author', message.from)
  put('to', message.to)
  put('cc', message.cc)
  put('sent', sent)
  put('date', sent)
  put('message-id', message.messageId)
  return metadata
}

/** `prefix` tells the messages of one file apart: it stands before the file's own number. */
export function listAttachments(files: readonly MessageFile[], prefix = ''): Attachment[] {
  return files.map(({ name, bytes }, index) => ({ member: `${prefix}${index + 1}`, name, size: bytes.length }))
}

export function attachmentMissing(member: string): AppError {
  return new AppError('file-missing', `There is no attachment "${member}" in this file any more. Add the file again.`)
}

/** A file name from a message, without folders and signs that no file system takes. */
export function fileName(stated: string, fallback: string): string {
  const last = collapse(cleanText(stated)).split(/[\\/]/).at(-1) ?? ''
  const name = last
    .replaceAll(/[\p{Cc}\p{Bidi_Control}<>:"|?*]/gu, '_')
    .replaceAll(/^[.\s]+|[.\s]+$/g, '')
    .slice(-200)
  return name === '' ? fallback : name
}

function clean(value: string): string {
  return collapse(cleanText(value)).slice(0, 1000)
}

function headerBlock(message: Message): string {
  const lines: [string, string][] = [
    ['From', message.from],
    ['To', people(message.to)],
    ['Cc', people(message.cc)],
    ['Bcc', people(message.bcc)],
    ['Date', message.date],
    ...message.facts,
    ['Attachments', message.files.map((file) => file.name).join(', ')],
  ]
  return lines
    .map(([name, value]) => [name, collapse(value)] as const)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

/** Nobody reads a list of a thousand recipients, and its chunk would drown the rest. */
function people(names: readonly string[]): string {
  const most = 20
  const shown = names.slice(0, most).join(', ')
  return names.length > most ? `${shown} and ${names.length - most} more` : shown
}

/** Plain text is what its writer saw, unless it only says that there is a page to look at. */
function prefersHtml({ text, html }: Message): boolean {
  if (html.length === 0) return false
  if (text.trim() === '') return true
  const source = typeof html === 'string' ? html : Buffer.from(html).toString('latin1')
  const visible = visibleText(source.slice(0, 500_000))
  return collapse(text.replaceAll(/https?:\/\/\S+/g, '')).length < visible.length * 0.4
}

/** Roughly what a page shows; a hostile one costs no more than its length. */
function visibleText(html: string): string {
  let kept = ''
  let from = 0
  for (const [open, tag = ''] of html
    .matchAll(/<(?:style|script|head)\b/gi)
    .map((match) => [match.index, match[0]] as const)) {
    if (open < from) continue
    const close = html.indexOf(`</${tag.slice(1)}`, open)
    if (close < 0) break
    kept += html.slice(from, open)
    from = close
  }
  return collapse((kept + html.slice(from)).replaceAll(/<[^<>]*>/g, ' '))
}

/** False where the page shows no text, or is none. */
async function writeHtmlBody(
  builder: DocumentBuilder,
  html: string | Uint8Array,
  options: ParseOptions,
): Promise<boolean> {
  const page = htmlParser.create({ content: 'all' }, { log: silentLog })
  const bytes = typeof html === 'string' ? new TextEncoder().encode(html) : html
  try {
    appendDocument(builder, await page.parse({ name: 'body.html', bytes }, options), 1)
    return true
  } catch (error) {
    if (error instanceof AppError && error.code !== 'cancelled') return false
    throw error
  }
}

interface Line {
  text: string
  quoted: boolean
}

/** Paragraphs, lists and quotes of plain text. Quote marks are dropped: the element's kind says the same. */
function writePlainBody(builder: DocumentBuilder, source: string): void {
  let block: Line[] = []
  let quotesFollow = false
  const close = (): void => {
    writeBlock(builder, block)
    block = []
  }
  const lines = withoutLinkTargets(cleanText(source)).split('\n')
  lines.forEach((line, index) => {
    if (beginsOriginalMessage(lines, index)) quotesFollow = true
    const marked = /^(?:>+ ?)+/.exec(line)?.[0]
    const text = marked === undefined ? line : line.slice(marked.length)
    const quoted = quotesFollow || marked !== undefined || announcesQuote(lines, index)
    if (text.trim() === '' || (block.length > 0 && block[0]?.quoted !== quoted)) close()
    if (text.trim() !== '') block.push({ text: text.trimEnd(), quoted })
  })
  close()
}

function writeBlock(builder: DocumentBuilder, lines: readonly Line[]): void {
  const [first] = lines
  // Lines drawn with signs say nothing.
  if (!first || !lines.some((line) => /[\p{L}\p{N}]/u.test(line.text))) return
  if (first.quoted) {
    builder.add('quote', lines.map((line) => line.text).join('\n'))
    return
  }
  const items: string[][] = []
  for (const { text } of lines) {
    const last = items.at(-1)
    if (isItem(text) || !last) items.push([text])
    // The lines of an item stand under its words; all else is a paragraph after the list.
    else if (isItem(last[0] ?? '') && !/^\s/.test(text)) items.push([text])
    else last.push(text)
  }
  for (const item of items) {
    builder.add(isItem(item[0] ?? '') ? 'list-item' : 'paragraph', item.map((line) => line.trim()).join('\n'))
  }
}

function isItem(line: string): boolean {
  return /^\s*(?:[-*•·]|\d{1,3}[.)])\s+\S/.test(line)
}

/** 'On 3 May 2024, Ann wrote:' before quoted lines, over one line or two. */
function announcesQuote(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? ''
  const following = lines.slice(index + 1, index + 4).filter((other) => other.trim() !== '')
  if (line.length > 200 || line.trim() === '') return false
  if (/(?:wrote|writes|schrieb|a écrit|escribió|ha scritto)\b[^\n]{0,80}:\s*$/i.test(line)) {
    return following[0]?.startsWith('>') ?? false
  }
  return /^On .*\d/.test(line) && /wrote:\s*$/.test(following[0] ?? '') && (following[1]?.startsWith('>') ?? false)
}

/** Outlook writes all that follows below a line, or below the header lines of the message that is answered. */
function beginsOriginalMessage(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? ''
  if (/^\s*-{3,}\s*(?:original message|ursprüngliche nachricht|message d'origine)\s*-{3,}\s*$/i.test(line)) return true
  if (!/^\s*(?:From|Von|De): \S/.test(line)) return false
  return lines.slice(index + 1, index + 5).some((other) => /^\s*(?:Sent|Gesendet|Envoyé|Date): \S/.test(other))
}

/** Addresses of trackers behind the words of a link, each longer than a sentence. */
function withoutLinkTargets(text: string): string {
  return text.replaceAll(/ ?<https?:\/\/[^<>\s]{60,}>/g, '')
}
