import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { chunkerDefinitions } from '../core/chunkers/list.ts'
import { openTestApp, type TestApp } from '../core/testing/test-app.ts'

/** What a slider must not take longer than, on the largest text. Milliseconds. */
const target = 100
const sizes = [100_000, 300_000, 1_000_000]
/** Stops of the slider, in tokens. */
const stops = [64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 1024]

/**
 * How long the chunk lab takes to cut a text again as a slider moves: from the call of a client to its answer (the wire in
 * process, the worker, the faults and figures), for each chunker at sixteen sizes of its chunks, but for the one that asks
 * a language model. And how long a question
 * takes: with the index to be made, and with it there.
 *
 *   npm run bench -- lab [--rounds 3] [--only semantic,cluster-semantic]
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(corpora)) {
    console.log(`lab: skipped, there is no ${corpora}`)
    return
  }
  const rounds = args.includes('--rounds') ? Number(args[args.indexOf('--rounds') + 1]) : 3
  const only = args.includes('--only') ? args[args.indexOf('--only') + 1]?.split(',') : undefined
  const loadBefore = loadavg()[0] ?? 0
  await using test = await openTestApp()
  const rows = []
  const questions = []
  for (const size of sizes) {
    const text = textOf(size)
    const { labId, stretches } = await test.client.lab.open({ source: { kind: 'text', text, type: 'markdown' } })
    console.error(`${size} characters in ${stretches.length} stretches`)
    for (const { id } of chunkerDefinitions.filter(({ id }) => id !== 'proposed' && (only?.includes(id) ?? true)))
      rows.push(await measure(test, labId, id, size, rounds))
    questions.push(await ask(test, labId, size))
  }
  console.table(rows)
  console.table(questions)
  const result = {
    command: `npm run bench -- lab --rounds ${rounds}`,
    text: 'Markdown: the corpora of shared/data/chunking/chroma one after the other, from the start again',
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, load average ${round(loadBefore)} at the start, ${round(loadavg()[0] ?? 0)} at the end`,
    node: process.version,
    target,
    rows,
    questions,
  }
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'lab.json'), `${JSON.stringify(result, null, 2)}\n`)
}

async function measure(test: TestApp, labId: string, id: string, size: number, rounds: number) {
  const cut = async (maxTokens: number) => {
    const before = performance.now()
    const { columns } = await test.client.lab.chunk({ labId, chunkers: [{ id, options: optionsFor(id, maxTokens) }] })
    return { ms: performance.now() - before, chunks: columns[0]?.statistics.chunks ?? 0 }
  }
  const first = await cut(stops[0]!)
  const times: number[] = []
  let most = first.chunks
  let fewest = first.chunks
  for (let number = 0; number < rounds; number++) {
    for (const stop of stops) {
      const { ms, chunks } = await cut(stop)
      times.push(ms)
      most = Math.max(most, chunks)
      fewest = Math.min(fewest, chunks)
    }
  }
  times.sort((a, b) => a - b)
  const p95 = times[Math.min(times.length - 1, Math.floor(times.length * 0.95))]!
  return {
    chunker: id,
    characters: size,
    chunks: `${fewest}-${most}`,
    firstMs: round(first.ms),
    medianMs: round(times[times.length >> 1]!),
    p95Ms: round(p95),
    withinTarget: p95 <= target,
  }
}

/** The usual options with another size, where there is one; what depends on the size is small enough for all of them. */
function optionsFor(id: string, maxTokens: number): Record<string, unknown> {
  const { options } = chunkerDefinitions.find((definition) => definition.id === id)!
  const usual = options.parse({})
  const small = Object.fromEntries(
    ['overlapTokens', 'minTokens'].filter((name) => name in usual).map((name) => [name, Math.min(16, maxTokens / 4)]),
  )
  const sized = { ...('maxTokens' in usual ? { maxTokens } : {}), ...small }
  return options.safeParse(sized).success ? sized : {}
}

async function ask(test: TestApp, labId: string, size: number) {
  const chunkers = [{ id: 'recursive', options: {} }]
  const question = 'What did the president say about the economy?'
  const once = async () => {
    const before = performance.now()
    const { columns } = await test.client.lab.retrieve({ labId, chunkers, question })
    return { ms: performance.now() - before, indexMs: columns[0]?.indexMs ?? 0 }
  }
  const first = await once()
  const times: number[] = []
  for (let number = 0; number < 20; number++) times.push((await once()).ms)
  times.sort((a, b) => a - b)
  return {
    characters: size,
    firstMs: round(first.ms),
    ofThatIndexMs: round(first.indexMs),
    medianMs: round(times[10]!),
    p95Ms: round(times[18]!),
  }
}

const corpora = join(import.meta.dirname, '../../shared/data/chunking/chroma/general_evaluation_data/corpora')

function textOf(size: number): string {
  const names = ['state_of_the_union', 'wikitexts', 'finance', 'pubmed', 'chatlogs']
  const all = names.map((name) => readFileSync(join(corpora, `${name}.md`), 'utf8')).join('\n\n')
  return all.repeat(Math.ceil(size / all.length)).slice(0, size)
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
