import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { Client } from '../contract/client.ts'
import { AppError } from '../contract/errors.ts'
import { pipelineSchema } from '../contract/pipeline.ts'
import {
  type ReplayWith,
  type Span,
  type Trace,
  type TraceExportState,
  type TraceFilter,
  type TraceOutcome,
  traceOutcomes,
  traceRatings,
  type TraceSummary,
} from '../contract/traces.ts'
import type { ReleaseId } from '../shared/ids.ts'
import { command, findCollection, type GlobalOptions, positiveInteger, run, terminal } from './command-line.ts'

interface FilterOptions extends GlobalOptions {
  search?: string
  collection?: string
  outcome?: TraceOutcome
  slower?: number
  days?: number
  weak?: boolean
  rated?: TraceFilter['rated']
  replays?: boolean
}

const program = 'quarry traces'
const dayMs = 24 * 60 * 60 * 1000

/** `quarry traces …`: what each question did. */
export function addTraceCommands(): void {
  const traces = command('traces', 'what each question did: found, counted, asked again, sent to a collector')

  filtered(command('list', 'questions, newest first', traces))
    .option('-n <count>', 'how many', positiveInteger, 50)
    .action((options: FilterOptions & { n: number }) =>
      run(options, { program }, async (client) => {
        const found = await client.traces.list({
          ...(await filterOf(client, options)),
          limit: Math.min(1000, options.n),
        })
        terminal.result(options.json, found, () => {
          const columns = ['id', 'asked', 'outcome', 'rated', 'ms', 'tokens', 'question'] as const
          terminal.table(found.traces.map(listed), [...columns], 'No question is like that.')
          if (found.total > found.traces.length) terminal.write(`${found.total - found.traces.length} more (-n).\n`)
        })
        return 0
      }),
    )

  command('show', 'one question: its answer, its steps and what was not used', traces)
    .argument('<trace>', 'id of the trace')
    .action((traceId: string, options: GlobalOptions) =>
      run(options, { program }, async (client) => {
        const trace = await client.traces.get({ traceId })
        terminal.result(options.json, trace, () => write(trace))
        return 0
      }),
    )

  command('replay', 'ask the question again, of the same documents and after the same history', traces)
    .argument('<trace>', 'id of the trace')
    .addOption(new Option('--release <id>', 'with this release').conflicts(['pipeline', 'collection']))
    .addOption(new Option('--pipeline <file>', 'with the pipeline in this JSON file').conflicts('collection'))
    .option('--collection', 'with the collection’s pipeline, although a release answered')
    .action((traceId: string, options: ReplayOptions) =>
      run(options, { program }, async (client) => {
        let other: string | undefined
        for await (const event of await client.traces.replay({ traceId, with: await choiceOf(options) })) {
          if (event.type === 'answer-delta' && !options.json) terminal.write(event.text)
          if (event.type === 'ask-end') other = event.traceId
        }
        if (other === undefined) throw new AppError('internal', 'The answer has no end.')
        const [before, after] = [await client.traces.get({ traceId }), await client.traces.get({ traceId: other })]
        terminal.result(options.json, { before, after }, () => writeDifference(before, after))
        return 0
      }),
    )

  filtered(command('stats', 'how many, how long, how many without an answer', traces))
    .addOption(new Option('--per <time>', 'counted by').choices(['hour', 'day']))
    .action((options: FilterOptions & { per?: 'hour' | 'day' }) =>
      run(options, { program }, async (client) => {
        const { per } = options
        const stats = await client.traces.stats({ ...(await filterOf(client, options)), ...(per ? { per } : {}) })
        terminal.result(options.json, stats, () => {
          const rows = [...stats.buckets, { startsAt: null, ...stats.total }].map((counts) => ({
            ...counts,
            from: counts.startsAt === null ? 'all' : new Date(counts.startsAt).toISOString().slice(0, 16),
            p50: milliseconds(counts.p50Ms),
            p95: milliseconds(counts.p95Ms),
            tokens: counts.inputTokens + counts.outputTokens,
          }))
          const columns = [
            'from',
            'questions',
            'answered',
            'refused',
            'failed',
            'stopped',
            'p50',
            'p95',
            'tokens',
          ] as const
          terminal.table(rows, [...columns], 'No question is like that.')
        })
        return 0
      }),
    )

  command('remove', 'remove traces; answers, cases and conversations stay', traces)
    .argument('[traces...]', 'ids of traces')
    .option('--older <days>', 'all that are older than so many days', positiveInteger)
    .option('--keep <days>', 'from now on keep traces for so many days (0: for ever)', wholeNumber)
    .action((traceIds: string[], options: GlobalOptions & { older?: number; keep?: number }) =>
      run(options, { program }, async (client) => {
        const { older, keep } = options
        if (traceIds.length === 0 && older === undefined && keep === undefined) {
          throw new AppError('input-invalid', 'Name traces, or say --older DAYS or --keep DAYS.')
        }
        let removed = 0
        if (traceIds.length > 0) removed += (await client.traces.remove({ traceIds })).removed
        if (older !== undefined) removed += (await client.traces.remove({ before: Date.now() - older * dayMs })).removed
        if (keep !== undefined) removed += (await client.traces.keep({ retentionDays: keep })).removed
        const state = await client.traces.keeping()
        terminal.result(options.json, { removed, ...state }, () => {
          const kept = state.retentionDays === 0 ? 'for ever' : `for ${state.retentionDays} days`
          terminal.write(`Removed ${removed}. ${state.traces} are left; they are kept ${kept}.\n`)
        })
        return 0
      }),
    )

  filtered(command('export', 'write whole traces to a file, one JSON value a line', traces))
    .argument('<file>', 'made, or written over')
    .action((file: string, options: FilterOptions) =>
      run(options, { program }, async (client) => {
        const filter = await filterOf(client, options)
        const lines: string[] = []
        for (let offset = 0; ; offset += 200) {
          const { traces: some } = await client.traces.list({ ...filter, order: 'oldest', limit: 200, offset })
          for (const { id } of some) lines.push(JSON.stringify(await client.traces.get({ traceId: id })))
          if (some.length < 200) break
        }
        const path = resolve(file)
        await writeFile(path, lines.map((line) => `${line}\n`).join(''))
        terminal.result(options.json, { path, traces: lines.length }, () =>
          terminal.write(`${lines.length} traces written to ${path}.\n`),
        )
        return 0
      }),
    )

  addCollectorCommands(traces)
}

/** `quarry traces collector …`: new traces to whatever takes OTLP over HTTP. */
function addCollectorCommands(traces: Command): void {
  const collector = command(
    'collector',
    'where new traces are sent as OTLP over HTTP; nowhere unless you say so',
    traces,
  )
  const settings = async (options: GlobalOptions, work: (client: Client) => Promise<TraceExportState>): Promise<void> =>
    run(options, { program }, async (client) => {
      const state = await work(client)
      terminal.result(options.json, state, () => writeState(state))
      return 0
    })

  command('status', 'where traces are sent, and how many wait', collector).action((options: GlobalOptions) =>
    settings(options, (client) => client.traces.exporting()),
  )
  command('on', 'send new traces from now on', collector)
    .option('--to <address>', 'of the collector, such as http://127.0.0.1:4318')
    .option('--header <name=value...>', 'instead of those before; kept with the keys')
    .addOption(
      new Option('--content <what>', 'redacted: no words of questions, answers or documents').choices([
        'redacted',
        'full',
      ]),
    )
    .action((options: GlobalOptions & { to?: string; header?: string[]; content?: 'redacted' | 'full' }) => {
      const { to, header, content } = options
      return settings(options, (client) =>
        client.traces.setExport({
          enabled: true,
          ...(to === undefined ? {} : { endpoint: to }),
          ...(content ? { content } : {}),
          ...(header ? { headers: Object.fromEntries(header.map(headerOf)) } : {}),
        }),
      )
    })
  command('off', 'send no more; those that wait are let go', collector).action((options: GlobalOptions) =>
    settings(options, (client) => client.traces.setExport({ enabled: false })),
  )
  command('send', 'send what waits, now; and these traces once more', collector)
    .argument('[traces...]', 'ids of traces')
    .action((traceIds: string[], options: GlobalOptions) =>
      settings(options, (client) => client.traces.sendWaiting({ traceIds })),
    )
  command('test', 'send a trace that says nothing', collector).action((options: GlobalOptions) =>
    run(options, { program }, async (client) => {
      const result = await client.traces.testExport()
      terminal.result(options.json, result, () =>
        terminal.write(
          `The collector took it in ${Math.round(result.durationMs)} ms.${result.note ? ` ${result.note}` : ''}\n`,
        ),
      )
      return 0
    }),
  )
}

function filtered(target: Command): Command {
  return target
    .option('--search <words>', 'words, or parts of them, in question or answer')
    .option('--collection <name>', 'asked of this collection')
    .addOption(new Option('--outcome <outcome>', 'that ended so').choices([...traceOutcomes]))
    .option('--slower <ms>', 'that took longer than so many milliseconds', positiveInteger)
    .option('--days <count>', 'of the last days', positiveInteger)
    .addOption(
      new Option('--rated <rating>', 'whose answer somebody found good, bad, or spoke of').choices([...traceRatings]),
    )
    .option('--weak', 'where what was found has little to do with the question')
    .option('--replays', 'that ask a question again')
}

async function filterOf(client: Client, options: FilterOptions): Promise<TraceFilter> {
  const { search, collection, outcome, slower, days, weak, rated, replays } = options
  return {
    ...(search === undefined ? {} : { query: search }),
    ...(collection === undefined ? {} : { collectionId: (await findCollection(client, collection)).id }),
    ...(outcome ? { outcome } : {}),
    ...(slower === undefined ? {} : { slowerThanMs: slower }),
    ...(days === undefined ? {} : { from: Date.now() - days * dayMs }),
    ...(rated ? { rated } : {}),
    ...(weak ? { lowRelevance: true } : {}),
    ...(replays ? { isReplay: true } : {}),
  }
}

interface ReplayOptions extends GlobalOptions {
  release?: string
  pipeline?: string
  collection?: boolean
}

async function choiceOf({ release, pipeline, collection }: ReplayOptions): Promise<ReplayWith> {
  if (release !== undefined) return { kind: 'release', releaseId: release as ReleaseId }
  if (collection) return { kind: 'collection' }
  if (pipeline === undefined) return { kind: 'same' }
  let value: unknown
  try {
    value = JSON.parse(await readFile(resolve(pipeline), 'utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new AppError('input-invalid', `${pipeline} is not JSON: ${error.message}`)
  }
  const parsed = pipelineSchema.safeParse(value)
  if (parsed.success) return { kind: 'pipeline', pipeline: parsed.data }
  const [issue] = parsed.error.issues
  throw new AppError(
    'input-invalid',
    `${pipeline} is no pipeline: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`,
  )
}

function listed(trace: TraceSummary) {
  const { id, startedAt, outcome, rating, commented, durationMs, inputTokens, outputTokens, question } = trace
  const tokens = inputTokens === null && outputTokens === null ? '' : (inputTokens ?? 0) + (outputTokens ?? 0)
  const asked = new Date(startedAt).toISOString().slice(0, 16)
  return {
    id,
    asked,
    outcome,
    rated: [rating ?? '', commented ? 'commented' : ''].filter(Boolean).join(', '),
    ms: Math.round(durationMs),
    tokens,
    question: question.replaceAll(/\s+/g, ' ').slice(0, 80),
  }
}

function write(trace: Trace): void {
  terminal.write(`${trace.question}\n\n${trace.answer}\n\n`)
  if (trace.error) terminal.write(`${trace.error.message}\n\n`)
  const { rating, comment } = trace.feedback ?? { rating: null, comment: '' }
  if (rating) terminal.write(`Somebody found it ${rating === 'up' ? 'good' : 'bad'}.\n`)
  if (comment !== '') terminal.write(`Comment: ${comment}\n`)
  if (rating || comment !== '') terminal.write('\n')
  const depthOf = (span: Span): number => {
    const parent = trace.spans.find(({ id }) => id === span.parentId)
    return parent ? depthOf(parent) + 1 : 0
  }
  const steps = trace.spans.map((span) => ({
    step: `${'· '.repeat(depthOf(span))}${span.name}`,
    kind: span.kind,
    from: `${span.startMs.toFixed(1)} ms`,
    took: `${span.durationMs.toFixed(1)} ms`,
    error: span.error?.code ?? '',
  }))
  terminal.table(steps, ['step', 'kind', 'from', 'took', 'error'], 'No steps.')
  if (trace.passages.length > 0) {
    terminal.write('\nUsed:\n')
    const rows = trace.passages.map(({ path, start, end, score, scoreKind }) => ({
      path,
      start,
      end,
      kind: scoreKind,
      score: score.toFixed(3),
    }))
    terminal.table(rows, ['path', 'start', 'end', 'kind', 'score'], '')
  }
  if (trace.rejected.length > 0) {
    terminal.write('\nFound and not used:\n')
    const rows = trace.rejected.map(({ path, start, end, score, scoreKind, reason }) => ({
      ...{ path, start, end, kind: scoreKind, score: score.toFixed(3), reason },
    }))
    terminal.table(rows, ['path', 'start', 'end', 'kind', 'score', 'reason'], '')
  }
}

function writeDifference(before: Trace, after: Trace): void {
  const row = (name: string, { id, durationMs, passages, citations, refused }: Trace) => ({
    ...{ name, trace: id, ms: Math.round(durationMs), passages: passages.length, citations: citations.length },
    refused: refused ? 'yes' : 'no',
  })
  terminal.write('\n\n')
  const columns = ['name', 'trace', 'ms', 'passages', 'citations', 'refused'] as const
  terminal.table([row('before', before), row('after', after)], [...columns], '')
}

function writeState(state: TraceExportState): void {
  const { enabled, endpoint, content, waiting, sent, headerNames, headersFrom, refusal, error, note } = state
  terminal.write(`${enabled ? 'On' : 'Off'}: ${endpoint || 'no collector is named'}, ${content}.\n`)
  if (headersFrom !== 'none') terminal.write(`Headers: ${headerNames.join(', ') || state.variable} (${headersFrom}).\n`)
  terminal.write(`${sent} sent, ${waiting} wait.\n`)
  for (const line of [refusal, error?.message, note]) if (line) terminal.write(`${line}\n`)
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf('=')
  if (at < 1) throw new AppError('input-invalid', 'A header is written as name=value.')
  return [text.slice(0, at), text.slice(at + 1)]
}

function milliseconds(value: number | null): string {
  return value === null ? '' : `${Math.round(value)} ms`
}

function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('Give a whole number.')
}
