import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApp } from '../../core/app.ts'
import type { Client } from '../../core/contract/client.ts'
import { connectInProcess } from '../../core/wire/wire-in-process.ts'
import { addToIndex } from '../../core/services/ingest-work.ts'
import { defaultPipeline } from '../../core/services/default-pipeline.ts'
import { silentLog } from '../../core/shared/log.ts'
import { seededRandom } from '../../core/shared/random.ts'
import { nodeWorkers } from '../../core/compute/worker-process.ts'

/**
 * `delete.worker.ts WORKSPACE DOCUMENTS KEPT`: puts DOCUMENTS and KEPT documents of 20 chunks each into a workspace,
 * straight into its tables, then removes the DOCUMENTS through the contract and prints how long that took and what the
 * database takes on the disk, before and after.
 */
const [workspace = '', documents = '10000', kept = '0'] = process.argv.slice(2)
const chunksEach = 20
const dimensions = 256
const root = fileURLToPath(new URL('../..', import.meta.url))
const app = await createApp({
  dataFolder: workspace,
  program: 'bench',
  modelFolders: [join(root, 'models')],
  demoFolder: '',
  startWorker: nodeWorkers({ compute: new URL('../../core/compute/worker.ts', import.meta.url) }),
  log: silentLog,
})
const { client, ...connection } = connectInProcess<Client>(app.router, { log: silentLog })
const { id: collectionId } = await client.collections.create({ name: 'bench' })
const { jobId } = await client.ingest.start({ collectionId, paths: [join(root, 'package.json')] })
for await (const _event of await client.jobs.watch({ jobId })) continue

const ids = fill(Number(documents) + Number(kept))
const before = sizes()
const startedMs = performance.now()
let longestMs = 0
let lastMs = startedMs
const heartbeat = setInterval(() => {
  longestMs = Math.max(longestMs, performance.now() - lastMs)
  lastMs = performance.now()
}, 5)
const { removed } = await client.documents.remove({ documentIds: ids.slice(Number(kept)) })
const seconds = (performance.now() - startedMs) / 1000
clearInterval(heartbeat)
const after = sizes()
await connection[Symbol.asyncDispose]()
await app[Symbol.asyncDispose]()
console.log(JSON.stringify({ removed, seconds, longestMs, before, after, closed: sizes() }))

function fill(count: number) {
  const { documents: library, collectionIndexes, indexLibrary, workspace: opened } = app.services
  const random = seededRandom(1)
  const words = Array.from({ length: 5000 }, (_, index) => `word${index.toString(36)}`)
  const text = (): string =>
    Array.from({ length: 100 }, () => words[Math.floor(random() ** 2 * words.length)]).join(' ')
  const index = collectionIndexes.ensure(collectionId, defaultPipeline, { modelId: 'static-256', dimensions })
  const use = collectionIndexes.active(collectionId) ?? index
  library.queue(
    Array.from({ length: count }, (_, number) => ({
      collectionId,
      sourceId: null,
      uploadId: null,
      parentId: null,
      location: `/nowhere/${number}.md`,
      member: null,
      identity: `/nowhere/${number}.md`,
      path: `${number}.md`,
      name: `${number}.md`,
      size: 12_000,
      modifiedMs: 0,
    })),
    jobId,
  )
  const pending = library.pending(jobId)
  for (let from = 0; from < pending.length; from += 500) {
    opened.database.transaction(() => {
      for (const { id } of pending.slice(from, from + 500)) {
        const texts = Array.from({ length: chunksEach }, text)
        const whole = texts.join('\n')
        const parsed = { text: whole, elements: [], pages: [], hasLines: false, warnings: [] }
        const reading = { outcome: 'read', parsed, contentHash: id, type: 'markdown', size: whole.length } as const
        const version = library.saveVersion(id, { ...reading, parser: 'markdown@1' })
        let start = 0
        const chunks = texts.map((part) => {
          const chunk = { start, end: start + part.length, text: part, tokens: 100, headings: [], context: '' }
          start += part.length + 1
          return chunk
        })
        const vectors = Float32Array.from({ length: chunksEach * dimensions }, () => random() - 0.5)
        addToIndex(use, id, version, { chunks, textAt: (row) => texts[row] ?? '', vectors }, { indexLibrary })
      }
    })()
  }
  use.store.optimize()
  return pending.map(({ id }) => id)
}

/** Bytes of the database and of its log. */
function sizes(): { database: number; log: number } {
  const bytes = (path: string): number => (existsSync(path) ? statSync(path).size : 0)
  const path = join(workspace, 'workspace.sqlite')
  return { database: bytes(path), log: bytes(`${path}-wal`) }
}
