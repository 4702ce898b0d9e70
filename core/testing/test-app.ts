import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type App, createApp, type Environment } from '../app.ts'
import type { Client } from '../contract/client.ts'
import type { Job } from '../contract/jobs.ts'
import { connectInProcess } from '../wire/wire-in-process.ts'
import { silentLog } from '../shared/log.ts'
import type { CollectionId, JobId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { nodeWorkers } from '../compute/worker-process.ts'

export const projectRoot = fileURLToPath(new URL('../..', import.meta.url))
export const demoCorpus = join(projectRoot, 'resources/demo/corpus')

/** The real app on a temporary workspace, and a client of it. */
export interface TestApp extends AsyncDisposable {
  app: App
  client: Client
  /** A folder for files to ingest; beside the workspace, removed with it. */
  folder: string
  workspace: string
  /** Ingests and waits. */
  ingest(collectionId: CollectionId, ...paths: string[]): Promise<Job>
  finished(jobId: JobId): Promise<Job>
}

export async function openTestApp(overrides: Partial<Environment> = {}): Promise<TestApp> {
  await using cleanup = new AsyncDisposableStack()
  const temporary = cleanup.use(temporaryFolder())
  const folder = join(temporary.path, 'files')
  const workspace = overrides.dataFolder ?? join(temporary.path, 'workspace')
  mkdirSync(folder)
  const app = cleanup.use(
    await createApp({
      dataFolder: workspace,
      program: 'test',
      modelFolders: [join(projectRoot, 'models')],
      demoFolder: join(projectRoot, 'resources/demo'),
      startWorker: nodeWorkers({ compute: new URL('../compute/worker.ts', import.meta.url) }),
      log: silentLog,
      cores: 2,
      ...overrides,
    }),
  )
  const connection = connectInProcess<Client>(app.router, { log: silentLog })
  cleanup.use(connection)
  const { client } = connection
  const finished = async (jobId: JobId): Promise<Job> => {
    for await (const _event of await client.jobs.watch({ jobId })) continue
    return client.jobs.get({ jobId })
  }
  const owned = cleanup.move()
  return {
    app,
    client,
    folder,
    workspace,
    finished,
    async ingest(collectionId, ...paths) {
      const { jobId } = await client.ingest.start({ collectionId, paths })
      return finished(jobId)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** A copy of the demo documents that a test may change. */
export function copyDemoCorpus(folder: string): string {
  const copy = join(folder, 'corpus')
  cpSync(demoCorpus, copy, { recursive: true })
  return copy
}
