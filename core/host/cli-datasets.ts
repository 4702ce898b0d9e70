import { resolve } from 'node:path'
import { InvalidArgumentError, Option } from 'commander'
import type { Client } from '../contract/client.ts'
import {
  caseStates,
  type CaseState,
  type Dataset,
  exportFormats,
  importFormats,
  type ImportFormat,
  questionMakers,
  type QuestionMaker,
  type TestCase,
} from '../contract/datasets.ts'
import { AppError } from '../contract/errors.ts'
import { command, findCollection, followCall, type GlobalOptions, run, terminal } from './command-line.ts'

type Named<Options = object> = GlobalOptions & Options
const program = { program: 'quarry datasets' }

/** `quarry datasets …`: questions with the passages that should be found, to measure retrieval and answers by. */
export function addDatasetCommands(): void {
  const datasets = command('datasets', 'test cases: questions with the passages that should be found')

  command('list', 'list the datasets', datasets).action((options: GlobalOptions) =>
    run(options, program, async (client) => {
      const { datasets: all } = await client.datasets.list()
      terminal.result(options.json, { datasets: all.map(datasetRow) }, () =>
        terminal.table(
          all.map((one) => ({
            ...datasetRow(one),
            accepted: one.states.accepted ?? 0,
            proposed: one.states.proposed ?? 0,
          })),
          ['name', 'version', 'cases', 'accepted', 'proposed', 'stale'],
          'No datasets yet. Make one with: quarry datasets create NAME --collection NAME',
        ),
      )
      return 0
    }),
  )

  command('show', 'show a dataset and its cases', datasets)
    .argument('<name>', 'name or id of the dataset')
    .addOption(new Option('--state <state>', 'only these').choices(caseStates))
    .option('--split <name>', 'only of this split')
    .option('--tag <tag>', 'only with this tag')
    .option('--stale', 'only those that cannot be measured with the present documents')
    .option('--at <version>', 'as it was in this version', wholeNumber)
    .option('--limit <count>', 'how many cases', wholeNumber, 100)
    .action(
      (
        name: string,
        options: Named<{
          state?: CaseState
          split?: string
          tag?: string
          stale?: boolean
          at?: number
          limit: number
        }>,
      ) =>
        run(options, program, async (client) => {
          const dataset = await findDataset(client, name)
          const { state, split, tag, stale, at: version, limit } = options
          const selection = { datasetId: dataset.id, state, split, tag, stale, version, limit }
          const { cases, total } = await client.datasets.cases(selection)
          const { versions } = await client.datasets.versions({ datasetId: dataset.id, limit: 5 })
          terminal.result(
            options.json,
            { ...datasetRow(dataset), total, cases_shown: cases.map(caseRow), versions },
            () => {
              showDataset(dataset)
              terminal.table(
                cases.map((one) => ({
                  ...one,
                  passages: one.expected.length + one.relevant.length,
                  stale: one.stale ?? '',
                })),
                ['id', 'state', 'split', 'passages', 'question', 'stale'],
                'No cases.',
              )
              if (total > cases.length) terminal.write(`… and ${total - cases.length} more (--limit).\n`)
              for (const { number, note } of versions) terminal.write(`version ${number}: ${note}\n`)
            },
          )
          return 0
        }),
    )

  command('create', 'make an empty dataset', datasets)
    .argument('<name>', 'its name')
    .option('--collection <name>', 'the collection whose documents its passages are in')
    .option('--description <text>', 'what it is for', '')
    .action((name: string, options: Named<{ collection?: string; description: string }>) =>
      run(options, program, async (client) => {
        const collectionId =
          options.collection === undefined ? null : (await findCollection(client, options.collection)).id
        const created = await client.datasets.create({ name, collectionId, description: options.description })
        terminal.result(options.json, datasetRow(created), () => terminal.write(`Made "${created.name}".\n`))
        return 0
      }),
    )

  command('add', 'add one case', datasets)
    .argument('<name>', 'name or id of the dataset')
    .requiredOption('--question <text>', 'the question')
    .option('--path <path>', 'the document that answers it')
    .option('--quote <words>', 'its words that answer it; they must stand there once')
    .option('--start <offset>', 'where they begin, instead, in UTF-16 code units', wholeNumber)
    .option('--end <offset>', 'and where they end', wholeNumber)
    .option('--answer <text>', 'what a good answer says')
    .option('--unanswerable', 'the documents do not say it: it should be refused')
    .option('--tag <tag...>', 'tags')
    .option('--split <name>', 'its split')
    .option('--id <id>', 'its id')
    .action((name: string, options: Named<AddOptions>) =>
      run(options, program, async (client) => {
        const { id: datasetId } = await findDataset(client, name)
        const added = await client.datasets.addCase({ datasetId, case: givenCase(options) })
        terminal.result(options.json, caseRow(added), () => terminal.write(`Added ${added.id}.\n`))
        return 0
      }),
    )

  command('add-trace', 'make a case of a question that was asked, with what it was answered from', datasets)
    .argument('<trace>', 'id of the trace')
    .option('--dataset <name>', 'name or id (default: the one of its collection that was changed last)')
    .option('--unanswerable', 'it should have been refused')
    .action((traceId: string, options: Named<{ dataset?: string; unanswerable?: boolean }>) =>
      run(options, program, async (client) => {
        const dataset = options.dataset === undefined ? undefined : await findDataset(client, options.dataset)
        const answerable = options.unanswerable ? { answerable: false } : {}
        const added = await client.datasets.addTrace({ traceId, datasetId: dataset?.id, ...answerable })
        terminal.result(options.json, { dataset: added.datasetId, ...caseRow(added.case) }, () =>
          terminal.write(`Added ${added.case.id}.\n`),
        )
        return 0
      }),
    )

  command('import', 'import .jsonl or .csv, a BEIR folder, or the folder of the chunking evaluation', datasets)
    .argument('<path>', 'the file or folder')
    .option('--dataset <name>', 'into this one (default: a new one)')
    .option('--name <name>', 'name of the new one (default: that of the file)')
    .option('--collection <name>', 'the collection whose documents its passages are in')
    .addOption(new Option('--format <format>', 'default: told from the name').choices(importFormats))
    .addOption(
      new Option('--on-duplicate <what>', 'what to do with ids that are there')
        .choices(['refuse', 'skip', 'replace'])
        .default('refuse'),
    )
    .option('--allow-stale', 'take cases whose documents or words are not there')
    .option('--split <name...>', 'of BEIR folders: only these judgements, such as test')
    .action((path: string, options: Named<ImportOptions>) =>
      run(options, program, async (client) => {
        const collection =
          options.collection === undefined ? undefined : await findCollection(client, options.collection)
        const dataset = options.dataset === undefined ? undefined : await findDataset(client, options.dataset)
        const input = {
          path: resolve(path),
          format: options.format,
          datasetId: dataset?.id,
          name: options.name,
          collectionId: collection?.id,
          onDuplicate: options.onDuplicate,
          allowStale: options.allowStale ?? false,
          splits: options.split,
        }
        const end = await followCall(options, (signal) => client.datasets.import(input, { signal }), 'import-end')
        const { added, replaced, skipped, stale, warnings } = end
        terminal.result(options.json, { ...datasetRow(end.dataset), added, replaced, skipped, stale, warnings }, () => {
          const counts = [`${added} added`, `${replaced} replaced`, `${skipped} skipped`, `${stale} stale`]
          terminal.write(`"${end.dataset.name}" version ${end.dataset.version}: ${counts.join(', ')}\n`)
        })
        if (!options.json) warnings.forEach((warning) => terminal.complain(warning))
        return 0
      }),
    )

  command('export', 'write a dataset to a new file, or for BEIR to a new folder', datasets)
    .argument('<name>', 'name or id of the dataset')
    .argument('<path>', 'the file or folder to make')
    .addOption(new Option('--format <format>', 'default: told from the path').choices(exportFormats))
    .action((name: string, path: string, options: Named<{ format?: (typeof exportFormats)[number] }>) =>
      run(options, program, async (client) => {
        const { id: datasetId } = await findDataset(client, name)
        const format =
          options.format ?? (/\.csv$/i.test(path) ? 'csv' : /\.(jsonl|ndjson)$/i.test(path) ? 'jsonl' : 'beir')
        const input = { datasetId, format, path: resolve(path) }
        const {
          cases,
          hash,
          path: written,
        } = await followCall(options, (signal) => client.datasets.export(input, { signal }), 'export-end')
        terminal.result(options.json, { path: written, cases, hash }, () =>
          terminal.write(`Wrote ${cases} cases to ${written}\n`),
        )
        return 0
      }),
    )

  command('generate', 'propose questions about the documents of its collection, to be reviewed', datasets)
    .argument('<name>', 'name or id of the dataset')
    .option('--limit <count>', 'how many', wholeNumber, 50)
    .addOption(new Option('--maker <maker...>', 'only of these kinds').choices(questionMakers))
    .option(
      '--model <id>',
      'with this language model (quarry models list) instead of from headings, tables and sentences',
    )
    .option('--seed <number>', 'another choice among what can be asked', wholeNumber, 0)
    .action((name: string, options: Named<{ limit: number; maker?: QuestionMaker[]; model?: string; seed: number }>) =>
      run(options, program, async (client) => {
        const { id: datasetId } = await findDataset(client, name)
        const { limit, maker: makers, seed, model } = options
        const generator = model === undefined ? undefined : { id: 'llama', options: { model } }
        const input = { datasetId, limit, makers, seed, generator }
        const end = await followCall(options, (signal) => client.datasets.generate(input, { signal }), 'generate-end')
        terminal.result(options.json, { ...datasetRow(end.dataset), added: end.added, dropped: end.dropped }, () => {
          terminal.write(`Proposed ${end.added} questions. Review them in the workbench, or: quarry datasets review\n`)
          for (const [reason, count] of Object.entries(end.dropped)) terminal.write(`  ${count} not kept: ${reason}\n`)
        })
        return 0
      }),
    )

  command('review', 'list what is proposed, or accept or reject it', datasets)
    .argument('<name>', 'name or id of the dataset')
    .argument('[id...]', 'ids of cases')
    .option('--accept', 'accept these cases')
    .option('--reject', 'reject these cases')
    .option('--all', 'all that are proposed')
    .action((name: string, ids: string[], options: Named<{ accept?: boolean; reject?: boolean; all?: boolean }>) =>
      run(options, program, async (client) => {
        const { id: datasetId } = await findDataset(client, name)
        const { cases } = await client.datasets.cases({ datasetId, state: 'proposed', limit: 10_000 })
        if (!options.accept && !options.reject) {
          terminal.result(options.json, { cases: cases.map(caseRow) }, () =>
            terminal.table(
              cases.map((one) => ({
                ...one,
                passage: one.expected[0]?.text.replaceAll(/\s+/g, ' ').slice(0, 60) ?? '',
              })),
              ['id', 'question', 'passage'],
              'Nothing is proposed.',
            ),
          )
          return 0
        }
        if (options.accept && options.reject) throw new AppError('input-invalid', 'Say --accept or --reject, not both.')
        const caseIds = options.all ? cases.map(({ id }) => id) : ids
        if (caseIds.length === 0) throw new AppError('input-invalid', 'Name the cases by their ids, or say --all.')
        const state = options.accept ? 'accepted' : 'rejected'
        const { changed, dataset } = await client.datasets.setCases({ datasetId, caseIds, state })
        terminal.result(options.json, { ...datasetRow(dataset), changed }, () =>
          terminal.write(`${changed === 1 ? '1 case' : `${changed} cases`} ${state}.\n`),
        )
        return 0
      }),
    )

  command('split', 'deal the cases out into parts, the same way each time', datasets)
    .argument('<name>', 'name or id of the dataset')
    .argument('<part...>', 'such as train=0.8 test=0.2')
    .option('--seed <number>', 'another deal', wholeNumber, 0)
    .option('--by-tag', 'each tag by itself')
    .action((name: string, parts: string[], options: Named<{ seed: number; byTag?: boolean }>) =>
      run(options, program, async (client) => {
        const { id: datasetId } = await findDataset(client, name)
        const input = { datasetId, parts: parts.map(toPart), seed: options.seed, byTag: options.byTag ?? false }
        const dataset = await client.datasets.split(input)
        terminal.result(options.json, datasetRow(dataset), () =>
          terminal.write(
            `${Object.entries(dataset.splits)
              .map(([part, count]) => `${part}: ${count}`)
              .join(', ')}\n`,
          ),
        )
        return 0
      }),
    )

  command('remove', 'remove a dataset, or cases of it', datasets)
    .argument('<name>', 'name or id of the dataset')
    .argument('[id...]', 'only these cases')
    .action((name: string, caseIds: string[], options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { id: datasetId } = await findDataset(client, name)
        if (caseIds.length > 0) {
          const { removed, dataset } = await client.datasets.removeCases({ datasetId, caseIds })
          terminal.result(options.json, { ...datasetRow(dataset), removed }, () =>
            terminal.write(`Removed ${removed === 1 ? '1 case' : `${removed} cases`}.\n`),
          )
          return removed === caseIds.length ? 0 : 1
        }
        const { removed } = await client.datasets.remove({ datasetId })
        terminal.result(options.json, { id: datasetId, removed }, () => terminal.write(`Removed "${name}".\n`))
        return 0
      }),
    )
}

interface AddOptions {
  question: string
  path?: string
  quote?: string
  start?: number
  end?: number
  answer?: string
  unanswerable?: boolean
  tag?: string[]
  split?: string
  id?: string
}

interface ImportOptions {
  dataset?: string
  name?: string
  collection?: string
  format?: ImportFormat
  onDuplicate: 'refuse' | 'skip' | 'replace'
  allowStale?: boolean
  split?: string[]
}

function givenCase({ id, question, path, quote: text, start, end, answer, unanswerable, tag, split }: AddOptions) {
  const passage = path === undefined ? [] : [{ path, text, start, end }]
  return { id, question, expected: passage, answer: answer ?? null, answerable: !unanswerable, tags: tag ?? [], split }
}

/** By id, or by name in any case. Errors: item-missing, naming those that there are. */
export async function findDataset(client: Client, name: string): Promise<Dataset> {
  const { datasets } = await client.datasets.list()
  const wanted = name.trim().toLowerCase()
  const found = datasets.find((one) => one.id === name || one.name.toLowerCase() === wanted)
  if (found) return found
  const known = datasets.map((one) => `"${one.name}"`).join(', ')
  const hint = known === '' ? 'There are none yet: make one with quarry datasets create.' : `There are: ${known}.`
  throw new AppError('item-missing', `There is no dataset called "${name}" in this workspace. ${hint}`)
}

function datasetRow({
  id,
  name,
  description,
  collectionId,
  version,
  hash,
  cases,
  states,
  splits,
  tags,
  stale,
}: Dataset) {
  return { id, name, description, collection: collectionId, version, hash, cases, states, splits, tags, stale }
}

function caseRow({ createdAt: _createdAt, expected, ...rest }: TestCase) {
  return {
    ...rest,
    expected: expected.map(({ path, start, end, text, grade, lost }) => ({ path, start, end, text, grade, lost })),
  }
}

function showDataset({ name, description, version, hash, cases, states, splits, stale }: Dataset): void {
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([key, count]) => `${key} ${count}`)
      .join(', ')
  const lines: [string, string][] = [
    ['name', name],
    ['about', description],
    ['version', `${version}, hash ${hash.slice(0, 12)}`],
    ['cases', `${cases} (${list(states)})`],
    ['splits', list(splits)],
    ['stale', String(stale)],
  ]
  for (const [key, value] of lines) if (value !== '') terminal.write(`${key.padEnd(12)}${value}\n`)
  terminal.write('\n')
}

function toPart(text: string): { name: string; share: number } {
  const [name = '', share = ''] = text.split('=')
  if (name !== '' && Number(share) > 0) return { name, share: Number(share) }
  throw new AppError('input-invalid', `"${text}" is no part. Write a name and a share, such as test=0.2.`)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('It must be a whole number.')
}
