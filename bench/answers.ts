import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { embedderDefinitions } from '../core/embedders/list.ts'
import { gatherEvidence, type Evidence, type UnitFeatures } from '../core/generators/extractive/evidence.ts'
import { extractive } from '../core/generators/extractive.ts'
import { analyseQuestion, type Question } from '../core/generators/extractive/question.ts'
import {
  answerFeatures,
  answerIntercept,
  answerWeights,
  unitWeights,
  type AnswerFeatures,
} from '../core/generators/extractive/score.ts'
import { rankUnits } from '../core/generators/extractive/select.ts'
import { unitsOf, type Unit } from '../core/generators/extractive/units.ts'
import { isUnspaced, wordsOf } from '../core/generators/extractive/words.ts'
import type { AnswerPart, GeneratorDependencies, Passage } from '../core/generators/generator.ts'
import { sha256 } from '../core/shared/hash.ts'

/**
 * Quality of extractive answers on public question sets: does a cited sentence hold the gold answer, and does it refuse
 * when the answer is not there? Passages come from a plain BM25 search, k = 8. Questions are split in halves by hash;
 * `--fit` fits the weights on one, the table reports the other. Beside it in the same run, over the same passages: the
 * first sentence of the first passage, and the sentence with the best BM25 score (both without a way to refuse).
 *
 *   npm run bench -- answers [--fit] [--limit QUESTIONS] [--no-vectors]
 *
 * The limit is per set and level, 300 unless given; results are written for the usual limit only.
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(dataFolder)) {
    console.log(`answers: skipped, there is no ${dataFolder}`)
    return
  }
  const limit = Number(valueOf(args, '--limit') ?? 300)
  const vectors = args.includes('--no-vectors') ? zeroVectors : await modelVectors()
  const sets = [...setNames.map((name) => loadSet(name, vectors)), loadChroma(vectors)]
  if (args.includes('--fit')) return fit(sets, limit)

  const rows: Row[] = []
  for (const set of sets) {
    for (const level of levels) rows.push(...(await measure(set, sets, level, limit)))
  }
  const used = args.includes('--no-vectors') ? 'none' : vectors.tokenizer.id
  console.log(`Test half only. Vectors: ${used}.\n`)
  console.log(markdownTable(rows))
  const overall = summary(rows)
  console.log(JSON.stringify(overall, null, 2))
  if (args.includes('--limit')) return
  mkdirSync(resultsFolder, { recursive: true })
  const name = args.includes('--no-vectors') ? 'answers-without-vectors.json' : 'answers.json'
  const command = `npm run bench -- answers${args.includes('--no-vectors') ? ' --no-vectors' : ''}`
  writeFileSync(join(resultsFolder, name), `${JSON.stringify({ command, vectors: used, overall, rows }, null, 2)}\n`)
}

const dataFolder = fileURLToPath(new URL('../../shared/data/retrieval/', import.meta.url))
const chromaFolder = fileURLToPath(
  new URL('../../shared/data/chunking/chroma/general_evaluation_data/', import.meta.url),
)
const modelsFolder = fileURLToPath(new URL('../models/', import.meta.url))
const resultsFolder = fileURLToPath(new URL('./results/', import.meta.url))
const setNames = ['xquad-en', 'xquad-de', 'xquad-zh', 'covidqa'] as const
const passageCount = 8

/**
 * answerable: as it is. document removed: without the document that holds the answer, so that its neighbours (in XQuAD
 * paragraphs of the same article) remain. topic removed: without the whole article. other subject: questions that were
 * written for another collection.
 */
const levels = ['answerable', 'document removed', 'topic removed', 'other subject'] as const
type Level = (typeof levels)[number]

interface Case {
  id: string
  question: string
  /** Document with the answer, and the answer's place in its text; several where each is an answer or a part of it. */
  gold?: { documentId: string; topic: string; spans: { start: number; end: number }[] }
}

interface StoredPassage {
  documentId: string
  topic: string
  title: string
  /** Offset of the passage in its document. */
  start: number
  text: string
}

interface QuestionSet {
  name: string
  cases: Case[]
  dependencies: GeneratorDependencies
  search(question: string, excluded: (passage: StoredPassage) => boolean): { passage: Passage; stored: StoredPassage }[]
}

type Vectors = Pick<GeneratorDependencies, 'embed' | 'dimensions' | 'tokenizer'>

interface Row {
  set: string
  level: Level
  method: string
  questions: number
  /** Part of the questions whose gold answer stands whole in the retrieved passages: nobody can do better. */
  reachable: number | null
  /** A cited span in the gold document contains the whole gold answer. */
  contains: number | null
  /** Cited spans hold at least half of the gold answer's characters. */
  overlaps: number | null
  refused: number
  /** Statements and characters of the answers that were given. */
  statements: number
  characters: number
}

// ---------------------------------------------------------------------------------------------------------- measuring

async function measure(set: QuestionSet, sets: readonly QuestionSet[], level: Level, limit: number): Promise<Row[]> {
  const cases = casesFor(set, sets, level)
    .filter((each) => !inCalibrationHalf(each.id))
    .slice(0, limit)
  if (cases.length === 0) return []
  const generator = extractive.create(extractive.options.parse({}), set.dependencies)
  const methods = level === 'answerable' ? ['extractive', 'first sentence', 'best sentence by BM25'] : ['extractive']
  const tallies = methods.map((method) => ({
    method,
    contains: 0,
    overlaps: 0,
    refused: 0,
    statements: 0,
    characters: 0,
  }))
  let reachable = 0
  for (const each of cases) {
    const found = set.search(each.question, exclusion(level, each))
    const passages = found.map(({ passage }) => passage)
    const whole = found.map(({ stored }) => ({ start: stored.start, end: stored.start + stored.text.length, stored }))
    if (goldShare(each, whole) === 1) reachable += 1
    for (const tally of tallies) {
      const cited =
        tally.method === 'extractive'
          ? citedSpans(await collect(generator.generate({ question: each.question, passages })))
          : peerSpans(tally.method, each.question, passages, set.dependencies)
      if (cited.length === 0) tally.refused += 1
      const spans = cited.map(({ passage, start, end }) => {
        const { stored } = found[passage] as (typeof found)[number]
        return { start: stored.start + start, end: stored.start + end, stored }
      })
      tally.statements += cited.length
      tally.characters += spans.reduce((sum, span) => sum + span.end - span.start, 0)
      if (spans.some((span) => goldShare(each, [span]) === 1)) tally.contains += 1
      if (goldShare(each, spans) >= 0.5) tally.overlaps += 1
    }
  }
  const share = (count: number, of = cases.length): number => (of === 0 ? 0 : Math.round((count / of) * 1000) / 1000)
  return tallies.map(({ method, contains, overlaps, refused, statements, characters }) => ({
    set: set.name,
    level,
    method,
    questions: cases.length,
    reachable: level === 'answerable' ? share(reachable) : null,
    contains: level === 'answerable' ? share(contains) : null,
    overlaps: level === 'answerable' ? share(overlaps) : null,
    refused: share(refused),
    statements: share(statements, cases.length - refused),
    characters: Math.round(share(characters, cases.length - refused)),
  }))
}

function casesFor(set: QuestionSet, sets: readonly QuestionSet[], level: Level): Case[] {
  // Every article of this set is about one subject.
  if (level === 'topic removed' && (set.name === 'covidqa' || set.name === chroma)) return []
  if (level !== 'other subject') return set.cases
  if (set.name === 'xquad-de' || set.name === 'xquad-zh') return []
  const other = sets.find(({ name }) => name === (set.name === 'covidqa' ? 'xquad-en' : 'covidqa'))
  const asked = [...questionsOf('cranfield'), ...(other?.cases ?? [])]
  return asked.map(({ id, question }) => ({ id, question }))
}

function exclusion(level: Level, { gold }: Case): (passage: StoredPassage) => boolean {
  if (level === 'document removed' && gold && gold.spans.length > 0 && gold.topic === wholeDocument) {
    // These documents are books: only the passages with an answer go.
    return (passage) =>
      passage.documentId === gold.documentId &&
      gold.spans.some(({ start, end }) => start < passage.start + passage.text.length && end > passage.start)
  }
  if (level === 'document removed') return (passage) => passage.documentId === gold?.documentId
  if (level === 'topic removed') return (passage) => passage.topic === gold?.topic
  return () => false
}

/** The part of the gold answer's characters that the spans hold; of several gold spans, the one of which most is held. */
function goldShare({ gold }: Case, spans: readonly { start: number; end: number; stored: StoredPassage }[]): number {
  return Math.max(
    0,
    ...(gold?.spans ?? []).map((sought) => {
      if (sought.end <= sought.start) return 0
      const held = new Uint8Array(sought.end - sought.start)
      for (const { start, end, stored } of spans) {
        if (stored.documentId !== gold?.documentId) continue
        held.fill(1, Math.max(0, start - sought.start), Math.max(0, end - sought.start))
      }
      return held.reduce((sum, each) => sum + each, 0) / held.length
    }),
  )
}

async function collect(parts: AsyncIterable<AnswerPart>): Promise<AnswerPart[]> {
  const all: AnswerPart[] = []
  for await (const part of parts) all.push(part)
  return all
}

function citedSpans(parts: readonly AnswerPart[]): { passage: number; start: number; end: number }[] {
  return parts.flatMap((part) => (part.type === 'citation' ? [part] : []))
}

function peerSpans(
  method: string,
  question: string,
  passages: readonly Passage[],
  { termStatistics }: GeneratorDependencies,
): { passage: number; start: number; end: number }[] {
  const units = passages
    .flatMap((passage, position) => unitsOf(passage, position))
    .filter(({ kind }) => kind !== 'heading')
  if (method === 'first sentence') return units.slice(0, 1)
  const terms = [...new Set(wordsOf(question).map(({ folded }) => folded))]
  const { chunks, frequencies } = termStatistics(terms)
  const lengths = units.map(({ text }) => wordsOf(text).map(({ folded }) => folded))
  const average = lengths.reduce((sum, words) => sum + words.length, 0) / Math.max(1, lengths.length)
  let best: { unit: Unit; score: number } | undefined
  for (const [index, unit] of units.entries()) {
    const words = lengths[index] ?? []
    let score = 0
    for (const [term, word] of terms.entries()) {
      const count = words.filter((each) => each === word).length
      const frequency = frequencies[term] ?? 0
      const rarity = Math.log(1 + (chunks - frequency + 0.5) / (frequency + 0.5))
      score += (rarity * count * 2.2) / (count + 1.2 * (0.25 + (0.75 * words.length) / average))
    }
    if (!best || score > best.score) best = { unit, score }
  }
  return best ? [best.unit] : []
}

function summary(rows: readonly Row[]): Record<string, Record<string, number>> {
  const mean = (values: number[]): number =>
    Math.round((values.reduce((a, b) => a + b, 0) / values.length) * 1000) / 1000
  const result: Record<string, Record<string, number>> = {}
  for (const row of rows) {
    const key = `${row.level}, ${row.method}`
    // Came later; kept apart, so that the means stay comparable.
    if (row.set === chroma) continue
    const alike = rows.filter(
      (other) => other.level === row.level && other.method === row.method && other.set !== chroma,
    )
    result[key] ??= {
      refused: mean(alike.map(({ refused }) => refused)),
      ...(row.contains === null
        ? {}
        : {
            contains: mean(alike.map(({ contains }) => contains ?? 0)),
            overlaps: mean(alike.map(({ overlaps }) => overlaps ?? 0)),
            statements: mean(alike.map(({ statements }) => statements)),
          }),
    }
  }
  return result
}

function markdownTable(rows: readonly Row[]): string {
  const columns = ['set', 'level', 'method', 'questions', 'reachable', 'contains', 'overlaps', 'refused', 'statements', 'characters'] as const // prettier-ignore
  const line = (cells: readonly (string | number | null)[]): string =>
    `| ${cells.map((cell) => cell ?? '').join(' | ')} |`
  return [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((name) => row[name]))),
  ].join('\n')
}

// -------------------------------------------------------------------------------------------------------------- data

/** Questions that a language model wrote about five long documents, less in the words of the text than the others. */
const chroma = 'chroma'
const wholeDocument = 'whole document'

function loadChroma(vectors: Vectors): QuestionSet {
  const documents = readdirSync(join(chromaFolder, 'corpora')).map((file) => ({
    _id: file.replace(/\.md$/u, ''),
    title: '',
    text: readFileSync(join(chromaFolder, 'corpora', file), 'utf8'),
  }))
  const rows = csvRows(readFileSync(join(chromaFolder, 'questions_df.csv'), 'utf8')).slice(1)
  const cases = rows.map(([question = '', references = '[]', documentId = '']): Case => {
    const spans = (JSON.parse(references) as { content: string }[]).map(({ content }) => {
      const start = documents.find(({ _id }) => _id === documentId)?.text.indexOf(content) ?? -1
      return { start, end: start + content.length }
    })
    const gold = { documentId, topic: wholeDocument, spans: spans.filter(({ start }) => start >= 0) }
    return { id: question, question, gold }
  })
  return questionSet(chroma, documents, cases, vectors)
}

function csvRows(text: string): string[][] {
  const cells = [...text.matchAll(/("(?:[^"]|"")*"|[^,\n]*)(,|\r?\n|$)/gu)]
  const rows: string[][] = [[]]
  for (const [, cell = '', end = ''] of cells) {
    rows.at(-1)?.push(cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell)
    if (end.endsWith('\n')) rows.push([])
  }
  return rows.filter((row) => row.length >= 3)
}

function loadSet(name: string, vectors: Vectors): QuestionSet {
  const spans = new Map(
    (readJson(join(dataFolder, name, 'spans.json')) as { qid: string; doc: string; answers: { text: string; start: number }[] }[])
      .map((each) => [each.qid, each]), // prettier-ignore
  )
  const documents = readLines(join(dataFolder, name, 'corpus.jsonl')) as { _id: string; title: string; text: string }[]
  const topics = new Map(documents.map(({ _id, title }) => [_id, title || _id]))
  const cases = questionsOf(name).flatMap(({ id, question }): Case[] => {
    const span = spans.get(id)
    const answer = span?.answers[0]
    if (!span || !answer) return []
    const text = answer.text.trim()
    const start = answer.start + (answer.text.length - answer.text.trimStart().length)
    const topic = topics.get(span.doc) ?? span.doc
    return [{ id, question, gold: { documentId: span.doc, topic, spans: [{ start, end: start + text.length }] } }]
  })

  return questionSet(name, documents, cases, vectors)
}

function questionSet(
  name: string,
  documents: readonly { _id: string; title: string; text: string }[],
  cases: Case[],
  vectors: Vectors,
): QuestionSet {
  const passages = documents.flatMap((document) => cut(document, document.title || document._id))
  const database = new Database(':memory:')
  database.exec(`CREATE VIRTUAL TABLE passages USING fts5 (text, tokenize = "porter unicode61 remove_diacritics 2")`)
  const insert = database.prepare('INSERT INTO passages (rowid, text) VALUES (?, ?)')
  const spaced = (text: string): string =>
    wordsOf(text)
      .map(({ surface }) => surface)
      .join(' ')
  passages.forEach((passage, index) => insert.run(index + 1, spaced(`${passage.title}\n${passage.text}`)))
  const find = database.prepare(
    'SELECT rowid AS row, -bm25(passages) AS score FROM passages WHERE passages MATCH ? ORDER BY bm25(passages) LIMIT 400',
  )
  const count = database.prepare('SELECT count(*) AS count FROM passages WHERE passages MATCH ?')
  const frequencies = new Map<string, number>()
  const phrase = (word: string): string => `"${spaced(word).replaceAll('"', '""')}"`
  const frequencyOf = (word: string): number => {
    let known = frequencies.get(word)
    if (known === undefined) {
      known = spaced(word) === '' ? 0 : (count.get(phrase(word)) as { count: number }).count
      frequencies.set(word, known)
    }
    return known
  }
  return {
    name,
    cases,
    dependencies: {
      ...cached(vectors),
      termStatistics: (words) => ({ chunks: passages.length, frequencies: words.map(frequencyOf) }),
      openTextGenerator: () => Promise.reject(new Error('No generator here has a language model.')),
    },
    search: (question, excluded) => {
      const words = [...new Set(wordsOf(question).map(({ surface }) => phrase(surface)))].filter(
        (word) => word !== '""',
      )
      if (words.length === 0) return []
      const hits = find.all(words.join(' OR ')) as { row: number; score: number }[]
      return hits
        .map(({ row, score }) => ({ score, stored: passages[row - 1] as StoredPassage }))
        .filter(({ stored }) => !excluded(stored))
        .slice(0, passageCount)
        .map(({ score, stored }, index) => ({
          stored,
          passage: {
            index,
            documentId: stored.documentId,
            documentTitle: stored.title,
            headings: [],
            context: '',
            text: stored.text,
            score,
            textScore: score,
          },
        }))
    },
  }
}

function questionsOf(name: string): Case[] {
  const lines = readLines(join(dataFolder, name, 'queries.jsonl')) as { _id: string; text: string }[]
  return lines
    .map(({ _id, text }) => ({ id: `${name} ${_id}`, question: text }))
    .map((each) => ({ ...each, id: each.id.slice(name.length + 1) }))
}

/** Paragraphs, and long ones by sentences, together up to about 220 tokens. */
function cut({ _id, title, text }: { _id: string; title: string; text: string }, topic: string): StoredPassage[] {
  const most = isUnspaced(text.slice(0, 500)) ? 600 : 1100
  const passages: StoredPassage[] = []
  let start = 0
  let end = 0
  const flush = (): void => {
    if (text.slice(start, end).trim() !== '') {
      passages.push({ documentId: _id, topic, title: title.replaceAll('_', ' '), start, text: text.slice(start, end) })
    }
    start = end
  }
  for (const { segment } of new Intl.Segmenter('und', { granularity: 'sentence' }).segment(text)) {
    if (end - start + segment.length > most) flush()
    end += segment.length
  }
  flush()
  return passages
}

/** Half of the questions; the same question in three languages falls into the same half. */
function inCalibrationHalf(id: string): boolean {
  return Number.parseInt(sha256(id).slice(0, 8), 16) % 2 === 0
}

function readLines(path: string): unknown[] {
  return readFileSync(path, 'utf8').split('\n').filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as unknown) // prettier-ignore
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function valueOf(args: readonly string[], name: string): string | undefined {
  const at = args.indexOf(name)
  return at === -1 ? undefined : args[at + 1]
}

// ----------------------------------------------------------------------------------------------------------- vectors

const zeroVectors: Vectors = {
  dimensions: 1,
  embed: async (texts) => new Float32Array(texts.length),
  tokenizer: {
    id: 'none',
    count: (text) => wordsOf(text).length,
    encode: (text) => {
      const words = wordsOf(text)
      return {
        ids: Int32Array.from(words.keys()),
        starts: Int32Array.from(words, ({ start }) => start),
        ends: Int32Array.from(words, ({ end }) => end),
        unknownId: -1,
      }
    },
  },
}

/** The first embedder of the list with the bundled model. */
async function modelVectors(): Promise<Vectors> {
  const definition = embedderDefinitions[0]
  if (!definition) throw new Error('The list of embedders is empty.')
  const locateModel = async (name: string): Promise<string> => join(modelsFolder, name)
  const embedder = await definition.create(definition.options.parse({}), { locateModel, threads: 1 })
  return {
    dimensions: embedder.dimensions,
    tokenizer: embedder.tokenizer,
    embed: (texts, purpose) => embedder.embed(texts, purpose),
  }
}

/** The same sentences come up for many questions. */
function cached({ embed, dimensions, tokenizer }: Vectors): Vectors {
  const known = new Map<string, Float32Array>()
  return {
    dimensions,
    tokenizer,
    embed: async (texts, purpose) => {
      const missing = [...new Set(texts.filter((text) => !known.has(purpose + text)))]
      for (let at = 0; at < missing.length; at += 256) {
        const batch = missing.slice(at, at + 256)
        const rows = await embed(batch, purpose)
        batch.forEach((text, row) => known.set(purpose + text, rows.slice(row * dimensions, (row + 1) * dimensions)))
      }
      const result = new Float32Array(texts.length * dimensions)
      texts.forEach((text, row) => result.set(known.get(purpose + text) ?? [], row * dimensions))
      return result
    },
  }
}

// ----------------------------------------------------------------------------------------------------------- fitting

/**
 * Prints weights for score.ts. Units: a softmax over the units of a question whose gold answer was retrieved. Answers:
 * a logistic regression of answerable against the three unanswerable levels, each set and level with equal weight. Each
 * question is seen with vectors, without, and in other words, so that one set of weights serves all.
 */
async function fit(sets: readonly QuestionSet[], limit: number): Promise<void> {
  const unitNames = Object.keys(unitWeights) as (keyof UnitFeatures)[]
  const unitExamples: { features: number[][]; gold: boolean[] }[] = []
  const gathered: { evidence: Evidence; view: string; level: Level; set: string; reachable: boolean }[] = []
  for (const set of sets) {
    const plain = { ...set.dependencies, ...zeroVectors }
    for (const level of levels) {
      const cases = casesFor(set, sets, level)
        .filter((each) => inCalibrationHalf(each.id))
        .slice(0, limit)
      for (const each of cases) {
        const found = set.search(each.question, exclusion(level, each))
        const passages = found.map(({ passage }) => passage)
        const units = passages.flatMap((passage, position) => unitsOf(passage, position))
        const question = analyseQuestion(each.question)
        if (units.length === 0) continue
        const placed = units.map((unit) => {
          const { stored } = found[unit.passage] as (typeof found)[number]
          return { start: stored.start + unit.start, end: stored.start + unit.end, stored }
        })
        const gold = placed.map((span) => isGold(each, span))
        const views = [
          { view: 'vectors', question, dependencies: set.dependencies },
          { view: 'no vectors', question, dependencies: plain },
          { view: 'other words', question: inOtherWords(question), dependencies: set.dependencies },
        ]
        for (const { view, question, dependencies } of views) {
          const evidence = await gatherEvidence(question, passages, units, dependencies)
          gathered.push({ evidence, view, level, set: set.name, reachable: gold.includes(true) })
          if (level !== 'answerable' || !gold.includes(true) || !gold.includes(false)) continue
          unitExamples.push({
            features: evidence.units.map(({ features }) => unitNames.map((name) => features[name])),
            gold,
          })
        }
      }
    }
  }
  const start = unitNames.map((name) => unitWeights[name])
  const fixed = unitNames.map((name) => fixedKinds.has(name))
  const fitted = fitSoftmax(unitExamples, start, fixed)
  print('unitWeights', unitNames, fitted)
  unitNames.forEach((name, index) => Object.assign(unitWeights, { [name]: Math.round((fitted[index] ?? 0) * 10) / 10 }))

  const answerNames = Object.keys(answerWeights) as (keyof AnswerFeatures)[]
  const examples = gathered.flatMap(({ evidence, level, set, reachable, view }) => {
    if (level === 'answerable' && !reachable) return []
    const best = rankUnits(evidence)[0]
    if (!best) return []
    const features = answerFeatures(evidence, best.assessed)
    return [{ view, x: answerNames.map((name) => features[name]), y: level === 'answerable' ? 1 : 0, level, set }]
  })
  const sizes = new Map<string, number>()
  for (const { set, level } of examples) sizes.set(`${set} ${level}`, (sizes.get(`${set} ${level}`) ?? 0) + 1)
  const weighed = examples.map((each) => ({
    ...each,
    weight:
      ((each.view === 'other words' ? 0.25 : 1) * levelWeights[each.level]) /
      (sizes.get(`${each.set} ${each.level}`) ?? 1),
  }))
  const { weights, intercept } = fitLogistic(weighed, answerNames.length)
  print('answerWeights', answerNames, weights)
  console.log(`answerIntercept = ${intercept.toFixed(2)} (now ${answerIntercept})`)
  const probability = (x: readonly number[]): number =>
    1 / (1 + Math.exp(-x.reduce((sum, value, index) => sum + value * (weights[index] ?? 0), intercept)))
  for (const threshold of [0.2, 0.3, 0.4, 0.5]) {
    const groups = [...new Set(examples.map(({ set, level, view }) => `${set}, ${level}, ${view}`))].sort()
    const shares = groups.map((key) => {
      const group = examples.filter(({ set, level, view }) => `${set}, ${level}, ${view}` === key)
      return `  ${key}: ${(group.filter(({ x }) => probability(x) < threshold).length / group.length).toFixed(3)}`
    })
    console.log(`refused below ${threshold}\n${shares.join('\n')}`)
  }
}

/**
 * Set by hand: too rare in these sets to be learned from them, or, for the two on retrieval, learned too well, because
 * here the first passage nearly always is the right one.
 */
const fixedKinds = new Set<string>([
  'rank',
  'relativeScore',
  'headingCoverage',
  'isTableRow',
  'isListItem',
  'isShort',
  'isSymbols',
])
/** What removing one document leaves may well answer the question: it counts less. */
const levelWeights: Record<Level, number> = {
  answerable: 2,
  'document removed': 0.5,
  'topic removed': 1,
  'other subject': 1,
}

/**
 * These questions were written by people who saw the text, in its words. Others ask in their own: a third of the terms
 * that are neither names nor what is asked about, chosen by hash, become words that nothing contains.
 */
function inOtherWords(question: Question): Question {
  let text = question.text
  const terms = question.terms.map((term, index) => {
    if (
      term.name ||
      index === question.focus ||
      Number.parseInt(sha256(question.text + term.word.folded).slice(0, 8), 16) % 3 > 0
    )
      return term
    text = text.replace(term.word.surface, '')
    return { ...term, word: { ...term.word, surface: '§', folded: '§', stem: '§' } }
  })
  return { ...question, text, terms }
}

/** The unit holds most of the answer, or is itself mostly answer (where that is several sentences long). */
function isGold({ gold }: Case, span: { start: number; end: number; stored: StoredPassage }): boolean {
  if (!gold || span.stored.documentId !== gold.documentId) return false
  return gold.spans.some((sought) => {
    const common = Math.min(sought.end, span.end) - Math.max(sought.start, span.start)
    return common > 0 && (common >= 0.5 * (sought.end - sought.start) || common >= 0.5 * (span.end - span.start))
  })
}

function fitSoftmax(
  examples: readonly { features: number[][]; gold: boolean[] }[],
  start: readonly number[],
  fixed: readonly boolean[],
): number[] {
  const size = start.length
  const initial = start.map((weight, index) => (fixed[index] ? weight : 0))
  return descend(initial, (weights, gradient) => {
    for (const { features, gold } of examples) {
      const scores = features.map((each) => dot(each, weights))
      const highest = Math.max(...scores)
      const masses = scores.map((score) => Math.exp(score - highest))
      const all = masses.reduce((a, b) => a + b, 0)
      const right = masses.reduce((sum, mass, index) => sum + (gold[index] ? mass : 0), 0)
      features.forEach((each, index) => {
        const mass = masses[index] ?? 0
        const error = mass / all - (gold[index] ? mass / right : 0)
        for (let name = 0; name < size; name += 1) gradient[name]! += (error * (each[name] ?? 0)) / examples.length
      })
    }
    fixed.forEach((isFixed, index) => isFixed && (gradient[index] = Number.NaN))
  })
}

function fitLogistic(
  examples: readonly { x: number[]; y: number; weight: number }[],
  size: number,
): { weights: number[]; intercept: number } {
  const total = examples.reduce((sum, { weight }) => sum + weight, 0)
  const zeros = Array.from({ length: size + 1 }, () => 0)
  const found = descend(zeros, (weights, gradient) => {
    for (const { x, y, weight } of examples) {
      const error = (1 / (1 + Math.exp(-(dot(x, weights) + (weights[size] ?? 0)))) - y) * (weight / total)
      for (let name = 0; name < size; name += 1) gradient[name]! += error * (x[name] ?? 0)
      gradient[size]! += error
    }
  })
  return { weights: found.slice(0, size), intercept: found[size] ?? 0 }
}

/** Adam (Kingma and Ba 2015), full batch, with a little weight decay. A gradient of NaN says: leave this weight. */
function descend(
  start: readonly number[],
  addGradient: (weights: readonly number[], gradient: Float64Array) => void,
): number[] {
  const weights = [...start]
  const size = start.length
  const mean = new Float64Array(size)
  const square = new Float64Array(size)
  for (let step = 1; step <= 400; step += 1) {
    const gradient = new Float64Array(size)
    addGradient(weights, gradient)
    const rate = 0.1 * (1 - step / 500)
    for (let name = 0; name < size; name += 1) {
      if (Number.isNaN(gradient[name])) continue
      const slope = (gradient[name] ?? 0) + 0.0005 * (weights[name] ?? 0)
      mean[name] = 0.9 * (mean[name] ?? 0) + 0.1 * slope
      square[name] = 0.999 * (square[name] ?? 0) + 0.001 * slope ** 2
      const move = (mean[name] ?? 0) / (1 - 0.9 ** step) / (Math.sqrt((square[name] ?? 0) / (1 - 0.999 ** step)) + 1e-9)
      weights[name] = (weights[name] ?? 0) - rate * move
    }
  }
  return weights
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0
  for (let index = 0; index < a.length; index += 1) sum += (a[index] ?? 0) * (b[index] ?? 0)
  return sum
}

function print(title: string, names: readonly string[], weights: readonly number[]): void {
  console.log(`${title}: ${names.map((name, index) => `${name} ${(weights[index] ?? 0).toFixed(2)}`).join(', ')}`)
}
