import type { CollectionId } from '../../shared/ids.ts'
import { seededRandom } from '../../shared/random.ts'
import { openTestApp } from '../test-app.ts'
import { collectionName } from './phases.ts'

/** What a person gets of a workspace: everything but ids and times. Two runs that did the same give equal JSON. */
export interface Outcome {
  documents: unknown[]
  sources: unknown[]
  jobs: unknown[]
  indexes: unknown[]
  searches: unknown[]
}

/** Reads it through the contract, with searches made of these words. */
export async function readOutcome(workspace: string, words: readonly string[], seed: number): Promise<Outcome> {
  await using test = await openTestApp({ dataFolder: workspace, resumeJobs: false })
  const { client } = test
  const { collections } = await client.collections.list()
  const collection = collections.find(({ name }) => name === collectionName)
  if (!collection) throw new Error('The collection is not there.')
  const { database } = test.app.services.workspace
  const chunks = database.prepare<[string]>(
    `SELECT ordinal, start_offset, end_offset, tokens, page_first, page_last, headings, context, text, place FROM chunks k
     JOIN indexes i ON i.id = k.index_id WHERE document_id = ? AND i.state = 'active' ORDER BY ordinal`,
  )
  const hash = database
    .prepare<[string], string>('SELECT content_hash FROM document_versions WHERE document_id = ?')
    .pluck()
  const { documents } = await client.documents.list({ collectionId: collection.id, limit: 10_000 })
  const pathOf = new Map(documents.map(({ id, path }) => [id, path]))
  const { sources } = await client.sources.list({ collectionId: collection.id })
  const { jobs } = await client.jobs.list({})
  const { indexes } = await client.collections.indexes({ collectionId: collection.id })
  return {
    documents: documents.map((document) => ({
      path: document.path,
      otherPaths: document.otherPaths.toSorted(),
      parent: document.parentId && pathOf.get(document.parentId),
      status: document.status,
      reason: document.reason?.code ?? null,
      type: document.type,
      title: document.title,
      metadata: document.metadata,
      warnings: document.warnings,
      stale: document.stale,
      hash: hash.get(document.id) ?? null,
      chunks: chunks.all(document.id),
    })),
    sources: sources.map(({ kind, location, documents, result, error }) => ({
      kind,
      location,
      documents,
      result: result && { ...result, jobId: undefined },
      error,
    })),
    jobs: jobs.map(({ kind, status, error, progress }) => {
      const { done, total, ready, failed, unchanged, added, changed, removed, chunks, bytes } = progress
      return { kind, status, error, done, total, ready, failed, unchanged, added, changed, removed, chunks, bytes }
    }),
    indexes: indexes.map(({ state, documents, chunks }) => ({ state, documents, chunks })),
    searches: await searches(test, collection.id, words, seed),
  }
}

async function searches(
  { client }: Awaited<ReturnType<typeof openTestApp>>,
  collectionId: CollectionId,
  words: readonly string[],
  seed: number,
): Promise<unknown[]> {
  const random = seededRandom(seed)
  const modes = ['hybrid', 'text', 'vector'] as const
  const found: unknown[] = []
  for (let index = 0; index < 20; index += 1) {
    const query = Array.from({ length: 4 }, () => words[Math.floor(random() * words.length)]).join(' ')
    const mode = modes[index % modes.length] ?? 'hybrid'
    const { results } = await client.search.run({ collectionId, query, mode, k: 10 })
    // Everything but the ids.
    const shown = results.map(({ documentId: _document, chunkId: _chunk, ...rest }) => rest)
    found.push({ query, mode, results: shown })
  }
  return found
}

/** Where two outcomes differ first, part by part; empty where they are equal, byte for byte. */
export function differences(actual: Outcome, expected: Outcome): string[] {
  return (Object.keys(expected) as (keyof Outcome)[]).flatMap((part) => {
    const [a, b] = [actual[part], expected[part]]
    if (JSON.stringify(a) === JSON.stringify(b)) return []
    const index = b.findIndex((item, at) => JSON.stringify(item) !== JSON.stringify(a[at]))
    const at = index < 0 ? b.length : index
    return [`${part} ${at} of ${b.length} (${a.length}): ${firstDifference(a[at], b[at])}`]
  })
}

function firstDifference(actual: unknown, expected: unknown): string {
  const [a, b] = [JSON.stringify(actual) ?? 'nothing', JSON.stringify(expected) ?? 'nothing']
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  const from = Math.max(0, at - 120)
  return `\n    is        …${a.slice(from, at + 160)}\n    should be …${b.slice(from, at + 160)}`
}
