/**
 * Trains a static embedding model, from the pairs to the model's folder: `npm run model:train -- --help`.
 * Pairs, options and seed decide every byte of the result; `README.md` says what was seen.
 */
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { open, readFile, rename } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readBeir } from '../../core/flows/read-beir.ts'
import { manifestText } from '../../core/model-files/manifest.ts'
import type { Tokenizer } from '../../core/shared/tokenizer.ts'
import { countWords, encodePairs } from './corpus.ts'
import type { Corpus } from './corpus.ts'
import { createTableEmbedder, evaluateHeldOut, evaluateSet, mean } from './evaluate.ts'
import { staticModelFiles } from './model-files.ts'
import { modelCard, staticManifest } from './model-card.ts'
import type { ModelFacts } from './model-card.ts'
import { listSources } from './pairs.ts'
import { quantise, restore } from './quantise.ts'
import type { QuantisedTable } from './quantise.ts'
import { weighByRarity } from './rarity.ts'
import { rarityPower, recipe, vocabularyOptions } from './recipe.ts'
import { createTokenizer, tokenizerFile } from './tokenizer-file.ts'
import { createTraining } from './train.ts'
import type { Training } from './train.ts'
import type { TrainerOptions } from './trainer.ts'
import { buildVocabulary } from './vocabulary.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const usage = `npm run model:train -- [options]
  --pairs FOLDER    *.jsonl.gz, one {"q","p"} a line (default: ../shared/model/pairs beside the clone)
  --sets FOLDER     test sets in BEIR layout (default: ../shared/data/retrieval; left out where it is absent)
  --out FOLDER      where the model's files go (default: models/static-512)
  --work FOLDER     log and checkpoints (default: /tmp/quarry-training); a run that was cut off goes on from there
  --threads N       (default: one per core)
  --set NAME=JSON   another value for an option of recipe.ts, for experiments; again for more
  --tokens N        entries of the vocabulary, for experiments
  --rarity POWER    of the inverse document frequency, for experiments`

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: join(root, '../shared/model/pairs') },
    sets: { type: 'string', default: join(root, '../shared/data/retrieval') },
    out: { type: 'string', default: join(root, 'models/static-512') },
    work: { type: 'string', default: '/tmp/quarry-training' },
    threads: { type: 'string', default: String(availableParallelism()) },
    set: { type: 'string', multiple: true, default: [] },
    tokens: { type: 'string', default: String(vocabularyOptions.size) },
    rarity: { type: 'string', default: String(rarityPower) },
    help: { type: 'boolean', default: false },
  },
})
async function main(): Promise<void> {
  const work = resolve(values.work)
  mkdirSync(work, { recursive: true })
  const options: TrainerOptions = { ...recipe, ...overrides(values.set) }
  const threads = Math.max(1, Number(values.threads))

  const sources = await listSources(resolve(values.pairs))
  log(`counting the words of ${sources.length} sources`)
  const counts = await countWords(sources)
  const vocabulary = buildVocabulary(counts, { ...vocabularyOptions, size: Number(values.tokens) })
  log(`${counts.size} words, ${vocabulary.length} tokens; encoding the pairs`)
  const tokenizer = createTokenizer(vocabulary)
  const corpus = await encodePairs(sources, tokenizer)
  log(`${corpus.keys.length / 2} pairs, ${corpus.ids.length} tokens, ${corpus.heldOut.length} pairs held out`)

  const training = createTraining(corpus, vocabulary, options, threads)
  await train(training, options, join(work, `${fingerprint([vocabulary, options, corpus.ids.length])}.checkpoint`))

  const weighed = weighByRarity(training.table, corpus, options.dimensions, Number(values.rarity))
  const quantised = quantise(weighed, options.dimensions)
  const out = resolve(values.out)
  const files = staticModelFiles(parts(quantised), bytesOf(JSON.stringify(tokenizerFile(vocabulary))))
  const scores = await evaluate(restore(quantised), tokenizer, corpus, options)
  const facts = {
    id: basename(out),
    tokens: vocabulary.length,
    bytes: [...files.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
    options,
    scores,
  }
  files.set('MODEL-CARD.md', bytesOf(modelCard(facts)))
  files.set('evaluation.json', bytesOf(evaluationText(facts)))
  const sourcesFile = join(resolve(values.pairs), '../sources.tsv')
  if (existsSync(sourcesFile)) files.set('SOURCES.tsv', readFileSync(sourcesFile))
  // Last: it lists the others, so that an exported model takes its card and its licences along.
  files.set('model.json', bytesOf(manifestText(staticManifest(facts, files))))
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(out, path)), { recursive: true })
    writeFileSync(join(out, path), bytes)
    log(`${path}: ${bytes.byteLength} bytes`)
  }

  async function evaluate(
    table: Float32Array,
    tokenizer: Tokenizer,
    { heldOut }: Corpus,
    { dimensions, prefixes, repeats }: TrainerOptions,
  ): Promise<Map<number, Map<string, number>>> {
    const scores = new Map<number, Map<string, number>>()
    for (const { size } of prefixes.toReversed()) {
      const embedder = createTableEmbedder(table, tokenizer, dimensions, repeats, size)
      const own = new Map([['held-out pairs', mean([...evaluateHeldOut(heldOut, embedder).values()])]])
      for (const name of testSets.filter((set) => existsSync(join(values.sets, set)))) {
        own.set(name, await evaluateSet(await readBeir(join(values.sets, name)), embedder))
      }
      log(`${size} dimensions: ${JSON.stringify(Object.fromEntries(own))}`)
      scores.set(size, own)
    }
    return scores
  }

  function evaluationText({ id, tokens, options, scores }: ModelFacts): string {
    const byDimensions = Object.fromEntries(
      [...scores].map(([size, own]) => [
        size,
        Object.fromEntries([...own].map(([name, score]) => [name, Math.round(score * 1e4) / 1e4])),
      ]),
    )
    const rarity = Number(values.rarity)
    return `${JSON.stringify({ id, tokens, options, rarityPower: rarity, scores: byDimensions }, null, 1)}\n`
  }

  function log(line: string): void {
    const text = `${new Date().toISOString()} ${line}`
    console.log(text)
    appendFileSync(join(work, 'training.log'), `${text}\n`)
  }

  async function train(run: Training, { steps }: TrainerOptions, checkpoint: string): Promise<void> {
    let next = existsSync(checkpoint) ? await restoreState(run, checkpoint) : 0
    if (next > 0) log(`going on after step ${next} from ${checkpoint}`)
    while (next < steps) {
      const to = Math.min(steps, next + stepsPerCheckpoint)
      let sum = 0
      const started = performance.now()
      await run.run(next, to, (_, loss) => (sum += loss))
      const millisecondsPerStep = (performance.now() - started) / (to - next)
      log(`step ${to}: loss ${(sum / (to - next)).toFixed(4)}, ${millisecondsPerStep.toFixed(0)} ms a step`)
      next = to
      await saveState(run, checkpoint, next)
    }
  }
}

/** The English ones of the shared sets. */
const testSets = ['cranfield', 'npl', 'xquad-en', 'covidqa']
const stepsPerCheckpoint = 250

function overrides(settings: readonly string[]): Partial<TrainerOptions> {
  return Object.fromEntries(
    settings.map((setting) => {
      const at = setting.indexOf('=')
      const name = setting.slice(0, at)
      if (!(name in recipe)) throw new Error(`recipe.ts has no option "${name}".`)
      return [name, JSON.parse(setting.slice(at + 1)) as unknown]
    }),
  )
}

function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16)
}

function parts({ rows, columns, values, scales }: QuantisedTable): Parameters<typeof staticModelFiles>[0] {
  return { rows, columns, table: new Uint8Array(values.buffer), scales: new Uint8Array(scales.buffer) }
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** The next step as four bytes, then table and moments. Written beside and renamed: it is whole or not there. */
async function saveState({ state }: Training, path: string, next: number): Promise<void> {
  const file = await open(`${path}.part`, 'w')
  try {
    await file.write(new Uint8Array(Uint32Array.of(next).buffer))
    for (const { buffer, byteOffset, byteLength } of [state.table, state.first, state.second]) {
      await file.write(new Uint8Array(buffer, byteOffset, byteLength))
    }
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

async function restoreState({ state }: Training, path: string): Promise<number> {
  const bytes = await readFile(path)
  let from = 4
  for (const array of [state.table, state.first, state.second]) {
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(bytes.subarray(from, from + array.byteLength))
    from += array.byteLength
  }
  if (from !== bytes.byteLength) throw new Error(`${path} is of another training. Remove it and start again.`)
  return bytes.readUInt32LE(0)
}

if (values.help) console.log(usage)
else await main()
