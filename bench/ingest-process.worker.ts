import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createApp } from '../core/app.ts'
import type { Client } from '../core/contract/client.ts'
import { connectInProcess } from '../core/host/wire-in-process.ts'
import { silentLog } from '../core/shared/log.ts'

/** One measured ingest in a process of its own: `ingest-process.worker.ts WORKSPACE FOLDER` prints figures as JSON. */
const root = fileURLToPath(new URL('..', import.meta.url))
const [workspace = '', folder = ''] = process.argv.slice(2)
const app = await createApp({
  dataFolder: workspace,
  program: 'bench',
  modelFolders: [join(root, 'models')],
  demoFolder: '',
  computeWorkerUrl: new URL('../core/compute/worker.ts', import.meta.url),
  log: silentLog,
})
const { client, ...connection } = connectInProcess<Client>(app.router, { log: silentLog })
const { id: collectionId } = await client.collections.create({ name: 'bench' })

const startedMs = performance.now()
const { jobId } = await client.ingest.start({ collectionId, paths: [folder] })
const stages = { read: 0, chunk: 0, embed: 0, save: 0 }
for await (const event of await client.jobs.watch({ jobId })) {
  if (event.type !== 'document-end' || !event.timesMs) continue
  for (const [stage, ms] of Object.entries(event.timesMs)) stages[stage as keyof typeof stages] += ms
}
const seconds = (performance.now() - startedMs) / 1000
const { progress } = await client.jobs.get({ jobId })
const all = Object.values(stages).reduce((sum, ms) => sum + ms, 0)
const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
console.log(
  JSON.stringify({
    ready: progress.ready,
    failed: progress.failed,
    chunks: progress.chunks,
    seconds,
    peakMegabytes: Number(peak ?? Number.NaN) / 1000,
    stages: Object.fromEntries(Object.entries(stages).map(([stage, ms]) => [stage, ms / all])),
  }),
)
await connection[Symbol.asyncDispose]()
await app[Symbol.asyncDispose]()
