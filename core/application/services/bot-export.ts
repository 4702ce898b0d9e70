import { createHash } from 'node:crypto'
import type { MachineLearningClient } from '../../contract/client.ts'
import type { Document } from '../../contract/documents.ts'
import { type AppError, isCancellation, toAppError } from '../../contract/errors.ts'
import { type FileEvent, pieceBytes } from '../../contract/file-events.ts'
import { type StreamedFile, streamZip } from '../../containers/zip-stream.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import type { CollectionId } from '../../shared/ids.ts'
import type { StoredBot } from '../library/bots.ts'
import {
  type BotManifest,
  type ManifestDocument,
  manifestFormat,
  manifestName,
  manifestVersion,
} from './bot-manifest.ts'
import { fileName, plainLine } from './plain-text.ts'

export type BotExportEvent =
  | { type: 'export-start'; name: string; bytes: number | null }
  | { type: 'export-piece'; base64: string }
  | { type: 'export-end'; notes: string[] }

interface Exporting {
  withDocuments: boolean
  machineLearning: MachineLearningClient
  signal: AbortSignal | undefined
  notes: string[]
}

/**
 * A bot as one file, as it comes: documents first, one after the other, then the list of contents. Nothing is kept in
 * memory but a piece of a document and the names of all. Errors: item-missing.
 */
export async function* exportBot(
  bot: StoredBot,
  { withDocuments, machineLearning }: Pick<Exporting, 'withDocuments' | 'machineLearning'>,
  signal?: AbortSignal,
): AsyncGenerator<BotExportEvent> {
  const exporting: Exporting = { withDocuments, machineLearning, signal, notes: [] }
  yield { type: 'export-start', name: `${fileName(bot.name)}.quarrybot`, bytes: null }
  for await (const piece of inPieces(streamZip(membersOf(bot, exporting)))) {
    throwIfAborted(signal)
    yield { type: 'export-piece', base64: piece.toString('base64') }
  }
  yield { type: 'export-end', notes: exporting.notes }
}

async function* membersOf(bot: StoredBot, exporting: Exporting): AsyncGenerator<StreamedFile> {
  const { machineLearning, signal, notes } = exporting
  const { collections: all } = await machineLearning.collections.list(undefined, signal ? { signal } : {})
  const asked = bot.collectionIds.flatMap((id) => all.find((collection) => collection.id === id) ?? [])
  const gone = bot.collectionIds.length - asked.length
  if (gone > 0)
    notes.push(`${gone === 1 ? 'A collection' : `${gone} collections`} of the bot was removed and is not in the file.`)
  const collections: BotManifest['collections'] = []
  for (const [index, { id, name, description, documents: count }] of asked.entries()) {
    const documents: ManifestDocument[] = []
    if (exporting.withDocuments) yield* documentsOf(id, index, documents, exporting)
    collections.push({ name: plainLine(name).slice(0, 120), description, count, documents })
  }
  const {
    id: _id,
    collectionIds: _ids,
    release: _release,
    wantsStarters: _wants,
    conversations: _count,
    ...settings
  } = bot
  const { createdAt: _created, changedAt: _changed, ...portable } = settings
  const manifest: BotManifest = {
    format: manifestFormat,
    version: manifestVersion,
    bot: portable,
    release: await releaseOf(bot, exporting),
    collections,
  }
  yield { name: manifestName, pieces: once(Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`)) }
}

async function releaseOf({ release: choice }: StoredBot, { machineLearning, notes }: Exporting) {
  try {
    const { line, number, note, pipeline } = await machineLearning.releases.resolve({ choice })
    return { line: plainLine(line).slice(0, 120), number, isFollowed: choice.kind === 'production', note, pipeline }
  } catch (error) {
    const known = toAppError(error)
    if (known.code !== 'item-missing') throw known
    notes.push('The release of the bot is not there any more, so its pipeline is not in the file.')
    return null
  }
}

const listed = 500

async function* documentsOf(
  collectionId: CollectionId,
  index: number,
  written: ManifestDocument[],
  exporting: Exporting,
): AsyncGenerator<StreamedFile> {
  const { machineLearning, signal } = exporting
  const paths = new Set<string>()
  for (let offset = 0; ; offset += listed) {
    const input = { collectionId, status: 'ready' as const, limit: listed, offset }
    const { documents } = await machineLearning.documents.list(input, signal ? { signal } : {})
    for (const document of documents) {
      throwIfAborted(signal)
      // What is attached to another comes out of that again.
      if (document.parentId !== null) continue
      yield* contentOf(document, paths, `documents/${index + 1}/${written.length + 1}`, written, exporting)
    }
    if (documents.length < listed) return
  }
}

/** The document's original; its stored text where that is not there any more as it was read. */
async function* contentOf(
  document: Document,
  paths: Set<string>,
  member: string,
  written: ManifestDocument[],
  exporting: Exporting,
): AsyncGenerator<StreamedFile> {
  const original = await openOriginal(document, exporting)
  const isOriginal = 'pieces' in original
  const name = `${member}${isOriginal ? extensionOf(document.name) : '.txt'}`
  const sum = createSum()
  yield { name, pieces: sum.over(isOriginal ? original.pieces : textOf(document, exporting)) }
  const path = freePath(isOriginal ? document.path : `${document.path}.txt`, paths)
  written.push({ path, member: name, content: isOriginal ? 'original' : 'text', ...sum.result() })
  if (isOriginal) return
  exporting.notes.push(`"${plainLine(document.path)}" is there as its text alone: ${original.error.message}`)
}

/** Begins to read it, so that what is wrong is known before anything of it is written. */
async function openOriginal(
  { id: documentId }: Document,
  { machineLearning, signal }: Exporting,
): Promise<{ pieces: AsyncIterable<Uint8Array> } | { error: AppError }> {
  try {
    const events = await machineLearning.documents.file({ documentId }, signal ? { signal } : {})
    const iterator = events[Symbol.asyncIterator]()
    await iterator.next()
    return { pieces: piecesOf(iterator) }
  } catch (error) {
    if (isCancellation(error)) throw error
    return { error: toAppError(error) }
  }

  async function* piecesOf(iterator: AsyncIterator<FileEvent, unknown>): AsyncGenerator<Uint8Array> {
    try {
      for (;;) {
        const { done, value } = await iterator.next()
        if (done) return
        if (value.type === 'file-piece') yield Buffer.from(value.base64, 'base64')
      }
    } finally {
      await iterator.return?.()
    }
  }
}

const textPiece = 250_000

async function* textOf(
  { id: documentId }: Document,
  { machineLearning, signal }: Exporting,
): AsyncGenerator<Uint8Array> {
  for (let position = 0; ;) {
    const input = { documentId, start: position, end: position + textPiece, around: 0 }
    const { text, textStart, textLength } = await machineLearning.documents.text(input, signal ? { signal } : {})
    let end = Math.min(textStart + text.length, position + textPiece)
    // Not in the middle of a character.
    if (end < textLength && /[\uD800-\uDBFF]/.test(text.charAt(end - 1 - textStart))) end -= 1
    if (end <= position) return
    yield Buffer.from(text.slice(position - textStart, end - textStart), 'utf8')
    position = end
  }
}

function createSum() {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    async *over(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const piece of pieces) {
        hash.update(piece)
        bytes += piece.length
        yield piece
      }
    },
    result: () => ({ sha256: hash.digest('hex'), bytes }),
  }
}

/** The path as one that may be read anywhere, and that no other document has. */
function freePath(path: string, taken: Set<string>): string {
  const clean = path
    .split(/[\\/]/)
    .map((part) => plainLine(part).replace(/^[a-z]:/i, ''))
    .filter((part) => part !== '' && part !== '.' && part !== '..')
    .join('/')
    .slice(-900)
    .toWellFormed()
    .replace(/^\/+/, '')
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? clean || 'document' : `${number}/${clean || 'document'}`
    if (taken.has(candidate)) continue
    taken.add(candidate)
    return candidate
  }
}

function extensionOf(name: string): string {
  return /\.[a-z0-9]{1,10}$/i.exec(name)?.[0].toLowerCase() ?? ''
}

/** Small pieces together, large ones in parts. */
async function* inPieces(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let waiting: Uint8Array[] = []
  let length = 0
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length; from += pieceBytes) {
      const part = piece.subarray(from, from + pieceBytes)
      if (length + part.length > pieceBytes) {
        yield Buffer.concat(waiting, length)
        waiting = []
        length = 0
      }
      waiting.push(part)
      length += part.length
    }
  }
  if (length > 0) yield Buffer.concat(waiting, length)
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
