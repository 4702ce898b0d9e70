import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApp } from '../../core/app.ts'
import type { Client } from '../../core/contract/client.ts'
import { connectInProcess } from '../../core/wire/wire-in-process.ts'
import { silentLog } from '../../core/shared/log.ts'
import { watchResidentMemory } from '../../core/testing/resident-memory.ts'
import { nodeWorkers } from '../../core/compute/worker-process.ts'

/**
 * One measured ingest in a process of its own: `process.worker.ts WORKSPACE FOLDER [OPTIONS]` prints figures as JSON.
 * OPTIONS is JSON: `cores`, `maximumFileBytes`, and `again` for a second run over the same folder.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const [workspace = '', folder = '', given = '{}'] = process.argv.slice(2)
const { again = false, ...environment } = JSON.parse(given) as {
  cores?: number
  maximumFileBytes?: number
  again?: boolean
}
using memory = watchResidentMemory()
const app = await createApp({
  dataFolder: workspace,
  program: 'bench',
  modelFolders: [join(root, 'models')],
  demoFolder: '',
  startWorker: nodeWorkers({ compute: new URL('../../core/compute/worker.ts', import.meta.url) }),
  log: silentLog,
  ...environment,
})
const { client, ...connection } = connectInProcess<Client>(app.router, { log: silentLog })
const { id: collectionId } = await client.collections.create({ name: 'bench' })

const startedMs = performance.now()
const { jobId } = await client.ingest.start({ collectionId, paths: [folder] })
const stages = { read: 0, chunk: 0, embed: 0, save: 0 }
let firstSearchableSeconds: number | null = null
for await (const event of await client.jobs.watch({ jobId })) {
  if (event.type !== 'document-end' || !event.timesMs) continue
  for (const [stage, ms] of Object.entries(event.timesMs)) stages[stage as keyof typeof stages] += ms
  if (firstSearchableSeconds !== null) continue
  const { results } = await client.search.run({ collectionId, query: 'the results of the study', k: 1 })
  if (results.length > 0) firstSearchableSeconds = (performance.now() - startedMs) / 1000
}
const seconds = (performance.now() - startedMs) / 1000
const { progress } = await client.jobs.get({ jobId })
const { documents } = await client.documents.list({ collectionId, status: 'failed', limit: 3 })

let againSeconds: number | undefined
if (again) {
  const begunMs = performance.now()
  const second = await client.ingest.start({ collectionId, paths: [folder] })
  for await (const _event of await client.jobs.watch({ jobId: second.jobId })) continue
  againSeconds = (performance.now() - begunMs) / 1000
  const { progress: after } = await client.jobs.get({ jobId: second.jobId })
  if (after.unchanged !== progress.ready) throw new Error(`Something changed: ${JSON.stringify(after)}`)
}
const all = Object.values(stages).reduce((sum, ms) => sum + ms, 0)
const peakMegabytes = memory.peakMb()
await connection[Symbol.asyncDispose]()
await app[Symbol.asyncDispose]()
console.log(
  JSON.stringify({
    ready: progress.ready,
    failed: progress.failed,
    reasons: documents.map(({ name, reason }) => `${name}: ${reason?.message}`),
    chunks: progress.chunks,
    seconds,
    firstSearchableSeconds,
    ...(againSeconds === undefined ? {} : { againSeconds }),
    peakMegabytes,
    databaseMegabytes: statSync(join(workspace, 'workspace.sqlite')).size / 1e6,
    stages: Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, ms / all])),
  }),
)
