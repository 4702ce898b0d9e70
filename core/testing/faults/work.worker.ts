import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import type { Statement } from 'better-sqlite3'
import { createApp } from '../../app.ts'
import type { Client } from '../../contract/client.ts'
import { connectInProcess } from '../../wire/wire-in-process.ts'
import { silentLog } from '../../shared/log.ts'
import { changedPipeline, collectionName, type Phase } from './phases.ts'
import { nodeWorkers } from '../../compute/worker-process.ts'

/**
 * A process that is there to be killed: `work.worker.ts WORKSPACE FOLDER PHASE [COMMITS]` goes on with the jobs it finds,
 * starts the one of its phase if that has never been started, and ends when nothing is left to do, with the number of
 * its transactions on standard output. With COMMITS it kills itself right after that many of them: between two
 * transactions that should have been one.
 */
const [workspace = '', folder = '', phase = '', lastCommit = ''] = process.argv.slice(2) as [string, string, Phase]
const root = fileURLToPath(new URL('../../..', import.meta.url))
const app = await createApp({
  dataFolder: workspace,
  program: 'fault test',
  modelFolders: [join(root, 'models')],
  demoFolder: '',
  startWorker: nodeWorkers({ compute: new URL('../../compute/worker.ts', import.meta.url) }),
  log: silentLog,
  cores: 2,
})
const commits = countCommits((count) => {
  if (count === Number(lastCommit)) process.kill(process.pid, 'SIGKILL')
})
process.stdout.write('open\n')
const { client, ...connection } = connectInProcess<Client>(app.router, { log: silentLog })
const { collections } = await client.collections.list()
const collection =
  collections.find(({ name }) => name === collectionName) ?? (await client.collections.create({ name: collectionName }))
const { jobs } = await client.jobs.list({})
if (!jobs.some(({ kind }) => kind === phase)) {
  const collectionId = collection.id
  if (phase === 'ingest') await client.ingest.start({ collectionId, paths: [folder] })
  else if (phase === 'sync') await client.sources.sync({ collectionId })
  else {
    const { jobId } = await client.collections.setPipeline({
      collectionId,
      pipeline: changedPipeline(collection.pipeline),
    })
    if (!jobId) throw new Error('The pipeline was changed, and the job that goes with it is lost.')
  }
}
for (const { id } of (await client.jobs.list({})).jobs) {
  for await (const _event of await client.jobs.watch({ jobId: id })) continue
}
await connection[Symbol.asyncDispose]()
await app[Symbol.asyncDispose]()
process.stdout.write(`commits ${commits()}\n`)

/** Calls after every transaction, those of single statements too. */
function countCommits(onCommit: (count: number) => void): () => number {
  const { database } = app.services.workspace
  const statements = Object.getPrototypeOf(database.prepare('SELECT 1')) as Statement
  const { run } = statements
  let count = 0
  statements.run = function (this: Statement, ...values: unknown[]) {
    const result = run.apply(this, values)
    if (!database.inTransaction) onCommit((count += 1))
    return result
  }
  return () => count
}
