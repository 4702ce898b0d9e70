import type { AskEvent, Citation, Trace } from '../../core/contract/ask.ts'
import type { Client } from '../../core/contract/client.ts'
import type { Collection } from '../../core/contract/collections.ts'
import type { Document } from '../../core/contract/documents.ts'
import { AppError } from '../../core/contract/errors.ts'
import type { Job, JobEvent } from '../../core/contract/jobs.ts'
import type { Element } from '../../core/contract/parsed-document.ts'
import type { RetrievedPassage } from '../../core/contract/search.ts'
import { createId, type CollectionId, type DocumentId, type UploadId } from '../../core/shared/ids.ts'
import { makeDocuments } from './documents.ts'

export interface FakeOptions {
  /** Begin with no collections, as on the first run. */
  empty?: boolean
  /** Documents of the large collection. */
  large?: number
  /** Texts of the sample, by path. */
  texts?: Record<string, string>
  /** Milliseconds between the steps of jobs and answers. */
  paceMs?: number
}

/**
 * A core in memory, for looking at the page during development without a host. It answers from its texts by counting
 * words, so that citations and highlights are real. Not a substitute for the host in tests of behaviour.
 */
export function createFakeClient({ empty = false, large = 10_000, texts = {}, paceMs = 60 }: FakeOptions = {}): Client {
  const collections = new Map<CollectionId, Collection>()
  const documents = new Map<DocumentId, Document>()
  const contents = new Map<DocumentId, string>()
  const jobs = new Map<string, Job>()
  const watchers = new Set<() => void>()
  const events = new Map<string, JobEvent[]>()
  const traces: Trace[] = []
  const uploads = new Map<UploadId, { path: string; text: string[]; size: number }>()

  const wait = (ms: number, signal?: AbortSignal): Promise<void> =>
    abortable(new Promise((resolve) => setTimeout(resolve, ms)), signal)
  const changed = (): void => {
    for (const watcher of watchers) watcher()
  }
  const nextChange = async (signal: AbortSignal | undefined): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    watchers.add(resolve)
    try {
      await abortable(promise, signal)
    } finally {
      watchers.delete(resolve)
    }
  }
  const of = (collectionId: CollectionId): Document[] =>
    [...documents.values()].filter((document) => document.collectionId === collectionId)
  const missing = (what: string): AppError => new AppError('item-missing', `This ${what} is not in the workspace.`)
  const summarise = (collection: Collection): Collection => {
    const own = of(collection.id)
    return {
      ...collection,
      documents: own.length,
      ready: own.filter((document) => document.status === 'ready').length,
      failed: own.filter((document) => document.status === 'failed').length,
      chunks: own.reduce((sum, document) => sum + document.chunks, 0),
    }
  }
  const addCollection = (name: string, description = '', id = createId('collection')): Collection => {
    const choice = { id: 'default', options: {} }
    const pipeline = {
      parsers: {},
      chunker: choice,
      embedder: choice,
      index: choice,
      retriever: choice,
      generator: choice,
      passages: 8,
    }
    const facts = { documents: 0, ready: 0, failed: 0, chunks: 0, createdAt: Date.now() }
    const collection = { id, name, description, pipeline, ...facts }
    collections.set(id, collection)
    return collection
  }
  const addDocument = (
    collectionId: CollectionId,
    path: string,
    text: string,
    change: Partial<Document> = {},
  ): Document => {
    const document: Document = {
      id: createId('document'),
      collectionId,
      name: path.split('/').at(-1) ?? path,
      path,
      type: typeOf(path),
      size: new Blob([text]).size,
      status: 'ready',
      reason: null,
      warnings: [],
      title: /^# (.+)/.exec(text)?.[1] ?? null,
      pages: null,
      chunks: Math.max(1, Math.ceil(text.length / 900)),
      indexedAt: Date.now(),
      version: 1,
      ...change,
    }
    documents.set(document.id, document)
    contents.set(document.id, text)
    return document
  }

  const runJob = (label: string, collectionId: CollectionId, targets: Document[]): Job => {
    const job: Job = {
      id: createId('job'),
      kind: 'ingest',
      label,
      collectionId,
      status: 'running',
      error: null,
      progress: {
        done: 0,
        total: targets.length,
        unit: 'files',
        label: 'reading',
        ready: 0,
        failed: 0,
        unchanged: 0,
        chunks: 0,
        bytes: 0,
        rate: 0,
      },
      createdAt: Date.now(),
      startedAt: Date.now(),
      finishedAt: null,
    }
    jobs.set(job.id, job)
    const log: JobEvent[] = [{ type: 'job-start', number: 1, job: structuredClone(job) }]
    events.set(job.id, log)
    for (const target of targets) target.status = 'queued'
    const run = async (): Promise<void> => {
      for (const target of targets) {
        for (const status of ['reading', 'chunking', 'embedding'] as const) {
          if (job.status !== 'running') return
          target.status = status
          job.progress.label = `${status} ${target.path}`
          changed()
          await wait(paceMs)
        }
        const failed = /\.(bin|xlsx)$/.test(target.path)
        target.status = failed ? 'failed' : 'ready'
        target.reason = failed
          ? {
              code: 'type-unsupported',
              message: 'Files of this type are not supported yet.',
              retryable: false,
              details: {},
            }
          : null
        target.chunks = failed ? 0 : Math.max(1, Math.ceil(target.size / 900))
        target.indexedAt = Date.now()
        job.progress.done++
        job.progress[failed ? 'failed' : 'ready']++
        job.progress.rate = 1000 / (3 * paceMs)
        job.progress.remainingMs = (targets.length - job.progress.done) * 3 * paceMs
        const { id: documentId, path, reason, pages, chunks } = target
        const outcome = failed ? 'failed' : 'ready'
        log.push({ type: 'document-end', number: log.length + 1, documentId, path, outcome, reason, pages, chunks })
        changed()
      }
      job.status = 'done'
      job.finishedAt = Date.now()
      log.push({ type: 'job-end', number: log.length + 1, job: structuredClone(job) })
      changed()
    }
    void run()
    return job
  }

  const search = (collectionId: CollectionId, query: string): RetrievedPassage[] => {
    const words = [...new Set(query.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [])]
    const found: RetrievedPassage[] = []
    for (const document of of(collectionId)) {
      const text = contents.get(document.id) ?? ''
      for (const element of elementsOf(text, document.type)) {
        if (element.kind === 'heading') continue
        const slice = text.slice(element.start, element.end)
        const hits = words.filter((word) => slice.toLowerCase().includes(word)).length
        if (hits === 0) continue
        found.push({
          documentId: document.id,
          document: document.name,
          path: document.path,
          title: document.title,
          chunkId: found.length + 1,
          start: element.start,
          end: element.end,
          text: slice,
          context: '',
          headings: headingsAt(text, document.type, element.start),
          page: document.pages === null ? null : 1 + Math.floor(element.start / 2000),
          pageLast: document.pages === null ? null : 1 + Math.floor(element.start / 2000),
          score: hits / words.length,
          scoreKind: 'fusion',
          foundBy: (['both', 'text', 'vector'] as const)[found.length % 3] ?? 'both',
          textScore: 4 + hits * 3.1,
          textRank: found.length + 1,
          vectorScore: 0.3 + hits / 10,
          vectorRank: found.length + 2,
        })
      }
    }
    return found.sort((a, b) => b.score - a.score).slice(0, 8)
  }

  async function* answer(
    collectionId: CollectionId,
    question: string,
    signal?: AbortSignal,
  ): AsyncGenerator<AskEvent, void> {
    const startedAt = Date.now()
    const traceId = createId('trace')
    yield { type: 'ask-start', traceId }
    await wait(paceMs * 4, signal)
    const passages = search(collectionId, question)
    yield { type: 'retrieval-end', passages }
    const refused = (passages[0]?.score ?? 0) < 0.4
    const cited = refused ? [] : passages.filter((passage) => passage.score >= 0.4).slice(0, 4)
    const citations: Citation[] = []
    let text = ''
    if (refused) text = 'Nothing in these documents answers this question.'
    for (const [index, passage] of cited.entries()) {
      const sentence = /[^.\n|]{12,}[.]?/.exec(passage.text)?.[0].trim() ?? passage.text
      const start = passage.start + passage.text.indexOf(sentence)
      const { documentId, document, path, chunkId, page, headings } = passage
      const end = start + sentence.length
      const citation: Citation = {
        marker: index + 1,
        documentId,
        document,
        path,
        chunkId,
        start,
        end,
        text: sentence,
        page,
        headings,
        boxes: [],
      }
      citations.push(citation)
      yield { type: 'citation', citation }
      for (const piece of `${index > 0 ? ' ' : ''}${sentence.replace(/\.?$/, '.')} [${index + 1}]`.match(/\s*\S+/g) ??
        []) {
        await wait(paceMs / 4, signal)
        text += piece
        yield { type: 'answer-delta', text: piece }
      }
    }
    const durationMs = Date.now() - startedAt
    const span = (name: string, startMs: number, spanMs: number, input: unknown, output: unknown) => ({
      name,
      startMs,
      durationMs: spanMs,
      input,
      output,
      error: null,
    })
    traces.unshift({
      id: traceId,
      collectionId,
      question,
      answer: text,
      refused,
      error: null,
      citations,
      passages,
      spans: [
        span('retrieve', 1, durationMs * 0.3, { query: question, mode: 'hybrid' }, { passages: passages.length }),
        span('rerank', durationMs * 0.31, durationMs * 0.05, {}, {}),
        span('generate', durationMs * 0.38, durationMs * 0.6, { passages: cited.length }, { answer: text }),
      ],
      startedAt,
      durationMs,
    })
    yield { type: 'ask-end', traceId, answer: text, citations, refused, durationMs }
  }

  const addSample = () => {
    const collection = addCollection('Sample: field station', 'The demo documents of a marine field station')
    const added = Object.entries(texts).map(([path, text]) =>
      addDocument(collection.id, path, text, { status: 'queued', indexedAt: null, chunks: 0 }),
    )
    return { collection, added }
  }
  if (!empty) {
    const { added } = addSample()
    for (const document of added) {
      document.status = 'ready'
      document.indexedAt = Date.now()
      document.chunks = Math.max(1, Math.ceil(document.size / 900))
    }
    const archive = addCollection('Archive 2019–2025', '', 'col_large' as CollectionId)
    for (const document of makeDocuments(large, archive.id)) documents.set(document.id, document)
    addCollection('Empty shelf', 'Nothing here yet')
  }

  return {
    workspace: {
      status: async () => ({
        folder: '/home/ada/.local/share/quarry',
        version: '0.1.0',
        offline: true,
        embedder: { model: 'quarry/static-256', dimensions: 256, label: 'Static 256' },
        generator: { id: 'extractive', label: 'Sentences of the documents (extractive)' },
        collections: collections.size,
        documents: documents.size,
        chunks: [...documents.values()].reduce((sum, document) => sum + document.chunks, 0),
        databaseBytes: 48_234_496,
        sampleOffered: empty && collections.size === 0,
      }),
      addSample: async () => {
        const { collection, added } = addSample()
        return { collectionId: collection.id, jobId: runJob('Adding the sample documents', collection.id, added).id }
      },
      sampleQuestions: async () => ({
        questions: [
          { question: 'How long does the battery last with a typical night load?', answerable: true },
          { question: 'Which circuits are never shed?', answerable: true },
          { question: 'When is the full black-start test?', answerable: true },
          { question: 'Who won the regatta in Lisbon?', answerable: false },
        ],
      }),
    },
    collections: {
      list: async () => ({
        collections: [...collections.values()].map(summarise).sort((a, b) => a.name.localeCompare(b.name)),
      }),
      create: async ({ name, description = '' }) => {
        if ([...collections.values()].some((collection) => collection.name === name)) {
          throw new AppError('name-taken', `There is a collection called "${name}" already. Choose another name.`)
        }
        return addCollection(name, description)
      },
      rename: async ({ collectionId, name }) => {
        const collection = collections.get(collectionId as CollectionId)
        if (!collection) throw missing('collection')
        collection.name = name
        return summarise(collection)
      },
      remove: async ({ collectionId }) => {
        for (const document of of(collectionId as CollectionId)) documents.delete(document.id)
        return { removed: collections.delete(collectionId as CollectionId) }
      },
    },
    documents: {
      list: async ({ collectionId, limit = 20_000, offset = 0 }) => {
        const own = of(collectionId as CollectionId)
        const page = Number(offset)
        return { documents: structuredClone(own.slice(page, page + Number(limit))), total: own.length, byStatus: {} }
      },
      get: async ({ documentId }) => {
        const document = documents.get(documentId as DocumentId)
        if (!document) throw missing('document')
        return structuredClone(document)
      },
      text: async ({ documentId, start = 0, end = 0, around = 20_000 }) => {
        const document = documents.get(documentId as DocumentId)
        if (!document) throw missing('document')
        const text = contents.get(document.id) ?? ''
        const from = Math.max(0, Number(start) - Number(around))
        const to = Math.min(text.length, Number(end) + Number(around))
        const elements = elementsOf(text, document.type).filter((element) => element.end > from && element.start < to)
        return {
          document: structuredClone(document),
          text: text.slice(from, to),
          textStart: from,
          textLength: text.length,
          elements,
          pages: [],
          headings: headingsAt(text, document.type, Number(start)),
        }
      },
      retry: async ({ collectionId, documentIds }) => {
        const targets = of(collectionId as CollectionId).filter((document) =>
          documentIds ? documentIds.includes(document.id) : document.status === 'failed',
        )
        return { jobId: runJob(`Reading ${targets.length} files again`, collectionId as CollectionId, targets).id }
      },
      remove: async ({ documentIds }) => {
        for (const id of documentIds) documents.delete(id as DocumentId)
        return { removed: documentIds.length }
      },
    },
    ingest: {
      upload: async ({ uploadId, path, data }) => {
        const id = (uploadId as UploadId | undefined) ?? createId('upload')
        const upload = uploads.get(id) ?? { path, text: [], size: 0 }
        upload.text.push(await data.text())
        upload.size += data.size
        uploads.set(id, upload)
        return { uploadId: id, received: upload.size }
      },
      start: async ({ collectionId, uploadIds = [] }) => {
        const added = uploadIds.map((id) => {
          const upload = uploads.get(id as UploadId)
          const change = { status: 'queued', indexedAt: null, chunks: 0 } as const
          return addDocument(collectionId as CollectionId, upload?.path ?? '?', upload?.text.join('') ?? '', change)
        })
        const name = collections.get(collectionId as CollectionId)?.name ?? ''
        return { jobId: runJob(`Adding ${added.length} files to “${name}”`, collectionId as CollectionId, added).id }
      },
    },
    jobs: {
      list: async () => ({ jobs: [...jobs.values()].toReversed() }),
      get: async ({ jobId }) => structuredClone(jobs.get(jobId) as Job),
      watch: async ({ jobId, after = 0 }, options) => {
        const log = events.get(jobId) ?? []
        async function* watch(): AsyncGenerator<JobEvent, void> {
          let number = Number(after)
          for (;;) {
            for (const event of log.slice(number)) {
              number = event.number
              yield event
              if (event.type === 'job-end') return
            }
            const job = jobs.get(jobId) as Job
            if (job.status === 'cancelled') return
            const busy = of(job.collectionId as CollectionId).filter((document) => document.status !== 'ready')
            const rows = busy.slice(0, 50).map(({ id, status }) => ({ id, status }))
            yield { type: 'progress', number, job: structuredClone(job), documents: rows }
            await nextChange(options?.signal)
          }
        }
        return stream(watch())
      },
      watchActive: async (_input, options) => {
        async function* watch(): AsyncGenerator<{ jobs: Job[] }, void> {
          for (;;) {
            yield { jobs: structuredClone([...jobs.values()].filter((job) => job.status === 'running')) }
            await nextChange(options?.signal)
          }
        }
        return stream(watch())
      },
      cancel: async ({ jobId }) => {
        const job = jobs.get(jobId) as Job
        job.status = 'cancelled'
        job.finishedAt = Date.now()
        changed()
        return structuredClone(job)
      },
    },
    search: {
      run: async ({ collectionId, query }) => ({ results: search(collectionId as CollectionId, query), latencyMs: 3 }),
    },
    ask: {
      run: async ({ collectionId, question }, options) => {
        if (/explode/.test(question)) {
          throw new AppError(
            'model-missing',
            'The embedding model is not on this machine. Import it, then ask again.',
            {
              retryable: true,
              details: { model: 'quarry/static-256' },
            },
          )
        }
        return stream(answer(collectionId as CollectionId, question, options?.signal))
      },
    },
    traces: {
      list: async () => ({ traces }),
      get: async ({ traceId }) => {
        const trace = traces.find((candidate) => candidate.id === traceId)
        if (!trace) throw missing('trace')
        return trace
      },
    },
    evaluation: {
      retrieval: async () => {
        throw new AppError('internal', 'The fake core does not evaluate.')
      },
    },
  }
}

/** The wire's iterator class is nominal; a generator does all that it does here. */
function stream(generator: AsyncGenerator<unknown, void>): never {
  return generator as never
}

/** Settles like `work`, or rejects as soon as the signal fires. */
async function abortable<Value>(work: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (!signal) return work
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void => reject(new AppError('cancelled', 'Cancelled.'))
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

function typeOf(path: string): string {
  const extension = path.split('.').at(-1) ?? ''
  return { md: 'markdown', csv: 'csv', tsv: 'csv', txt: 'text', pdf: 'pdf' }[extension] ?? 'unknown'
}

/** Elements as a Markdown parser would give them, roughly: blocks at blank lines, lists and tables by line. */
function elementsOf(text: string, type: string): Element[] {
  if (type === 'csv') return [tableAt(text, 0, text.trimEnd().length, 1)]
  const elements: Element[] = []
  for (const match of text.matchAll(/^```[\s\S]*?^```|\S(?:(?!\n\s*\n)[\s\S])*/gm)) {
    const start = match.index
    const block = match[0].trimEnd()
    const end = start + block.length
    if (type === 'text') elements.push({ kind: 'paragraph', start, end })
    else if (block.startsWith('```')) elements.push({ kind: 'code', start, end })
    else if (/^#{1,6} /.test(block)) elements.push({ kind: 'heading', start, end, level: block.indexOf(' ') })
    else if (block.startsWith('|')) elements.push(tableAt(text, start, end, 2))
    else if (block.startsWith('>')) elements.push({ kind: 'quote', start, end })
    else if (/^([-*]|\d+\.) /.test(block)) {
      for (const line of block.matchAll(/[^\n]+/g)) {
        elements.push({ kind: 'list-item', start: start + line.index, end: start + line.index + line[0].length })
      }
    } else elements.push({ kind: 'paragraph', start, end })
  }
  return elements
}

function tableAt(text: string, start: number, end: number, headerRows: number): Element {
  const rows = [...text.slice(start, end).matchAll(/[^\n]+/g)].map((row) => ({
    start: start + row.index,
    end: start + row.index + row[0].length,
  }))
  return { kind: 'table', start, end, rows, headerRows }
}

function headingsAt(text: string, type: string, offset: number): string[] {
  const path: { level: number; text: string }[] = []
  for (const element of elementsOf(text, type)) {
    if (element.start > offset) break
    if (element.kind !== 'heading') continue
    const level = element.level ?? 1
    while ((path.at(-1)?.level ?? 0) >= level) path.pop()
    path.push({ level, text: text.slice(element.start, element.end).replace(/^#+ /, '') })
  }
  return path.map((heading) => heading.text)
}
