import type { Client } from '../contract/client.ts'
import { AppError } from '../contract/errors.ts'
import { type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import { type GateResult, isUndecided, type Release, type ReleaseLine } from '../contract/releases.ts'
import { metricNameSchema } from '../contract/runs.ts'
import { command, type GlobalOptions, run, terminal } from './command-line.ts'
import { findDataset, finishJob, readJson } from './evaluation-parts.ts'

type Named<Options = object> = GlobalOptions & Options
interface Signed {
  who: string
  reason: string
}
const program = { program: 'quarry pipelines' }
/** Jobs that an earlier process left belong to what is waited for here. */
const waiting = { ...program, resumeJobs: true }
const gateFailed = 3
const named = "'NAME@2' for release 2, 'NAME@draft' for its only draft, 'NAME' for what is in production, or its id"

/** `quarry pipelines …`: lines of pipelines, from a draft through the gate into production and back. */
export function addPipelineCommands(): void {
  const pipelines = command('pipelines', 'pipelines over time: drafts, candidates, production and the way back')

  command('list', 'list the pipelines and what is in production', pipelines).action((options: GlobalOptions) =>
    run(options, program, async (client) => {
      const { lines } = await client.lines.list()
      terminal.result(options.json, { lines: lines.map(lineRow) }, () =>
        terminal.table(lines.map(lineRow), ['name', 'production', 'candidates', 'drafts', 'retired', 'about'], 'None.'),
      )
      return 0
    }),
  )

  command('show', 'show the releases of a pipeline, or one release with all its settings', pipelines)
    .argument('<release>', `name of the pipeline, or ${named}`)
    .action((name: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        if (name.includes('@') || name.startsWith('rel_')) {
          const release = await findRelease(client, name)
          terminal.result(options.json, release, () => {
            terminal.write(`${titleOf(release)}, ${release.stage} (${release.id})\n`)
            if (release.note !== '') terminal.write(`${release.note}\n`)
            if (release.runId) terminal.write(`measured by ${release.runId}\n`)
            terminal.write(`${JSON.stringify(release.pipeline, null, 2)}\n`)
          })
          return 0
        }
        const { id: lineId } = await findLine(client, name)
        const { line, releases } = await client.lines.get({ lineId })
        terminal.result(options.json, { line, releases }, () => {
          terminal.write(`${line.name}: ${line.description}\n${gateWords(line)}\n\n`)
          terminal.table(releases.map(releaseRow), ['release', 'stage', 'changed', 'note', 'id'], 'No releases.')
        })
        return 0
      }),
    )

  command('gate', 'set what must hold before a release goes into production', pipelines)
    .argument('<pipeline>', 'its name')
    .option('--dataset <name>', 'what candidates are measured on')
    .option('--rule <rule...>', "what must hold, such as 'recall@5>=0.9'")
    .option('--keep <metric...>', 'no loss may be shown in these against what is in production')
    .option('--answers', 'candidates answer every question, and the answers are measured too')
    .option('--who <name>', 'who says so', '')
    .action(
      (
        name: string,
        options: Named<{ dataset?: string; rule?: string[]; keep?: string[]; answers?: boolean; who: string }>,
      ) =>
        run(options, program, async (client) => {
          const line = await findLine(client, name)
          const dataset = options.dataset === undefined ? undefined : await findDataset(client, options.dataset)
          const gate = {
            ...line.gate,
            ...(dataset ? { datasetId: dataset.id } : {}),
            ...(options.rule ? { rules: options.rule } : {}),
            ...(options.keep ? { noLoss: options.keep.map(metricName) } : {}),
            ...(options.answers ? { settings: { ...line.gate.settings, answers: true } } : {}),
          }
          const changed = await client.lines.update({ lineId: line.id, gate, who: options.who })
          terminal.result(options.json, changed.gate, () => terminal.write(`${gateWords(changed)}\n`))
          return 0
        }),
    )

  command('draft', 'begin a draft, in a new pipeline where there is none of that name', pipelines)
    .argument('<pipeline>', 'its name')
    .option('--from <release>', `begin as this: ${named}`)
    .option('--pipeline <file>', 'a file with the pipeline as JSON, - for standard input')
    .option('--new', 'make a new pipeline')
    .option('--note <text>', 'what it is for', '')
    .option('--who <name>', 'who makes it', '')
    .action(
      (name: string, options: Named<{ from?: string; pipeline?: string; new?: boolean; note: string; who: string }>) =>
        run(options, program, async (client) => {
          const { note, who } = options
          const from = options.from === undefined ? undefined : (await findRelease(client, options.from)).id
          const pipeline = options.pipeline === undefined ? undefined : await readPipeline(options.pipeline)
          let draft: Release
          if (options.new) {
            const created = await client.lines.create({ name, description: note, from, who })
            draft = pipeline ? await client.releases.edit({ releaseId: created.draft.id, pipeline }) : created.draft
          } else {
            const { id: lineId } = await findLine(client, name)
            draft = await client.releases.createDraft({ lineId, from, pipeline, note, who })
          }
          terminal.result(options.json, draft, () => terminal.write(`${titleOf(draft)}: ${draft.id}\n`))
          return 0
        }),
    )

  command('edit', 'change a draft', pipelines)
    .argument('<release>', named)
    .option('--pipeline <file>', 'a file with the pipeline as JSON, - for standard input')
    .option('--set <path=value...>', 'single places, such as chunker.options.maxTokens=200 or passages=6')
    .option('--prompt <name>', 'the newest version of this prompt (quarry prompts list), or "none"')
    .option('--note <text>', 'what it is for')
    .action((name: string, options: Named<{ pipeline?: string; set?: string[]; prompt?: string; note?: string }>) =>
      run(options, program, async (client) => {
        const release = await findRelease(client, name)
        let pipeline = options.pipeline === undefined ? undefined : await readPipeline(options.pipeline)
        for (const assignment of options.set ?? []) pipeline = assigned(pipeline ?? release.pipeline, assignment)
        if (options.prompt !== undefined)
          pipeline = { ...(pipeline ?? release.pipeline), prompt: await promptNamed(client, options.prompt) }
        const edited = await client.releases.edit({ releaseId: release.id, pipeline, note: options.note })
        terminal.result(options.json, edited, () => terminal.write(`${titleOf(edited)} is changed.\n`))
        return 0
      }),
    )

  command('discard', 'throw away a draft or a candidate', pipelines)
    .argument('<release>', named)
    .option('--who <name>', 'who does it', '')
    .option('--reason <text>', 'why', '')
    .action((name: string, options: Named<Signed>) =>
      run(options, program, async (client) => {
        const release = await findRelease(client, name)
        const { who, reason } = options
        const result = await client.releases.discard({ releaseId: release.id, who, reason })
        terminal.result(options.json, result, () => terminal.write(`${titleOf(release)} is discarded.\n`))
        return 0
      }),
    )

  command('measure', 'measure a release on the dataset of the gate, and what is in production beside it', pipelines)
    .argument('<release>', named)
    .option('--dataset <name>', 'on this dataset instead')
    .action((name: string, options: Named<{ dataset?: string }>) =>
      run(options, waiting, async (client) => {
        const release = await findRelease(client, name)
        const dataset = options.dataset === undefined ? undefined : await findDataset(client, options.dataset)
        const started = await client.releases.measure({ releaseId: release.id, datasetId: dataset?.id })
        for (const jobId of started.jobIds) await finishJob(client, jobId, options)
        const { runId, againstRunId, note } = started
        const { summary } = await client.runs.get({ runId })
        const metrics = Object.fromEntries(summary?.metrics.map((metric) => [metric.name, metric.mean]) ?? [])
        terminal.result(options.json, { run: runId, against: againstRunId, note, metrics }, () => {
          for (const [metric, mean] of Object.entries(metrics))
            terminal.write(`${metric.padEnd(24)}${mean.toFixed(3)}\n`)
          if (note !== null) terminal.complain(note)
          terminal.write(`\nPropose it with: quarry pipelines propose ${release.id} --run ${runId}\n`)
        })
        return 0
      }),
    )

  command('propose', 'make a draft with evidence a candidate; it gets its number and never changes again', pipelines)
    .argument('<release>', named)
    .requiredOption('--run <id>', 'the run that measured it (quarry pipelines measure)')
    .option('--who <name>', 'who proposes it', '')
    .option('--reason <text>', 'why', '')
    .action((name: string, options: Named<Signed & { run: string }>) =>
      run(options, program, async (client) => {
        const { id: releaseId } = await findRelease(client, name)
        const { run: runId, who, reason } = options
        const proposed = await client.releases.propose({ releaseId, runId, who, reason })
        terminal.result(options.json, proposed, () => terminal.write(`${titleOf(proposed)} is a candidate.\n`))
        return 0
      }),
    )

  command('check', 'say what the gate says of a release; exit code 3 where it does not pass', pipelines)
    .argument('<release>', named)
    .action((name: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { id: releaseId } = await findRelease(client, name)
        const gate = await client.releases.check({ releaseId })
        terminal.result(options.json, gate, () => showGate(gate))
        return gate.passed ? 0 : gateFailed
      }),
    )

  command('promote', 'put a candidate into production; exit code 3 where its gate does not pass', pipelines)
    .argument('<release>', named)
    .option('--override', 'although the gate does not pass: needs --who and --reason')
    .option('--who <name>', 'who does it', '')
    .option('--reason <text>', 'why', '')
    .action((name: string, options: Named<Signed & { override?: boolean }>) =>
      run(options, waiting, async (client) => {
        const release = await findRelease(client, name)
        const { who, reason, override = false } = options
        try {
          const promoted = await client.releases.promote({ releaseId: release.id, who, reason, override })
          for (const jobId of promoted.jobIds) await finishJob(client, jobId, options)
          const after = await client.releases.get({ releaseId: release.id })
          terminal.result(options.json, { release: after, gate: promoted.gate }, () => {
            showGate(promoted.gate)
            terminal.write(`\n${titleOf(after)} is in production.\n`)
          })
          return 0
        } catch (error) {
          if (!(error instanceof AppError) || error.code !== 'gate-failed') throw error
          const gate = error.details.gate as GateResult
          terminal.result(options.json, { gate, error: { code: error.code, message: error.message } }, () =>
            showGate(gate),
          )
          terminal.complain(`${titleOf(release)} does not pass its gate, so nothing was changed.`)
          return gateFailed
        }
      }),
    )

  command('roll-back', 'put the release back that was in production before', pipelines)
    .argument('<pipeline>', 'its name')
    .option('--to <number>', 'that retired release instead')
    .option('--who <name>', 'who does it', '')
    .option('--reason <text>', 'why', '')
    .action((name: string, options: Named<Signed & { to?: string }>) =>
      run(options, waiting, async (client) => {
        const { id: lineId } = await findLine(client, name)
        const to = options.to === undefined ? undefined : (await findRelease(client, `${name}@${options.to}`)).id
        const { who, reason } = options
        const back = await client.lines.rollBack({ lineId, to, who, reason })
        for (const jobId of back.jobIds) await finishJob(client, jobId, options)
        const { line } = await client.lines.get({ lineId })
        terminal.result(options.json, lineRow(line), () =>
          terminal.write(`${line.production ? titleOf(line.production) : 'Nothing'} is in production.\n`),
        )
        return 0
      }),
    )

  command('history', 'who did what to a pipeline, when and why', pipelines)
    .argument('<pipeline>', 'its name')
    .action((name: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { id: lineId } = await findLine(client, name)
        const { events } = await client.lines.history({ lineId })
        terminal.result(options.json, { events }, () =>
          terminal.table(
            events.map((event) => ({
              when: new Date(event.at).toISOString().slice(0, 16).replace('T', ' '),
              what: event.isOverride ? `${event.action} (signed for)` : event.action,
              release: event.releaseNumber ?? '',
              before: event.fromNumber ?? '',
              who: event.who,
              reason: event.reason,
              run: event.runId ?? '',
            })),
            ['when', 'what', 'release', 'before', 'who', 'reason', 'run'],
            'Nothing happened yet.',
          ),
        )
        return 0
      }),
    )
}

/** By id or by name in any case. Errors: item-missing, naming those that there are. */
async function findLine(client: Client, name: string): Promise<ReleaseLine> {
  const { lines } = await client.lines.list()
  const wanted = name.trim().toLowerCase()
  const found = lines.find((line) => line.id === name || line.name.toLowerCase() === wanted)
  if (found) return found
  const known = lines.map((line) => `"${line.name}"`).join(', ')
  throw new AppError('item-missing', `There is no pipeline called "${name}". There are: ${known}.`)
}

/** Errors: item-missing, input-invalid (several drafts). */
export async function findRelease(client: Client, name: string): Promise<Release> {
  if (name.startsWith('rel_')) return client.releases.get({ releaseId: name })
  const at = name.lastIndexOf('@')
  const { id: lineId } = await findLine(client, at < 0 ? name : name.slice(0, at))
  const { line, releases } = await client.lines.get({ lineId })
  const which = at < 0 ? '' : name.slice(at + 1).toLowerCase()
  if (which === '') {
    if (line.production) return line.production
    throw new AppError('item-missing', `Nothing of "${line.name}" is in production yet.`)
  }
  const found = releases.filter((one) => (which === 'draft' ? one.stage === 'draft' : one.number === Number(which)))
  const [only] = found
  if (only && found.length === 1) return only
  if (only) {
    const ids = found.map(({ id }) => id).join(', ')
    throw new AppError('input-invalid', `"${line.name}" has ${found.length} drafts. Name one by its id: ${ids}.`)
  }
  throw new AppError('item-missing', `"${line.name}" has no ${which === 'draft' ? 'draft' : `release ${which}`}.`)
}

async function promptNamed(client: Client, name: string): Promise<Pipeline['prompt']> {
  if (name.toLowerCase() === 'none') return null
  const { prompts } = await client.prompts.list()
  const found = prompts.find((one) => one.id === name || one.name.toLowerCase() === name.trim().toLowerCase())
  if (!found) throw new AppError('item-missing', `There is no prompt called "${name}" (quarry prompts list).`)
  const { versions } = await client.prompts.get({ promptId: found.id })
  return versions[0]?.prompt ?? null
}

async function readPipeline(file: string): Promise<Pipeline> {
  const read = pipelineSchema.safeParse(await readJson(file))
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new AppError(
    'input-invalid',
    `${file} holds no pipeline: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  )
}

/** The pipeline with one place changed. Values are JSON where they can be read as such. */
function assigned(pipeline: Pipeline, assignment: string): Pipeline {
  const split = assignment.indexOf('=')
  const path = assignment.slice(0, split).split('.')
  if (split < 1 || path.some((part) => part === '' || part === '__proto__')) {
    throw new AppError('input-invalid', `"${assignment}" is no change. Write a place and a value, such as passages=6.`)
  }
  const copy = structuredClone(pipeline) as unknown as Record<string, unknown>
  let place = copy
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(place, part) ? place[part] : undefined
    if (typeof next !== 'object' || next === null) {
      throw new AppError('input-invalid', `A pipeline has no "${path.join('.')}".`)
    }
    place = next as Record<string, unknown>
  }
  place[path.at(-1)!] = valueOf(assignment.slice(split + 1))
  const read = pipelineSchema.safeParse(copy)
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new AppError('input-invalid', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function metricName(text: string): string {
  const read = metricNameSchema.safeParse(text)
  if (read.success) return read.data
  throw new AppError(
    'input-invalid',
    `"${text}" is no metric. Write a name and, after @, how many first results: recall@5.`,
  )
}

function titleOf({ number, line }: Pick<Release, 'number' | 'line'>): string {
  return number === null ? `A draft of "${line}"` : `Release ${number} of "${line}"`
}

function lineRow({ id, name, description, production, counts }: ReleaseLine) {
  const { candidate: candidates, draft: drafts, retired } = counts
  return { id, name, production: production?.number ?? null, candidates, drafts, retired, about: description }
}

function releaseRow({ id, number, stage, note, changedAt, promotion }: Release) {
  return {
    release: number ?? '',
    stage: promotion ? `${stage}, on its way into production` : stage,
    changed: new Date(changedAt).toISOString().slice(0, 10),
    note,
    id,
  }
}

function gateWords({ gate }: ReleaseLine): string {
  if (gate.datasetId === null) return 'No gate: every promotion is signed for (quarry pipelines gate).'
  const rules = [...gate.rules, ...(gate.noLoss.length > 0 ? [`no loss of ${gate.noLoss.join(', ')}`] : [])]
  return `Gate: ${rules.length === 0 ? 'measured, and nothing is asked of the figures' : rules.join('; ')}`
}

function showGate(gate: GateResult): void {
  const { checks, passed } = gate
  for (const check of checks) {
    const word = check.passed ? 'passed' : check.isPending ? 'waits' : 'FAILED'
    terminal.write(`${word.padEnd(6)}  ${check.label}: ${check.detail}\n`)
  }
  const verdict = passed ? 'passes' : isUndecided(gate) ? 'cannot decide yet' : 'does not pass'
  terminal.write(`The gate ${verdict}.\n`)
}
