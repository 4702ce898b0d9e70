import type { FieldsData } from '@kenjiuno/msgreader'
import iconv from 'iconv-lite'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { checkCompoundFile } from './parts/compound-file.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { isoDate } from './parts/iso-date.ts'
import {
  attachmentMissing,
  encryptedBody,
  fileName,
  listAttachments,
  type Message,
  type MessageFile,
  messageMetadata,
  writeMessage,
} from './parts/message.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Outlook messages (MS-OXMSG): the same shape as the e-mail parser gives. Messages inside a message are attachments of
 * the same type. Errors: file-empty, file-corrupt.
 */
export const msgParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'msg',
  label: 'Outlook message',
  summary: 'Reads Outlook messages: header lines, text with quoted replies, and attachments as documents of their own.',
  version: 1,
  types: ['msg'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      const { message, warnings } = await readOutlookMessage(input.bytes)
      throwIfAborted(parseOptions.signal)
      const builder = createDocumentBuilder()
      await writeMessage(builder, message, parseOptions)
      if (builder.length === 0) {
        throw new AppError('file-empty', 'This Outlook item has no text in it. There is nothing to index.')
      }
      return builder.finish(message.subject, warnings, {
        metadata: messageMetadata(message),
        ...(message.files.length > 0 ? { attachments: listAttachments(message.files) } : {}),
      })
    },
    async open(input, member, { signal } = {}) {
      throwIfAborted(signal)
      const { message } = await readOutlookMessage(input.bytes)
      const file = message.files[Number(member) - 1]
      if (!file) throw attachmentMissing(member)
      return file.bytes
    },
  }),
}

async function readOutlookMessage(bytes: Uint8Array): Promise<{ message: Message; warnings: string[] }> {
  try {
    checkCompoundFile(bytes)
    const { fields, readFile } = await readFields(bytes)
    const message = toMessage(fields, readFile)
    const warnings = message.encrypted ? [encryptedBody] : []
    if (message.text.trim() === '' && message.html.length === 0 && !message.encrypted && fields.compressedRtf) {
      warnings.push('The text of this message is kept as RTF only and was not read. Save the message as text or PDF.')
    }
    return { message, warnings }
  } catch (error) {
    if (error instanceof AppError) throw error
    throw new AppError(
      'file-corrupt',
      'This Outlook message is damaged or incomplete. Save it again from Outlook, or as PDF.',
      { cause: error },
    )
  }
}

interface OutlookFile {
  fields: FieldsData
  readFile(attachment: FieldsData): Uint8Array
}

async function readFields(bytes: Uint8Array): Promise<OutlookFile> {
  // Loaded with the first Outlook message: most processes never see one.
  const { default: library } = await import('@kenjiuno/msgreader')
  // A CommonJS module's own default export: Node leaves it one level down, bundlers take it out.
  const exported = library as unknown as typeof library.default | typeof library
  const MsgReader = typeof exported === 'function' ? exported : exported.default
  const read = (ansiEncoding: string | undefined): OutlookFile => {
    const reader = new MsgReader(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))
    if (ansiEncoding !== undefined) reader.parserConfig = { ansiEncoding }
    const fields = reader.getFileData()
    if (fields.error !== undefined) throw new Error(fields.error)
    for (const part of [fields, ...(fields.recipients ?? []), ...(fields.attachments ?? [])]) dropWrongTypes(part)
    return { fields, readFile: (attachment) => reader.getAttachment(attachment).content }
  }
  const first = read(undefined)
  // The code page of texts that are not Unicode is itself a property.
  const codePage = `cp${first.fields.messageCodepage ?? first.fields.internetCodepage ?? 1252}`
  const known = codePage !== 'cp1252' && codePage !== 'cp65001' && iconv.encodingExists(codePage)
  return known ? read(codePage) : first
}

/** Each property says itself what type it has; in a damaged file that is not always text where text is meant. */
function dropWrongTypes(fields: FieldsData): void {
  for (const name of textFields) if (typeof fields[name] !== 'string') delete fields[name]
}

const textFields = [
  'subject',
  'headers',
  'messageClass',
  'senderName',
  'senderSmtpAddress',
  'senderEmail',
  'clientSubmitTime',
  'messageDeliveryTime',
  'messageId',
  'apptStartWhole',
  'apptEndWhole',
  'apptLocation',
  'body',
  'bodyHtml',
  'name',
  'smtpAddress',
  'email',
  'fileName',
  'fileNameShort',
  'extension',
  'pidContentId',
] as const satisfies readonly (keyof FieldsData)[]

function toMessage(fields: FieldsData, readFile: OutlookFile['readFile']): Message {
  const headers = fields.headers ?? ''
  const encrypted =
    /^IPM\.Note\.SMIME$/i.test(fields.messageClass ?? '') || /^content-type:\s*multipart\/encrypted/im.test(headers)
  const html = fields.html ?? fields.bodyHtml ?? ''
  return {
    subject: fields.subject ?? '',
    from: mailbox(fields.senderName, addressOf(fields.senderSmtpAddress, fields.senderEmail)),
    to: recipients(fields, 'to'),
    cc: recipients(fields, 'cc'),
    bcc: recipients(fields, 'bcc'),
    date: headerLine(headers, 'Date') || (fields.clientSubmitTime ?? fields.messageDeliveryTime ?? ''),
    messageId: fields.messageId ?? '',
    facts: [
      ['Start', fields.apptStartWhole ?? ''],
      ['End', fields.apptEndWhole ?? ''],
      ['Place', fields.apptLocation ?? ''],
    ].map(([name = '', value = '']) => [name, isoDate(value) ?? value]),
    text: fields.body ?? '',
    html,
    files: encrypted ? [] : filesOf(fields, html, readFile),
    encrypted,
  }
}

function recipients(fields: FieldsData, kind: 'to' | 'cc' | 'bcc'): string[] {
  return (fields.recipients ?? [])
    .filter((recipient) => recipient.recipType === kind)
    .map((recipient) => mailbox(recipient.name, addressOf(recipient.smtpAddress, recipient.email)))
    .filter((text) => text !== '')
}

/** Inside a company addresses are paths in its directory, which say nothing to a reader. */
function addressOf(...stated: (string | undefined)[]): string {
  return stated.find((address) => address?.includes('@')) ?? ''
}

function mailbox(name = '', address = ''): string {
  const bare = name.replaceAll(/^'|'$/g, '')
  if (address === '' || bare.includes(address)) return bare
  return bare === '' ? address : `${bare} <${address}>`
}

function headerLine(headers: string, name: string): string {
  const line = headers.split(/\r?\n/).find((candidate) => candidate.toLowerCase().startsWith(`${name.toLowerCase()}:`))
  return line?.slice(name.length + 1).trim() ?? ''
}

function filesOf(fields: FieldsData, html: string | Uint8Array, readFile: OutlookFile['readFile']): MessageFile[] {
  const page = typeof html === 'string' ? html : Buffer.from(html).toString('latin1')
  const files: MessageFile[] = []
  for (const attachment of fields.attachments ?? []) {
    const shown = attachment.pidContentId !== undefined && page.includes(`cid:${attachment.pidContentId}`)
    const isMessage = attachment.innerMsgContent === true
    if (shown || (!isMessage && attachment.dataId === undefined)) continue
    const stated = attachment.fileName ?? attachment.fileNameShort ?? attachment.name ?? ''
    const name = fileName(stated, `attachment-${files.length + 1}${attachment.extension ?? (isMessage ? '' : '.bin')}`)
    if (/\.p7s$|^signature\.asc$/i.test(name)) continue
    files.push({
      name: isMessage && !/\.msg$/i.test(name) ? `${name}.msg` : name,
      bytes: new Uint8Array(readFile(attachment)),
    })
  }
  return files
}
