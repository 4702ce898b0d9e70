import { access } from 'node:fs/promises'
import { chooseSettings } from '../compute/choose-settings.ts'
import type { OcrInput } from '../compute/ocr-in-use.ts'
import type { ComputePool } from '../compute/pool.ts'
import { AppError, toAppError, toErrorData } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { TextSpan } from '../evaluators/evaluator.ts'
import { followWords } from '../flows/follow-words.ts'
import type { Span } from '../flows/find-anchors.ts'
import type { CollectionCore, CollectionLibrary } from '../library/collections.ts'
import type { DocumentLibrary, PendingDocument, StoredText } from '../library/documents.ts'
import type { ReadingKey, ReadingLibrary } from '../library/readings.ts'
import { parserOfType } from '../parsers/choose-parser.ts'
import { parserDefinitions } from '../parsers/list.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { fingerprint } from '../shared/hash.ts'
import type { DocumentId } from '../shared/ids.ts'
import { inLanes } from '../shared/in-lanes.ts'
import type { Progress } from '../shared/progress.ts'
import { keepUnusedMs } from './collection-indexes.ts'
import { withDefaults } from './pipelines.ts'

/**
 * Texts of documents as another pipeline would read them: other options of parsers, other cleaning. They stand beside the
 * documents' own, so that such a pipeline can be measured before the collection is changed. Each is made once from the
 * document's file, whichever pipelines ask for it, and goes after two weeks without use.
 */
export interface Readings {
  /**
   * How a pipeline reads the documents of a collection where that is not how they have been read; null where it is.
   * Errors: item-missing, file-missing (before anything is read, so that nobody waits for nothing).
   */
  of(collection: Pick<CollectionCore, 'id' | 'pipeline'>): Promise<Reading | null>
  /** Its key alone, whether or not it can be had. Pipelines that read alike have the same. Errors: item-missing. */
  keyOf(collection: Pick<CollectionCore, 'id' | 'pipeline'>): string | null
  /** Gives how many texts. */
  dropUnused(): number
}

export interface Reading {
  key: string
  /** Documents that are read in another way than they were. */
  documents: number
  /** Reads what is not there yet. Errors: file-missing, file-changed, file-unreadable, cancelled, disk-full. */
  prepare(report: (progress: Progress) => void, signal?: AbortSignal): Promise<void>
  /** As `DocumentLibrary.getText`, of this reading. A document that it cannot read has no text. Errors: item-missing. */
  getText(id: DocumentId): StoredText
  /**
   * Where spans of the documents' own texts are in this reading. One whose words are gone stands behind the end: still
   * expected, and nothing can bring it.
   */
  place(spans: readonly TextSpan[]): { span: TextSpan; lost: boolean }[]
}

export interface ReadingParts {
  readings: ReadingLibrary
  documents: DocumentLibrary
  collections: Pick<CollectionLibrary, 'getCore'>
  compute: ComputePool
  maximumFileBytes: number
  ocr: OcrInput
  /** Documents in hand at a time. */
  lanes: number
}

/** What other settings may mend or break: such a document is read, and has no text. Everything else ends the measurement. */
const readAsNothing: ReadonlySet<string> = new Set([
  'file-empty',
  'file-corrupt',
  'file-encrypted',
  'file-scanned',
  'type-unsupported',
])

/** Places that are remembered: the trials of a search have the same passages in the same readings. */
const mostPlaces = 200_000

export function createReadings(parts: ReadingParts): Readings {
  const { readings, documents } = parts
  const placed = new Map<string, Span | null>()
  const othersOf = ({ id, pipeline }: Pick<CollectionCore, 'id' | 'pipeline'>) => {
    const present = parts.collections.getCore(id).pipeline
    // The usual case, and there may be very many documents to be looked at.
    if (readingKey(pipeline) === readingKey(present)) return []
    return documents.read(id).flatMap((document) => {
      const parser = otherParser(document, pipeline, present)
      return parser === null ? [] : [{ document, key: keyOf(document, parser) }]
    })
  }

  return {
    keyOf: (collection) => (othersOf(collection).length === 0 ? null : readingKey(collection.pipeline)),
    async of(collection) {
      const { pipeline } = collection
      const others = othersOf(collection)
      if (others.length === 0) return null
      await requireFiles(others.filter(({ key }) => !readings.has(key)).map(({ document }) => document))
      const keys = new Map(others.map(({ document, key }) => [document.id, key]))
      return createReading(readingKey(pipeline), keys, async (report, signal) => {
        const missing = others.filter(({ key }) => !readings.has(key))
        let done = 0
        const lanes = inLanes(missing, parts.lanes, signal, async ({ document, key }) => {
          await readAgain(document, key, pipeline, parts, signal)
        })
        for await (const _ of lanes)
          report({ done: ++done, total: missing.length, unit: 'documents', label: 'reading' })
        readings.touch([...keys.values()])
      })
    },
    dropUnused: () => readings.removeUnused(Date.now() - keepUnusedMs),
  }

  function createReading(key: string, keys: ReadonlyMap<DocumentId, ReadingKey>, prepare: Reading['prepare']): Reading {
    const reading: Reading = {
      key,
      documents: keys.size,
      prepare,
      getText(id) {
        const own = documents.getText(id)
        const other = keys.get(id)
        const read = other && readings.get(other)
        // One that came, or changed, meanwhile: the run says that it was disturbed.
        if (read === undefined) return own
        if (read === null) return { ...own, text: '', elements: [], pages: [] }
        const { title, warnings, ...text } = read
        return { document: { ...own.document, title, warnings }, ...text }
      },
      place(spans) {
        if (placed.size > mostPlaces) placed.clear()
        const byDocument = Map.groupBy(spans, ({ documentId }) => documentId as DocumentId)
        for (const [id, own] of byDocument) {
          const other = keys.get(id)
          if (other) placeIn(id, other, own)
        }
        return spans.map((span) => {
          const other = keys.get(span.documentId as DocumentId)
          if (!other) return { span, lost: false }
          const found = placed.get(placeKey(other, span))
          if (found) return { span: { ...span, ...found }, lost: false }
          return { span: { ...span, ...behind(span) }, lost: true }
        })
      },
    }

    function placeIn(id: DocumentId, other: ReadingKey, spans: readonly TextSpan[]): void {
      const open = spans.filter((span) => !placed.has(placeKey(other, span)))
      if (open.length === 0 || !documents.exists(id)) return
      const found = followWords(documents.getText(id).text, open, reading.getText(id).text)
      open.forEach((span, index) => placed.set(placeKey(other, span), found[index] ?? null))
    }
    return reading
  }
}

/** What makes pipelines read alike, and indexes of their texts the same. */
function readingKey(pipeline: Pipeline): string {
  const { parsers, cleaning, rules } = withDefaults(pipeline)
  return fingerprint({
    // Told or not, what is as usual is the same.
    parsers: parserDefinitions.map(({ id, options }) => [id, options.parse(parsers[id] ?? {})]),
    cleaning,
    rules: rules.flatMap(({ paths, types, parsers: own, cleaning: steps }) =>
      own || steps ? [{ paths, types, parsers: own ?? null, cleaning: steps ?? null }] : [],
    ),
  })
}

/** The key of the parser that reads the document in another way than it was read; null where none does. */
function otherParser(
  { path, type, parser }: Pick<PendingDocument, 'path' | 'type' | 'parser'>,
  pipeline: Pipeline,
  present: Pipeline,
): string | null {
  const parserId = parserOfType(type)
  if (parserId === null) return null
  const { key } = chooseSettings(pipeline, { path, type }, parserId)
  // A document that waits for being read by a newer parser is measured as it is, as ever.
  const isAlike = key === parser || key === chooseSettings(present, { path, type }, parserId).key
  return isAlike ? null : key
}

function keyOf({ id, contentHash }: PendingDocument, parser: string): ReadingKey {
  return { documentId: id, contentHash: contentHash ?? '', parser }
}

function placeKey({ contentHash, parser, documentId }: ReadingKey, { start, end }: Span): string {
  return `${documentId} ${contentHash} ${parser} ${start} ${end}`
}

/** No text is as long; two that were apart stay so. */
const behindEverything = 2 ** 40

function behind({ start, end }: Span): Span {
  return { start: behindEverything + start, end: behindEverything + end }
}

const namedFiles = 3

async function requireFiles(wanted: readonly PendingDocument[]): Promise<void> {
  const missing: string[] = []
  for (const { location, path } of wanted) {
    try {
      await access(location)
    } catch {
      missing.push(path)
    }
  }
  if (missing.length === 0) return
  const more = missing.length > namedFiles ? `, and ${missing.length - namedFiles} more` : ''
  throw new AppError(
    'file-missing',
    `This pipeline reads documents in another way, so their files are needed, and they are not where they were: ` +
      `${missing.slice(0, namedFiles).join(', ')}${more}. Put them back and sync, or leave parsers and cleaning as they are.`,
    { details: { missing: missing.length } },
  )
}

async function readAgain(
  { location, member, name, path }: PendingDocument,
  key: ReadingKey,
  pipeline: Pipeline,
  { compute, maximumFileBytes: maxBytes, ocr, readings }: ReadingParts,
  signal: AbortSignal | undefined,
): Promise<void> {
  const file = { location, member, name, path, settings: pipeline, maxBytes, ocr, knownHashes: [] }
  try {
    const read = await compute.run('read', file, signal ? { signal } : {})
    throwIfAborted(signal)
    if (read.sha256 !== key.contentHash) throw changed(path)
    if (read.known) throw new AppError('internal', 'A file was not read although nothing of it is known.')
    readings.save(key, { parsed: read.document })
  } catch (thrown) {
    const error = toAppError(thrown)
    if (!readAsNothing.has(error.code)) throw error
    if (error.details.sha256 !== key.contentHash) throw changed(path)
    readings.save(key, { problem: toErrorData(error) })
  }
}

function changed(path: string): AppError {
  return new AppError(
    'file-changed',
    `"${path}" is another file than the one that was read, so questions about it cannot be judged. Sync its source first.`,
  )
}
