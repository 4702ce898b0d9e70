import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import type { Attachment } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { attachmentMissing, encryptedBody, listAttachments, type Message, writeMessage } from './parts/message.ts'
import { readMimeMessage } from './email.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * Mailboxes (RFC 4155; quoting as in mboxrd): the messages of one file one after the other, each a page named by its
 * subject and read as the e-mail parser reads it. A message that cannot be read is left out with a warning.
 * Errors: file-empty, file-corrupt.
 */
export const mboxParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'mbox',
  label: 'Mailbox',
  summary: 'Reads mailboxes message by message, with attachments as documents of their own.',
  version: 1,
  types: ['mbox'],
  capabilities: { pages: true, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, parseOptions = {}) {
      const { signal, onProgress } = parseOptions
      throwIfAborted(signal)
      const found = findMessages(input.bytes)
      if (found.length === 0) throw notAMailbox(input.bytes)
      const builder = createDocumentBuilder()
      const attachments: Attachment[] = []
      const counts = { unreadable: 0, encrypted: 0, left: 0 }
      let written = 0
      for (const [index, span] of found.entries()) {
        throwIfAborted(signal)
        if (written >= mostMessages || builder.length > mostCharacters) {
          counts.left = found.length - index
          break
        }
        const message = await tryToRead(input.bytes, span)
        if (message) {
          written++
          if (message.encrypted) counts.encrypted++
          builder.beginPage({ kind: 'message', label: message.subject.trim() || `Message ${index + 1}` })
          await writeMessage(builder, message, signal ? { signal } : {})
          attachments.push(...listAttachments(message.files, `${index + 1}/`))
        } else {
          counts.unreadable++
        }
        onProgress?.({ done: index + 1, total: found.length, unit: 'messages', label: 'Reading messages' })
      }
      if (builder.length === 0) throw notAMailbox(input.bytes)
      return builder.finish(undefined, warningsOf(counts), attachments.length > 0 ? { attachments } : {})
    },
    async open(input, member, { signal } = {}) {
      throwIfAborted(signal)
      const [message, file] = member.split('/').map(Number)
      const span = findMessages(input.bytes)[(message ?? 0) - 1]
      const read = span && (await tryToRead(input.bytes, span))
      const bytes = read?.files[(file ?? 0) - 1]?.bytes
      if (!bytes) throw attachmentMissing(member)
      return bytes
    },
  }),
}

/** More than this is no longer one document; the rest is named in a warning. */
const mostMessages = 50_000
const mostCharacters = 64 * 1024 * 1024

interface Span {
  start: number
  end: number
}

/** The messages between the 'From ' lines, which stand at the beginning or after a blank line, before header lines. */
function findMessages(bytes: Uint8Array): Span[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const spans: Span[] = []
  for (let at = buffer.indexOf('From '); at >= 0; at = buffer.indexOf('From ', at + 5)) {
    if (!followsBlankLine(buffer, at)) continue
    const lineEnd = buffer.indexOf(0x0a, at)
    if (lineEnd < 0) break
    if (!/^(?:[!-9;-~]+:|>From )/.test(buffer.toString('latin1', lineEnd + 1, lineEnd + 80))) continue
    const last = spans.at(-1)
    if (last) last.end = at
    spans.push({ start: lineEnd + 1, end: buffer.length })
  }
  return spans
}

function followsBlankLine(buffer: Buffer, at: number): boolean {
  const before = buffer.toString('latin1', Math.max(0, at - 4), at)
  return before === '' || /\n\r?\n$/.test(before) || (at < 5 && before.trim() === '')
}

async function tryToRead(bytes: Uint8Array, { start, end }: Span): Promise<Message | undefined> {
  try {
    return await readMimeMessage(withoutQuoting(bytes.subarray(start, end)))
  } catch (error) {
    if (error instanceof AppError && error.code === 'file-corrupt') return undefined
    throw error
  }
}

/** A line of a message that began with 'From ' has a '>' before it, one that began with '>From ' has two … */
function withoutQuoting(bytes: Uint8Array): Uint8Array {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: Buffer[] = []
  let from = 0
  for (let at = buffer.indexOf('>From '); at >= 0; at = buffer.indexOf('>From ', at + 1)) {
    let lineStart = at
    while (lineStart > 0 && buffer[lineStart - 1] === 0x3e) lineStart--
    if (lineStart > 0 && buffer[lineStart - 1] !== 0x0a) continue
    pieces.push(buffer.subarray(from, lineStart))
    from = lineStart + 1
  }
  if (pieces.length === 0) return bytes
  return Buffer.concat([...pieces, buffer.subarray(from)])
}

function notAMailbox(bytes: Uint8Array): AppError {
  if (
    Buffer.from(bytes.subarray(0, 1024 * 1024))
      .toString('latin1')
      .trim() === ''
  ) {
    return new AppError('file-empty', 'This file has no text in it. There is nothing to index.')
  }
  return new AppError(
    'file-corrupt',
    'No message was found in this mailbox. Export it again, or save its messages one by one as .eml files.',
  )
}

function warningsOf({
  unreadable,
  encrypted,
  left,
}: {
  unreadable: number
  encrypted: number
  left: number
}): string[] {
  const warnings: string[] = []
  const messages = (count: number): string => (count === 1 ? '1 message' : `${count} messages`)
  if (unreadable > 0)
    warnings.push(`${messages(unreadable)} could not be read and ${unreadable === 1 ? 'was' : 'were'} left out.`)
  if (encrypted === 1) warnings.push(encryptedBody)
  if (encrypted > 1) warnings.push(`${messages(encrypted)} are encrypted; only their header lines could be read.`)
  if (left > 0) {
    warnings.push(`The mailbox is too large to read at once: ${messages(left)} at its end were left out. Split it.`)
  }
  return warnings
}
