import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createTwoFilesPatch } from 'diff'
import type { Client } from '../contract/client.ts'
import { AppError } from '../contract/errors.ts'
import type { PromptRecord, PromptVersion } from '../contract/prompts.ts'
import { findRelease } from './cli-pipelines.ts'
import { command, findCollection, type GlobalOptions, run, terminal } from './command-line.ts'
import { findDataset, finishJob, showComparison, wholeNumber } from './evaluation-parts.ts'

type Named<Options = object> = GlobalOptions & Options
interface Files {
  system?: string
  user?: string
}
const program = { program: 'quarry prompts' }
const name = 'name or id of the prompt'

/** `quarry prompts …`: what language models are told, with versions. */
export function addPromptCommands(): void {
  const prompts = command('prompts', 'what language models are told, with versions')

  command('list', 'list the prompts', prompts).action((options: GlobalOptions) =>
    run(options, program, async (client) => {
      const { prompts: all } = await client.prompts.list()
      terminal.result(options.json, { prompts: all }, () =>
        terminal.table(all.map(toRow), ['name', 'version', 'changed', 'id'], 'No prompts.'),
      )
      return 0
    }),
  )

  command('show', 'show the words of a prompt and its versions', prompts)
    .argument('<prompt>', name)
    .option('--version <number>', 'an earlier version', wholeNumber)
    .action((given: string, options: Named<{ version?: number }>) =>
      run(options, program, async (client) => {
        const { versions, ...record } = await client.prompts.get({ promptId: (await findPrompt(client, given)).id })
        const version = versionOf(versions, options.version)
        terminal.result(options.json, { ...record, ...version, versions }, () => {
          terminal.write(`${record.name}, version ${version.number} of ${versions.length}. ${version.note}\n`)
          terminal.write(`\n--- system ---\n${version.prompt.system}\n\n--- user ---\n${version.prompt.user}\n`)
        })
        return 0
      }),
    )

  command('save', 'make a prompt, or a new version of one', prompts)
    .argument('<prompt>', 'its name')
    .option('--system <file>', 'a file with the system message; absent: as it is')
    .option('--user <file>', 'a file with the message of the user; absent: as it is')
    .option('--note <text>', 'what changed', '')
    .action((given: string, options: Named<Files & { note: string }>) =>
      run(options, program, async (client) => {
        const { prompts: all } = await client.prompts.list()
        const known = all.find(isCalled(given))
        const base = known ?? all.find(isCalled('Standard')) ?? all[0]
        const words = await wordsFrom(client, options, base)
        const { note } = options
        const saved = known
          ? await client.prompts.save({ promptId: known.id, ...words, note })
          : await client.prompts.create({ name: given, ...words, note })
        terminal.result(options.json, saved, () => terminal.write(`"${saved.name}" is at version ${saved.version}.\n`))
        return 0
      }),
    )

  command('preview', 'show what a model would be given, with passages that are really found', prompts)
    .argument('<prompt>', name)
    .requiredOption('--collection <name>', 'where passages are looked for')
    .requiredOption('--question <text>', 'the question')
    .option('--version <number>', 'an earlier version', wholeNumber)
    .option('--release <release>', 'with the settings of this release, such as Standard@2')
    .action(
      (given: string, options: Named<{ collection: string; question: string; version?: number; release?: string }>) =>
        run(options, program, async (client) => {
          const { system, user } = await promptOf(client, given, options.version)
          const { id: collectionId } = await findCollection(client, options.collection)
          const releaseId = options.release === undefined ? undefined : (await findRelease(client, options.release)).id
          const { question } = options
          const shown = await client.prompts.preview({ system, user, collectionId, question, releaseId })
          const { messages, tokens, countedBy, contextTokens, used, passages } = shown
          const json = { messages, tokens, counted_by: countedBy, context_tokens: contextTokens, used }
          terminal.result(options.json, { ...json, found: passages.length }, () => {
            for (const { role, content } of messages) terminal.write(`--- ${role} ---\n${content}\n\n`)
            const room = contextTokens === null ? '' : ` of ${contextTokens}`
            terminal.write(`${tokens}${room} tokens, counted by ${countedBy}; `)
            terminal.write(`${used} of ${passages.length} passages are in it.\n`)
          })
          return 0
        }),
    )

  command('diff', 'show what changed between two versions', prompts)
    .argument('<prompt>', name)
    .argument('<before>', 'a version', wholeNumber)
    .argument('[after]', 'another one; absent: the newest', wholeNumber)
    .action((given: string, before: number, after: number | undefined, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const a = await promptOf(client, given, before)
        const b = await promptOf(client, given, after)
        const patches = (['system', 'user'] as const).map((part) => ({
          part,
          patch: a[part] === b[part] ? '' : patchOf(part, a, b),
        }))
        const json = Object.fromEntries(patches.map(({ part, patch }) => [part, patch]))
        terminal.result(options.json, { before: a.version, after: b.version, ...json }, () => {
          if (patches.every(({ patch }) => patch === '')) terminal.write('The same words.\n')
          for (const { patch } of patches) terminal.write(patch)
        })
        return 0
      }),
    )

  command('test', 'answer a dataset with two versions that differ in nothing else', prompts)
    .argument('<prompt>', name)
    .requiredOption('--release <release>', 'the pipeline, such as Standard@2; it needs a language model')
    .requiredOption('--dataset <name>', 'the questions')
    .option('--before <version>', 'absent: the built-in prompt', wholeNumber)
    .option('--after <version>', 'absent: the newest version', wholeNumber)
    .action((given: string, options: Named<{ release: string; dataset: string; before?: number; after?: number }>) =>
      run(options, { ...program, resumeJobs: true }, async (client) => {
        const release = await findRelease(client, options.release)
        const dataset = await findDataset(client, options.dataset)
        const before = options.before === undefined ? null : await promptOf(client, given, options.before)
        const after = await promptOf(client, given, options.after)
        const request = { releaseId: release.id, datasetId: dataset.id, before, after }
        const { beforeRunId, afterRunId } = await client.prompts.test(request)
        for (const runId of [beforeRunId, afterRunId]) {
          const { jobId } = await client.runs.get({ runId })
          if (jobId) await finishJob(client, jobId, options)
        }
        const comparison = await client.runs.compare({ runId: beforeRunId, otherId: afterRunId })
        const { metrics } = comparison
        terminal.result(options.json, { before: beforeRunId, after: afterRunId, metrics }, () =>
          showComparison(comparison),
        )
        return 0
      }),
    )

  command('remove', 'remove a prompt; pipelines that carry its words keep them', prompts)
    .argument('<prompt>', name)
    .action((given: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { id: promptId, name: called } = await findPrompt(client, given)
        const { removed } = await client.prompts.remove({ promptId })
        terminal.result(options.json, { id: promptId, removed }, () => terminal.write(`Removed "${called}".\n`))
        return 0
      }),
    )
}

/** Errors: item-missing, naming those that there are. */
async function findPrompt(client: Client, given: string): Promise<PromptRecord> {
  const { prompts } = await client.prompts.list()
  const found = prompts.find(isCalled(given))
  if (found) return found
  const known = prompts.map((prompt) => `"${prompt.name}"`).join(', ')
  throw new AppError('item-missing', `There is no prompt called "${given}". There are: ${known}.`)
}

function isCalled(given: string): (prompt: PromptRecord) => boolean {
  return (prompt) => prompt.id === given || prompt.name.toLowerCase() === given.trim().toLowerCase()
}

function versionOf(versions: readonly PromptVersion[], number: number | undefined): PromptVersion {
  const found = number === undefined ? versions[0] : versions.find((version) => version.number === number)
  if (found) return found
  throw new AppError('item-missing', `There is no version ${number}. The newest one is ${versions[0]?.number}.`)
}

async function promptOf(client: Client, given: string, number: number | undefined): Promise<PromptVersion['prompt']> {
  const { versions } = await client.prompts.get({ promptId: (await findPrompt(client, given)).id })
  return versionOf(versions, number).prompt
}

async function wordsFrom(client: Client, { system, user }: Files, base: PromptRecord | undefined) {
  const words = base && versionOf((await client.prompts.get({ promptId: base.id })).versions, undefined).prompt
  const read = (file: string | undefined, otherwise: string | undefined): Promise<string> | string =>
    file === undefined ? (otherwise ?? '') : readFile(resolve(file), 'utf8')
  return { system: await read(system, words?.system), user: await read(user, words?.user) }
}

function patchOf(part: 'system' | 'user', a: PromptVersion['prompt'], b: PromptVersion['prompt']): string {
  const label = (prompt: PromptVersion['prompt']): string => `${part}, version ${prompt.version}`
  return createTwoFilesPatch(label(a), label(b), `${a[part]}\n`, `${b[part]}\n`, undefined, undefined, { context: 2 })
}

function toRow({ id, name: called, version, changedAt }: PromptRecord) {
  return { id, name: called, version, changed: new Date(changedAt).toISOString().slice(0, 10) }
}
