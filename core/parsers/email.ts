import type { Address, Attachment as MimePart, Email } from 'postal-mime'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { decodeText, encodingByMark, wideEncodingByContent } from './parts/decode-text.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
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
 * E-mail messages as mail programs save them (.eml; RFC 5322 and MIME): subject, header block, body; plain text before
 * HTML where it says as much. Attachments, messages in messages among them, are documents of their own; pictures that
 * the body shows are left out. Errors: file-empty, file-corrupt.
 */
export const emailParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'email',
  label: 'E-mail',
  summary: 'Reads e-mail messages: header lines, text with quoted replies, and attachments as documents of their own.',
  version: 1,
  types: ['email'],
  capabilities: { pages: false, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, parseOptions = {}) {
      throwIfAborted(parseOptions.signal)
      if (
        Buffer.from(input.bytes.subarray(0, 1024 * 1024))
          .toString('latin1')
          .trim() === ''
      ) {
        throw nothingInIt()
      }
      const message = await readMimeMessage(input.bytes)
      throwIfAborted(parseOptions.signal)
      const builder = createDocumentBuilder()
      await writeMessage(builder, message, parseOptions)
      // The beginning of a header is all there is.
      if (builder.length === 0) throw nothingInIt()
      return builder.finish(message.subject, message.encrypted ? [encryptedBody] : [], {
        metadata: messageMetadata(message),
        ...(message.files.length > 0 ? { attachments: listAttachments(message.files) } : {}),
      })
    },
    async open(input, member, { signal } = {}) {
      throwIfAborted(signal)
      const file = (await readMimeMessage(input.bytes)).files[Number(member) - 1]
      if (!file) throw attachmentMissing(member)
      return file.bytes
    },
  }),
}

/** A MIME message from its bytes; shared with mailboxes. Errors: file-corrupt (no message, or a hostile one). */
export async function readMimeMessage(bytes: Uint8Array): Promise<Message> {
  // Loaded with the first message: most processes never see one.
  const { default: PostalMime } = await import('postal-mime')
  let email: Email
  try {
    // Messages in messages are documents of their own.
    email = await PostalMime.parse(asMailBytes(bytes), { forceRfc822Attachments: true })
  } catch (error) {
    throw notAMessage(error)
  }
  if (!email.headers.some(({ key }) => knownHeaders.has(key))) throw notAMessage(undefined)
  const stated = (key: string): string => email.headers.find((header) => header.key === key)?.value ?? ''
  const contentType = stated('content-type')
  const protectedText = withoutEncryptedBlocks(email.text ?? '')
  const encrypted =
    protectedText.found ||
    /^\s*multipart\/encrypted/i.test(contentType) ||
    /^\s*application\/(?:x-)?pkcs7-mime/i.test(contentType)
  const html = email.html ?? ''
  const parts = encrypted ? [] : email.attachments.filter((part) => isDocument(part, html))
  return {
    subject: email.subject ?? '',
    from: formatAddress(email.from) || formatAddress(email.sender),
    to: formatAddresses(email.to),
    cc: formatAddresses(email.cc),
    bcc: formatAddresses(email.bcc),
    date: stated('date'),
    messageId: email.messageId ?? '',
    facts: [],
    text: protectedText.text,
    html,
    files: await Promise.all(parts.map(readFile)),
    encrypted,
  }
}

/** A message has at least one of these. */
const knownHeaders = new Set(
  'from to cc subject date received message-id sender return-path delivered-to mime-version content-type'.split(' '),
)

function nothingInIt(): AppError {
  return new AppError('file-empty', 'This file has no text in it. There is nothing to index.')
}

function notAMessage(cause: unknown): AppError {
  return new AppError(
    'file-corrupt',
    'This file is named like an e-mail message but cannot be read as one. Save the message again, or as PDF.',
    { cause },
  )
}

/** Some programs save messages as UTF-16, which mail itself never is. */
function asMailBytes(bytes: Uint8Array): Uint8Array {
  const wide = encodingByMark(bytes) ?? (bytes.includes(0) ? wideEncodingByContent(bytes) : undefined)
  const plain = wide ? new TextEncoder().encode(decodeText(bytes).text) : bytes
  // A message taken from a mailbox may keep the line that began it there.
  const isFromMailbox = Buffer.from(plain.subarray(0, 5)).toString('latin1') === 'From '
  return isFromMailbox ? plain.subarray(plain.indexOf(0x0a) + 1) : plain
}

function formatAddresses(addresses: readonly Address[] | undefined): string[] {
  return (addresses ?? []).map(formatAddress).filter((text) => text !== '')
}

function formatAddress(address: Address | undefined): string {
  if (!address) return ''
  if (address.group) return [address.name, formatAddresses(address.group).join(', ')].filter(Boolean).join(': ')
  const { name } = address
  const mailbox = address.address ?? ''
  if (mailbox === '' || mailbox === name) return name
  return name === '' ? mailbox : `${name} <${mailbox}>`
}

/** Not what the body shows as a picture, and not what only proves who sent it. */
function isDocument(part: MimePart, html: string): boolean {
  if (/^application\/(?:pgp-signature|(?:x-)?pkcs7-signature|pgp-keys)$/.test(part.mimeType)) return false
  const contentId = part.contentId?.replaceAll(/[<>]/g, '')
  return !(contentId && html.includes(`cid:${contentId}`))
}

async function readFile(part: MimePart, index: number): Promise<MessageFile> {
  const bytes = typeof part.content === 'string' ? new TextEncoder().encode(part.content) : new Uint8Array(part.content)
  const number = `attachment-${index + 1}`
  if (part.mimeType === 'message/rfc822') {
    const stated = part.filename ?? (await subjectOf(bytes))
    const name = fileName(stated, number)
    return { name: /\.eml$/i.test(name) ? name : `${name}.eml`, bytes }
  }
  const extension = extensionByMimeType[part.mimeType] ?? 'bin'
  return { name: fileName(part.filename ?? '', `${number}.${extension}`), bytes }
}

async function subjectOf(bytes: Uint8Array): Promise<string> {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 64 * 1024)).toString('latin1')
  const end = /\r?\n\r?\n/.exec(source)?.index ?? source.length
  const { default: PostalMime } = await import('postal-mime')
  try {
    return (await PostalMime.parse(bytes.slice(0, end))).subject ?? ''
  } catch {
    return ''
  }
}

const extensionByMimeType: Record<string, string> = {
  'text/plain': 'txt',
  'text/html': 'html',
  'text/calendar': 'ics',
  'text/csv': 'csv',
  'text/markdown': 'md',
  'application/pdf': 'pdf',
  'application/json': 'json',
  'application/xml': 'xml',
  'application/zip': 'zip',
  'application/rtf': 'rtf',
  'application/msword': 'doc',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.ms-powerpoint': 'ppt',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/gif': 'gif',
  'image/tiff': 'tif',
}

/** PGP written straight into the text says nothing to a reader or a search. */
function withoutEncryptedBlocks(text: string): { text: string; found: boolean } {
  const begin = '-----BEGIN PGP MESSAGE-----'
  const end = '-----END PGP MESSAGE-----'
  const from = text.indexOf(begin)
  if (from < 0) return { text, found: false }
  const to = text.indexOf(end, from)
  return { text: text.slice(0, from) + (to < 0 ? '' : text.slice(to + end.length)), found: true }
}
