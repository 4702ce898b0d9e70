import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import envPaths from 'env-paths'
import type { Client } from '../contract/client.ts'
import type { Collection } from '../contract/collections.ts'
import { AppError, fromErrorData, isCancellation, toAppError, toErrorData } from '../contract/errors.ts'
import type { Job, JobEvent } from '../contract/jobs.ts'
import type { SyncResult } from '../contract/sources.ts'
import { requireSameContract } from '../contract/versions.ts'
import { consoleLog, type Log, silentLog } from '../shared/log.ts'
import type { JobId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createTerminal } from './terminal.ts'
import { connectInProcess } from '../wire/wire-in-process.ts'
import { nodeWorkers } from '../compute/worker-process.ts'

/** What all commands share: options, the workspace and its client, how jobs and errors are told. */
export const root = fileURLToPath(new URL('../..', import.meta.url))
export const terminal = createTerminal()
/** What a person who looks at a served workbench's terminal has to know. */
export const troubleLog: Log = { ...consoleLog(), info: () => {} }

export interface GlobalOptions {
  workspace?: string
  json?: boolean
  verbose?: boolean
}

const program = new Command('quarry')
  .description('Documents in, cited answers out, on this machine alone.')
  .option('--workspace <dir>', 'workspace folder (default: the system folder for application data)')
  .option('--json', 'print one JSON value to standard output')
  .option('--verbose', 'log what happens to standard error')
  .enablePositionalOptions()
  .exitOverride()
  // Wrong usage is told by `parse`, in one line like every other error.
  .configureOutput({ writeErr: () => {} })

export const modeOption = () =>
  new Option('--mode <mode>', 'how to search').choices(['hybrid', 'text', 'vector']).default('hybrid')
export const filterOption = () =>
  new Option('--filter <expression>', "only documents that match, such as 'type=pdf and year>=2024'")
export const collectionOption = () => new Option('--collection <name>', 'name of the collection').makeOptionMandatory()

export async function parse(): Promise<void> {
  try {
    await program.parseAsync()
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    // Help and version are no errors; wrong usage could not run.
    process.exitCode = error.exitCode === 0 ? 0 : complain(usageError(error), process.argv.includes('--json'))
  }
}

function usageError({ code, message }: CommanderError): AppError {
  const what = code === 'commander.help' ? 'Say what to do.' : message.replace(/^error: /, '').replaceAll(/\s+/g, ' ')
  return new AppError('input-invalid', `${what.trim()} (quarry --help lists the commands)`)
}

/** A subcommand that takes the global options on either side of its name. */
export function command(
  name: string,
  description: string,
  parent: Command = program,
  settings: { isDefault?: boolean } = {},
): Command {
  return (
    parent
      .command(name, settings)
      // An option after a subcommand's name is the subcommand's, also where both have it.
      .enablePositionalOptions()
      .description(description)
      .option('--workspace <dir>', 'workspace folder')
      .option('--json', 'print one JSON value to standard output')
      .option('--verbose', 'log what happens to standard error')
      .hook('preAction', (_self, action) => {
        for (const [key, value] of Object.entries(action.optsWithGlobals())) {
          if (action.getOptionValue(key) === undefined) action.setOptionValue(key, value)
        }
      })
  )
}

interface RunSettings {
  program: string
  resumeJobs?: boolean
  watchSources?: boolean
  /** In a folder that is removed afterwards. */
  temporary?: boolean
}

/** Opens the workspace, gives the work a client, closes everything, sets the exit code. */
export async function run(
  options: GlobalOptions,
  settings: RunSettings,
  work: (client: Client) => Promise<number>,
): Promise<void> {
  process.exitCode = await guarded(options, async () => {
    await using cleanup = new AsyncDisposableStack()
    let folder = workspaceFolder(options)
    if (settings.temporary) {
      folder = cleanup.use(temporaryFolder()).path
    }
    const log = options.verbose ? consoleLog() : silentLog
    const { program: name, resumeJobs = false, watchSources = false } = settings
    // Loaded here, so that help and wrong usage are told at once.
    const { createApp } = await import('../app.ts')
    const app = cleanup.use(await createApp(environment(folder, name, { log, resumeJobs, watchSources })))
    const connection = connectInProcess<Client>(app.router, { log })
    cleanup.use(connection)
    requireSameContract(await connection.client.workspace.versions(), ['machineLearning', 'application'])
    return await work(connection.client)
  })
}

export async function guarded(options: GlobalOptions, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (thrown) {
    return complain(toAppError(thrown), options.json)
  }
}

/** Gives the exit code. */
function complain(error: AppError, json: boolean | undefined): 2 {
  terminal.result(json, { error: toErrorData(error) }, () => {})
  terminal.complain(error.message)
  return 2
}

export function environment(
  dataFolder: string,
  name: string,
  more: { log: ReturnType<typeof consoleLog>; resumeJobs: boolean; watchSources: boolean },
) {
  return {
    dataFolder,
    program: name,
    modelFolders: [join(dataFolder, 'models'), join(root, 'models')],
    demoFolder: join(root, 'resources', 'demo'),
    startWorker: nodeWorkers({ compute: new URL('../compute/worker.ts', import.meta.url) }),
    ...more,
  }
}

export function workspaceFolder(options: GlobalOptions): string {
  const chosen = options.workspace ?? process.env.QUARRY_WORKSPACE
  return chosen === undefined || chosen === '' ? envPaths('Quarry', { suffix: '' }).data : resolve(chosen)
}

/** Waits for the job, shows its progress, prints how it ended. */
export async function followJob(client: Client, jobId: JobId, options: GlobalOptions): Promise<number> {
  const failures: Extract<JobEvent, { type: 'document-end' }>[] = []
  using bar = terminal.progress(options.json)
  const cancel = (): void => {
    // That it was cancelled is seen when the job ends; that it had ended before is no trouble either.
    client.jobs.cancel({ jobId }).catch(() => {})
  }
  process.once('SIGINT', cancel)
  try {
    for await (const event of await client.jobs.watch({ jobId, after: 0 })) {
      if (event.type === 'document-end' && event.outcome === 'failed') failures.push(event)
      if (event.type === 'progress') {
        const { done, total, label } = event.job.progress
        bar.update(done, total, label)
      }
    }
  } finally {
    process.off('SIGINT', cancel)
  }
  bar[Symbol.dispose]()
  const job = await client.jobs.get({ jobId })
  if (job.error) throw fromErrorData(job.error)
  if (job.status === 'cancelled') throw new AppError('cancelled', 'Cancelled. What was ready stays ready.')
  const { ready, failed, unchanged, added, changed, removed, chunks } = job.progress
  const failedRows = failures.map(({ path, reason }) => ({ path, code: reason?.code, reason: reason?.message ?? '' }))
  const json = { job: job.id, ready, failed, unchanged, added, changed, removed, chunks, failures: failedRows }
  if (options.json && failed > 0)
    terminal.complain(`${failed === 1 ? '1 file' : `${failed} files`} could not be added; "failures" says why.`)
  terminal.result(options.json, json, () => {
    for (const { path, reason } of failedRows) terminal.complain(`failed ${path}: ${reason}`)
    const gone = removed > 0 ? `, ${removed} removed` : ''
    terminal.write(
      job.kind === 'sync'
        ? `${changes(job.progress)}, ${chunks} chunks\n`
        : `${ready} ready, ${unchanged} unchanged, ${failed} failed${gone}, ${chunks} chunks\n`,
    )
  })
  return failed > 0 ? 1 : 0
}

/** One wrong path among several is a failed item; only wrong ones are a mistake in the command. */
export async function requireAnyPath(paths: readonly string[]): Promise<void> {
  const missing = await Promise.all(paths.map((path) => stat(path).then(() => false, isMissing)))
  if (missing.includes(false)) return
  const what =
    paths.length === 1 ? `There is no file or folder ${paths[0]}.` : `None of these is there: ${paths.join(', ')}.`
  throw new AppError('file-missing', `${what} Check the path.`, { details: { paths } })
}

function isMissing(error: unknown): boolean {
  return toAppError(error).code === 'file-missing'
}

const besideDocuments: Job['kind'][] = ['evaluate', 'tune', 'release-index']

/** Jobs on documents that an earlier process left go first. What measures, and indexes of releases, go on beside them. */
export async function finishOlderJobs(client: Client): Promise<void> {
  for await (const { jobs } of await client.jobs.watchActive()) {
    if (jobs.every(({ kind }) => besideDocuments.includes(kind))) return
  }
}

export async function ensureCollection(client: Client, name: string): Promise<Collection> {
  const { collections } = await client.collections.list()
  return collections.find(sameName(name)) ?? (await client.collections.create({ name }))
}

export async function findCollection(client: Client, name: string): Promise<Collection> {
  const { collections } = await client.collections.list()
  const found = collections.find(sameName(name))
  if (found) return found
  const known = collections.map((collection) => `"${collection.name}"`).join(', ')
  const hint = known === '' ? 'There are none yet: make one with quarry ingest.' : `There are: ${known}.`
  throw new AppError('item-missing', `There is no collection called "${name}" in this workspace. ${hint}`)
}

function sameName(name: string): (collection: Collection) => boolean {
  return (collection) => collection.name.toLowerCase() === name.trim().toLowerCase()
}

export async function allDocuments(client: Client, collectionId: Collection['id'], filter?: string) {
  const documents = []
  for (;;) {
    const page = await client.documents.list({ collectionId, filter, limit: 10_000, offset: documents.length })
    documents.push(...page.documents)
    if (page.documents.length === 0 || documents.length >= page.total) return documents
  }
}

export function positiveInteger(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.')
}

export function portNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw new InvalidArgumentError('It must be a port number from 0 to 65535.')
}

export function stopSignal(): Promise<void> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop())
  })
}

/** Runs `work` until it ends by itself or a person stops the program, which is no error. */
export async function untilStopped(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController()
  void stopSignal().then(() => stop.abort())
  try {
    await work(stop.signal)
  } catch (error) {
    if (!stop.signal.aborted) throw error
  }
}

/** '+3 ~1 -0 =120 !2': added, changed, removed, unchanged, failed. */
export function changes(result: Omit<SyncResult, 'waiting' | 'jobId'>): string {
  return `+${result.added} ~${result.changed} -${result.removed} =${result.unchanged} !${result.failed}`
}

type Progress = { type: 'progress'; done: number; total?: number | undefined; label: string }

/** Shows a call's progress until the event of this type, which is given. Ctrl-C stops the call. */
export async function followCall<Event extends { type: string }, Type extends Event['type']>(
  options: GlobalOptions,
  start: (signal: AbortSignal) => Promise<AsyncIterable<Event | Progress>>,
  type: Type,
  unit = { size: 1, label: '' },
): Promise<Extract<Event, { type: Type }>> {
  const stop = new AbortController()
  const onStop = (): void => stop.abort()
  process.once('SIGINT', onStop)
  using bar = terminal.progress(options.json)
  try {
    for await (const event of await start(stop.signal)) {
      if (isProgress(event)) {
        const total = event.total === undefined ? undefined : Math.max(1, Math.round(event.total / unit.size))
        bar.update(Math.round(event.done / unit.size), total, `${unit.label}${event.label}`)
      } else if (event.type === type) {
        return event as Extract<Event, { type: Type }>
      }
    }
  } catch (error) {
    if (isCancellation(error)) throw new AppError('cancelled', 'Cancelled.')
    throw error
  } finally {
    process.off('SIGINT', onStop)
  }
  throw new AppError('internal', 'The work ended without a result. Try again.')
}

function isProgress(event: { type: string }): event is Progress {
  return event.type === 'progress'
}
