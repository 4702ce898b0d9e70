import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import envPaths from 'env-paths'
import type { Client } from '../contract/client.ts'
import type { Collection } from '../contract/collections.ts'
import { AppError, fromErrorData, toAppError, toErrorData } from '../contract/errors.ts'
import type { JobEvent } from '../contract/jobs.ts'
import type { SearchMode } from '../contract/values.ts'
import { consoleLog, type Log, silentLog } from '../shared/log.ts'
import type { JobId } from '../shared/ids.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createTerminal, type Terminal } from './terminal.ts'
import { connectInProcess } from './wire-in-process.ts'

/**
 * The command line: a client like the page, over the in-process wire. Exit codes: 0 done, 1 done with failed items,
 * 2 could not run. With --json exactly one JSON value goes to standard output; everything else goes to standard error.
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const terminal = createTerminal()
/** What a person who looks at a served workbench's terminal has to know. */
const troubleLog: Log = { ...consoleLog(), info: () => {} }

interface GlobalOptions {
  workspace?: string
  json?: boolean
  verbose?: boolean
}

const program = new Command('quarry')
  .description('Documents in, cited answers out, on this machine alone.')
  .option('--workspace <dir>', 'workspace folder (default: the system folder for application data)')
  .option('--json', 'print one JSON value to standard output')
  .option('--verbose', 'log what happens to standard error')
  .exitOverride()
  // Wrong usage is told by `parse`, in one line like every other error.
  .configureOutput({ writeErr: () => {} })

const modeOption = () =>
  new Option('--mode <mode>', 'how to search').choices(['hybrid', 'text', 'vector']).default('hybrid')
const collectionOption = () => new Option('--collection <name>', 'name of the collection').makeOptionMandatory()

command('ingest', 'add files or folders to a collection, and wait until they are indexed')
  .argument('<path...>', 'files or folders')
  .addOption(collectionOption())
  .action((paths: string[], options: GlobalOptions & { collection: string }) =>
    run(options, { program: 'quarry ingest', resumeJobs: true }, async (client) => {
      await requireAnyPath(paths)
      const { id: collectionId } = await ensureCollection(client, options.collection)
      await finishOlderJobs(client)
      const { jobId } = await client.ingest.start({ collectionId, paths: paths.map((path) => resolve(path)) })
      return followJob(client, jobId, options)
    }),
  )

command('search', 'find passages')
  .argument('<query>', 'what to look for')
  .addOption(collectionOption())
  .addOption(modeOption())
  .option('-k <count>', 'how many passages', positiveInteger, 10)
  .action((query: string, options: GlobalOptions & { collection: string; k: number; mode: SearchMode }) =>
    run(options, { program: 'quarry search' }, async (client) => {
      const { id: collectionId } = await findCollection(client, options.collection)
      const { results } = await client.search.run({ collectionId, query, k: options.k, mode: options.mode })
      terminal.result(options.json, { results: results.map(searchResult) }, () => terminal.passages(results))
      return 0
    }),
  )

command('ask', 'answer a question with citations')
  .argument('<question>', 'the question')
  .addOption(collectionOption())
  .addOption(modeOption())
  .action((question: string, options: GlobalOptions & { collection: string; mode: SearchMode }) =>
    run(options, { program: 'quarry ask' }, async (client) => {
      const { id: collectionId } = await findCollection(client, options.collection)
      for await (const event of await client.ask.run({ collectionId, question, mode: options.mode })) {
        if (event.type === 'answer-delta' && !options.json) terminal.write(event.text)
        if (event.type !== 'ask-end') continue
        const { answer, citations, refused, traceId } = event
        const json = { answer, citations: citations.map(citationResult), refused, trace_id: traceId }
        terminal.result(options.json, json, () => terminal.sources(citations))
      }
      return 0
    }),
  )

const evaluation = command('eval', 'measure quality')
evaluation
  .command('retrieval')
  .description('nDCG@10, Recall@10, Recall@100, MRR@10 and latency on a folder in BEIR layout')
  .argument('<dir>', 'folder with corpus.jsonl, queries.jsonl and qrels/test.tsv')
  .addOption(modeOption())
  .action((folder: string, _options: unknown, self: Command) => {
    const options = self.optsWithGlobals<GlobalOptions & { mode: SearchMode }>()
    return run(options, { program: 'quarry eval', temporary: options.workspace === undefined }, async (client) => {
      const events = await client.evaluation.retrieval({ folder: resolve(folder), mode: options.mode })
      using bar = terminal.progress(options.json)
      for await (const event of events) {
        if (event.type === 'progress') bar.update(event.done, event.total, event.label)
        else {
          bar[Symbol.dispose]()
          terminal.result(options.json, event.result, () => terminal.metrics(event.result))
        }
      }
      return 0
    })
  })

command('collections', 'list the collections').action((options: GlobalOptions) =>
  run(options, { program: 'quarry collections' }, async (client) => {
    const { collections } = await client.collections.list()
    const rows = collections.map(({ id, name, documents, ready, failed, chunks }) => ({
      id,
      name,
      documents,
      ready,
      failed,
      chunks,
    }))
    terminal.result(options.json, { collections: rows }, () =>
      terminal.table(
        rows,
        ['name', 'documents', 'ready', 'failed', 'chunks'],
        'No collections yet. Make one with: quarry ingest PATH --collection NAME',
      ),
    )
    return 0
  }),
)

command('documents', 'list the documents of a collection')
  .option('--collection <name>', 'name of the collection (default: all)')
  .action((options: GlobalOptions & { collection?: string }) =>
    run(options, { program: 'quarry documents' }, async (client) => {
      const collections = options.collection
        ? [await findCollection(client, options.collection)]
        : (await client.collections.list()).collections
      const lists = await Promise.all(collections.map(({ id }) => allDocuments(client, id)))
      const rows = lists.flat().map(({ id, path, type, status, reason, pages, chunks }) => ({
        id,
        path,
        type,
        status,
        reason: reason?.message ?? null,
        pages,
        chunks,
      }))
      terminal.result(options.json, { documents: rows }, () =>
        terminal.table(rows, ['path', 'type', 'status', 'pages', 'chunks', 'reason'], 'No documents yet.'),
      )
      return 0
    }),
  )

command('jobs', 'list the jobs, newest first')
  .option('--resume', 'go on with unfinished jobs and wait for them')
  .action((options: GlobalOptions & { resume?: boolean }) =>
    run(options, { program: 'quarry jobs', resumeJobs: options.resume ?? false }, async (client) => {
      if (options.resume) await finishOlderJobs(client)
      const { jobs } = await client.jobs.list({ limit: 100 })
      const rows = jobs.map(({ id, label, status, progress, error }) => ({
        id,
        label,
        status,
        done: progress.done,
        total: progress.total ?? null,
        ready: progress.ready,
        failed: progress.failed,
        unchanged: progress.unchanged,
        error: error?.message ?? null,
      }))
      terminal.result(options.json, { jobs: rows }, () =>
        terminal.table(rows, ['id', 'label', 'status', 'done', 'total', 'failed'], 'No jobs yet.'),
      )
      return 0
    }),
  )

command('serve', 'serve the workbench on 127.0.0.1 until it is stopped')
  .option('--port <port>', 'port (default: any free one)', portNumber)
  .action(async (options: GlobalOptions & { port?: number }) => {
    process.exitCode = await guarded(options, async () => {
      const [{ createApp }, { serve }] = await Promise.all([import('../app.ts'), import('./serve.ts')])
      const log = options.verbose ? consoleLog() : troubleLog
      await using app = await createApp(
        environment(workspaceFolder(options), 'quarry serve', { log, resumeJobs: true }),
      )
      const rendererFolder = join(root, 'out', 'renderer')
      const port = options.port === undefined ? {} : { port: options.port }
      // For programs that start the host themselves and must know the key, such as the journeys.
      const token = process.env.QUARRY_TOKEN ? { token: process.env.QUARRY_TOKEN } : {}
      await using host = await serve({
        router: app.router,
        rendererFolder,
        version: app.services.version,
        log,
        ...port,
        ...token,
      })
      const address = { url: host.url, port: host.port, workspace: app.services.workspace.folder }
      terminal.result(options.json, address, () =>
        terminal.write(`Quarry is open at ${host.url}\nStop it with Ctrl-C.\n`),
      )
      await stopSignal()
      return 0
    })
  })

await parse()

async function parse(): Promise<void> {
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
function command(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--workspace <dir>', 'workspace folder')
    .option('--json', 'print one JSON value to standard output')
    .option('--verbose', 'log what happens to standard error')
    .hook('preAction', (_self, action) => {
      for (const [key, value] of Object.entries(program.opts())) {
        if (action.getOptionValue(key) === undefined) action.setOptionValue(key, value)
      }
    })
}

interface RunSettings {
  program: string
  resumeJobs?: boolean
  /** In a folder that is removed afterwards. */
  temporary?: boolean
}

/** Opens the workspace, gives the work a client, closes everything, sets the exit code. */
async function run(
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
    const { program: name, resumeJobs = false } = settings
    // Loaded here, so that help and wrong usage are told at once.
    const { createApp } = await import('../app.ts')
    const app = cleanup.use(await createApp(environment(folder, name, { log, resumeJobs })))
    const connection = connectInProcess<Client>(app.router, { log })
    cleanup.use(connection)
    return await work(connection.client)
  })
}

async function guarded(options: GlobalOptions, work: () => Promise<number>): Promise<number> {
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

function environment(
  dataFolder: string,
  name: string,
  more: { log: ReturnType<typeof consoleLog>; resumeJobs: boolean },
) {
  return {
    dataFolder,
    program: name,
    modelFolders: [join(dataFolder, 'models'), join(root, 'models')],
    demoFolder: join(root, 'resources', 'demo'),
    computeWorkerUrl: new URL('../compute/worker.ts', import.meta.url),
    ...more,
  }
}

function workspaceFolder(options: GlobalOptions): string {
  const chosen = options.workspace ?? process.env.QUARRY_WORKSPACE
  return chosen === undefined || chosen === '' ? envPaths('Quarry', { suffix: '' }).data : resolve(chosen)
}

/** Waits for the job, shows its progress, prints how it ended. */
async function followJob(client: Client, jobId: JobId, options: GlobalOptions): Promise<number> {
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
  const { ready, failed, unchanged, chunks } = job.progress
  const failedRows = failures.map(({ path, reason }) => ({ path, code: reason?.code, reason: reason?.message ?? '' }))
  const json = { job: job.id, ready, failed, unchanged, chunks, failures: failedRows }
  if (options.json && failed > 0)
    terminal.complain(`${failed === 1 ? '1 file' : `${failed} files`} could not be added; "failures" says why.`)
  terminal.result(options.json, json, () => {
    for (const { path, reason } of failedRows) terminal.complain(`failed ${path}: ${reason}`)
    terminal.write(`${ready} ready, ${unchanged} unchanged, ${failed} failed, ${chunks} chunks\n`)
  })
  return failed > 0 ? 1 : 0
}

/** One wrong path among several is a failed item; only wrong ones are a mistake in the command. */
async function requireAnyPath(paths: readonly string[]): Promise<void> {
  const missing = await Promise.all(paths.map((path) => stat(path).then(() => false, isMissing)))
  if (missing.includes(false)) return
  const what =
    paths.length === 1 ? `There is no file or folder ${paths[0]}.` : `None of these is there: ${paths.join(', ')}.`
  throw new AppError('file-missing', `${what} Check the path.`, { details: { paths } })
}

function isMissing(error: unknown): boolean {
  return toAppError(error).code === 'file-missing'
}

/** Jobs that an earlier process left go first. */
async function finishOlderJobs(client: Client): Promise<void> {
  for await (const { jobs } of await client.jobs.watchActive()) {
    if (jobs.length === 0) return
  }
}

async function ensureCollection(client: Client, name: string): Promise<Collection> {
  const { collections } = await client.collections.list()
  return collections.find(sameName(name)) ?? (await client.collections.create({ name }))
}

async function findCollection(client: Client, name: string): Promise<Collection> {
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

async function allDocuments(client: Client, collectionId: Collection['id']) {
  const documents = []
  for (;;) {
    const page = await client.documents.list({ collectionId, limit: 10_000, offset: documents.length })
    documents.push(...page.documents)
    if (page.documents.length === 0 || documents.length >= page.total) return documents
  }
}

function searchResult(passage: Parameters<Terminal['passages']>[0][number]) {
  const { document, path, page, start, end, headings, text, score, foundBy } = passage
  return { document, path, page, start, end, headings, text, score, found_by: foundBy }
}

function citationResult(citation: Parameters<Terminal['sources']>[0][number]) {
  const { marker, document, path, page, start, end, text } = citation
  return { marker, document, path, page, start, end, text }
}

function positiveInteger(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 1000) return value
  throw new InvalidArgumentError('It must be a whole number from 1 to 1000.')
}

function portNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value
  throw new InvalidArgumentError('It must be a port number from 0 to 65535.')
}

function stopSignal(): Promise<void> {
  return new Promise((stop) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop())
  })
}
