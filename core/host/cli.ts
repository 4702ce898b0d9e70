import { join, resolve } from 'node:path'
import type { SearchMode } from '../contract/values.ts'
import type { CollectionId } from '../shared/ids.ts'
import { consoleLog } from '../shared/log.ts'
import { addChunkCommand } from './cli-chunk.ts'
import { addBotCommands } from './cli-bots.ts'
import { addDatasetCommands } from './cli-datasets.ts'
import { addDocumentCommands, findDocument } from './cli-documents.ts'
import { addEvalCommands } from './cli-eval.ts'
import { addModelCommands } from './cli-models.ts'
import { addNetworkCommands } from './cli-network.ts'
import { addPipelineCommands } from './cli-pipelines.ts'
import { addPromptCommands } from './cli-prompts.ts'
import { addProviderCommands } from './cli-providers.ts'
import { addRunCommands } from './cli-runs.ts'
import { addSourceCommands } from './cli-sources.ts'
import { addTraceCommands } from './cli-traces.ts'
import { addTuneCommand } from './cli-tune.ts'
import {
  collectionOption,
  command,
  ensureCollection,
  environment,
  filterOption,
  findCollection,
  finishOlderJobs,
  followJob,
  type GlobalOptions,
  guarded,
  modeOption,
  parse,
  portNumber,
  positiveInteger,
  requireAnyPath,
  root,
  run,
  stopSignal,
  terminal,
  troubleLog,
  workspaceFolder,
} from './command-line.ts'
import type { Terminal } from './terminal.ts'

/**
 * The command line: a client like the page, over the in-process wire. Exit codes: 0 done, 1 done with failed items,
 * 2 could not run. With --json exactly one JSON value goes to standard output; everything else goes to standard error.
 */
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
  .addOption(filterOption())
  .option('-k <count>', 'how many passages', positiveInteger, 10)
  .action(
    (query: string, options: GlobalOptions & { collection: string; k: number; mode: SearchMode; filter?: string }) =>
      run(options, { program: 'quarry search' }, async (client) => {
        const { id: collectionId } = await findCollection(client, options.collection)
        const { results } = await client.search.run({
          collectionId,
          query,
          k: options.k,
          mode: options.mode,
          filter: options.filter,
        })
        terminal.result(options.json, { results: results.map(searchResult) }, () => terminal.passages(results))
        return 0
      }),
  )

command('ask', 'answer a question with citations')
  .argument('<question>', 'the question')
  .requiredOption('--collection <names...>', 'names of the collections that are asked together')
  .addOption(modeOption())
  .addOption(filterOption().conflicts('document'))
  .option('--document <path>', 'only this document, by its path in the collection')
  .option('--whole', 'read the one document that is asked as a whole, if it fits')
  .action((question: string, options: AskOptions) =>
    run(options, { program: 'quarry ask' }, async (client) => {
      const collectionIds: CollectionId[] = []
      for (const name of options.collection) collectionIds.push((await findCollection(client, name)).id)
      const { document, whole, mode, filter } = options
      const only = options.collection.length === 1 ? options.collection[0] : undefined
      const documentIds = document === undefined ? [] : [(await findDocument(client, document, only)).id]
      const scope = whole ? ('document' as const) : ('auto' as const)
      let note: string | null = null
      const input = { collectionIds, question, mode, filter, documentIds, scope }
      for await (const event of await client.ask.run(input)) {
        if (event.type === 'answer-delta' && !options.json) terminal.write(event.text)
        if (event.type === 'retrieval-end') note = event.note
        if (event.type !== 'ask-end') continue
        const { answer, citations, unsupported, invented, refused, passageMode, traceId, lowRelevance } = event
        const unsaid = unsupported.map(({ start, end }) => ({ start, end, text: answer.slice(start, end) }))
        const json = {
          ...{ answer, citations: citations.map(citationResult), unsupported: unsaid, invented, refused },
          ...{ passage_mode: passageMode, note, low_relevance: lowRelevance, trace_id: traceId },
        }
        terminal.result(options.json, json, () => {
          terminal.sources(citations)
          if (unsaid.length > 0) terminal.write('\nNot supported by the sources:\n')
          for (const { text } of unsaid) terminal.write(`- ${text}\n`)
          if (invented > 0) terminal.write(`\nMade-up citations taken out: ${invented}\n`)
          if (passageMode === 'whole-document') terminal.write('\nAnswered from the whole document.\n')
          if (note !== null) terminal.write(`\n${note}\n`)
          if (lowRelevance) terminal.write('\nWhat was found has little to do with the question: read with care.\n')
        })
      }
      return 0
    }),
  )

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

addSourceCommands()
addDocumentCommands()
addNetworkCommands()
addTraceCommands()
addProviderCommands()
addModelCommands()
addBotCommands()
addDatasetCommands()
addEvalCommands()
addRunCommands()
addPipelineCommands()
addPromptCommands()
addTuneCommand()
addChunkCommand()

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
        environment(workspaceFolder(options), 'quarry serve', { log, resumeJobs: true, watchSources: true }),
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

type AskOptions = GlobalOptions & {
  collection: string[]
  mode: SearchMode
  filter?: string
  document?: string
  whole?: boolean
}

function searchResult(passage: Parameters<Terminal['passages']>[0][number]) {
  const { document, path, page, place, start, end, headings, text, score, foundBy } = passage
  return { document, path, page, place, start, end, headings, text, score, found_by: foundBy }
}

function citationResult(citation: Parameters<Terminal['sources']>[0][number]) {
  const { marker, document, path, page, place, start, end, text } = citation
  return { marker, document, path, page, place, start, end, text }
}
