import { resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import type { Client } from '../contract/client.ts'
import { AppError } from '../contract/errors.ts'
import type { Schedule, Source, SourceOptions } from '../contract/sources.ts'
import {
  changes,
  collectionOption,
  command,
  ensureCollection,
  findCollection,
  finishOlderJobs,
  followJob,
  type GlobalOptions,
  requireAnyPath,
  run,
  terminal,
  untilStopped,
} from './command-line.ts'

interface SourceFlags {
  include?: string[]
  exclude?: string[]
  gitignore?: boolean
  review?: boolean
  every?: number
  live?: boolean
  manual?: boolean
}

/** `quarry sources …`: where documents come from, and how they are kept fresh. */
export function addSourceCommands(): void {
  const sources = command('sources', 'folders and archives that a collection is kept in step with')

  withSourceFlags(command('add', 'add a folder or ZIP archive as a source, and read it', sources))
    .argument('<path>', 'folder or archive')
    .addOption(collectionOption())
    .action((path: string, options: GlobalOptions & SourceFlags & { collection: string }) =>
      run(options, { program: 'quarry sources', resumeJobs: true }, async (client) => {
        await requireAnyPath([path])
        const { id: collectionId } = await ensureCollection(client, options.collection)
        await finishOlderJobs(client)
        const added = await client.sources.add({ collectionId, location: resolve(path), options: optionsOf(options) })
        return followJob(client, added.jobId, options)
      }),
    )

  withSourceFlags(command('set', 'change how a source is kept fresh', sources))
    .argument('<source>', 'its path or id')
    .action((name: string, options: GlobalOptions & SourceFlags) =>
      run(options, { program: 'quarry sources' }, async (client) => {
        const { id } = await findSource(client, name)
        const source = await client.sources.update({ sourceId: id, options: optionsOf(options) })
        terminal.result(options.json, { source: sourceRow(source) }, () => showSources([source]))
        return 0
      }),
    )

  command('list', 'list the sources with how their last sync went', sources)
    .option('--collection <name>', 'name of the collection (default: all)')
    .action((options: GlobalOptions & { collection?: string }) =>
      run(options, { program: 'quarry sources' }, async (client) => {
        const of = options.collection ? { collectionId: (await findCollection(client, options.collection)).id } : {}
        const { sources: found } = await client.sources.list(of)
        terminal.result(options.json, { sources: found.map(sourceRow) }, () => showSources(found))
        return 0
      }),
    )

  command('sync', 'take over what was added, changed and removed', sources)
    .argument('[source...]', 'paths or ids (default: all of the collection)')
    .addOption(collectionOption())
    .option('--verify', 'read files again whose size and time have not changed')
    .option('--allow-empty', 'take a folder that has become empty for empty')
    .action(
      (names: string[], options: GlobalOptions & { collection: string; verify?: boolean; allowEmpty?: boolean }) =>
        run(options, { program: 'quarry sources', resumeJobs: true }, async (client) => {
          const { id: collectionId } = await findCollection(client, options.collection)
          await finishOlderJobs(client)
          const found = await Promise.all(names.map((name) => findSource(client, name)))
          const { jobId } = await client.sources.sync({
            collectionId,
            ...(names.length > 0 ? { sourceIds: found.map((source) => source.id) } : {}),
            verify: options.verify ?? false,
            allowEmpty: options.allowEmpty ?? false,
          })
          return followJob(client, jobId, options)
        }),
    )

  command('watch', 'keep syncing by the schedules of the sources until it is stopped', sources).action(
    (options: GlobalOptions) =>
      run(options, { program: 'quarry sources watch', resumeJobs: true, watchSources: true }, async (client) => {
        const { sources: found } = await client.sources.list({})
        const scheduled = found.filter((source) => source.options.schedule.kind !== 'manual')
        if (scheduled.length === 0) {
          throw new AppError(
            'input-invalid',
            'No source has a schedule. Give one: quarry sources set PATH --live, or --every HOURS.',
          )
        }
        if (!options.json)
          terminal.write(`Watching ${scheduled.map(({ location }) => location).join(', ')}. Stop with Ctrl-C.\n`)
        await untilStopped(async (signal) => {
          const ended = async () => (await client.jobs.list({ limit: 100 })).jobs.filter((job) => job.finishedAt)
          const told = new Set((await ended()).map((job) => job.id))
          // A short job may never be seen active: what counts is that it ended.
          for await (const _change of await client.jobs.watchActive(undefined, { signal })) {
            for (const { id, label, progress, error } of (await ended()).toReversed()) {
              if (told.has(id)) continue
              told.add(id)
              terminal.complain(`${label}: ${error ? error.message : changes(progress)}`)
            }
          }
        })
        return 0
      }),
  )

  command('remove', 'remove a source and the documents that came from it', sources)
    .argument('<source>', 'its path or id')
    .option('--keep-documents', 'leave the documents in the collection')
    .action((name: string, options: GlobalOptions & { keepDocuments?: boolean }) =>
      run(options, { program: 'quarry sources' }, async (client) => {
        const { id } = await findSource(client, name)
        const result = await client.sources.remove({ sourceId: id, keepDocuments: options.keepDocuments ?? false })
        terminal.result(options.json, result, () => terminal.write(`Removed, with ${result.removed} documents.\n`))
        return 0
      }),
    )
}

function withSourceFlags(to: ReturnType<typeof command>) {
  return to
    .option('--include <glob...>', 'only files that match, such as contracts/**')
    .option('--exclude <glob...>', 'files that are passed over')
    .option('--no-gitignore', 'read what .gitignore files name, too')
    .option('--gitignore', 'obey .gitignore files (default)')
    .option('--review', 'let new files wait for approval')
    .option('--no-review', 'take new files in at once (default)')
    .addOption(new Option('--live', 'sync when something changes').conflicts(['every', 'manual']))
    .addOption(new Option('--every <hours>', 'sync every so many hours').argParser(hours).conflicts(['manual']))
    .option('--manual', 'sync only when asked to (default)')
}

function hours(text: string): number {
  const value = Number(text)
  if (value >= 0.1 && value <= 8760) return value
  throw new InvalidArgumentError('It must be a number of hours from 0.1 to 8760.')
}

/** What was given, and nothing else. */
function optionsOf(flags: SourceFlags): Partial<SourceOptions> {
  const schedule: Schedule | undefined = flags.live
    ? { kind: 'live', pollMinutes: 10 }
    : flags.every !== undefined
      ? { kind: 'every', hours: flags.every }
      : flags.manual
        ? { kind: 'manual' }
        : undefined
  return {
    ...(flags.include ? { include: flags.include } : {}),
    ...(flags.exclude ? { exclude: flags.exclude } : {}),
    ...(flags.gitignore === undefined ? {} : { gitignore: flags.gitignore }),
    ...(flags.review === undefined ? {} : { review: flags.review }),
    ...(schedule ? { schedule } : {}),
  }
}

async function findSource(client: Client, name: string): Promise<Source> {
  const { sources } = await client.sources.list({})
  const found = sources.filter((source) => source.id === name || source.location === resolve(name))
  const [first, second] = found
  if (first && !second) return first
  const hint = first
    ? `Several collections have it; give its id: ${found.map(({ id }) => id).join(', ')}.`
    : 'quarry sources list shows what there is.'
  throw new AppError('item-missing', `${first ? 'There is more than one' : 'There is no'} source "${name}". ${hint}`)
}

function sourceRow({ id, collectionId, kind, location, options, documents, syncedAt, result, error, dueAt }: Source) {
  const times = { synced_at: syncedAt, due_at: dueAt }
  return { id, collection: collectionId, kind, location, options, documents, ...times, result, error }
}

function showSources(sources: readonly Source[]): void {
  const rows = sources.map(({ id, kind, location, options: { schedule }, documents, syncedAt, result, error }) => ({
    location: location || (kind === 'files' ? '(single files)' : '(uploads)'),
    documents,
    refresh: schedule.kind === 'every' ? `every ${schedule.hours} h` : schedule.kind,
    'last sync': syncedAt === null ? 'never' : new Date(syncedAt).toISOString().slice(0, 16).replace('T', ' '),
    changes: result ? changes(result) : '',
    problem: error?.message ?? '',
    id,
  }))
  const none = 'No sources yet. Add one with: quarry sources add PATH --collection NAME'
  terminal.table(rows, ['location', 'documents', 'refresh', 'last sync', 'changes', 'problem', 'id'], none)
}
