import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { chunkerDefinitions } from '../core/chunkers/list.ts'
import type { Element, ParsedDocument } from '../core/contract/parsed-document.ts'
import { transformersEmbedder } from '../core/embedders/transformers.ts'
import { bundledEmbedder } from '../core/model-files/bundled.ts'
import { findDefinition } from '../core/shared/family.ts'
import { loadTokenizer } from '../core/tokenizers/load-tokenizer.ts'

export const needsPeers = true

/**
 * Speed of chunking the same 10 MB of English, document by document in one process, against libraries that do the same work: by characters
 * against LangChain's recursive splitter, by tokens against LlamaIndex and vectra. Contestants take turns in every round; a
 * figure is the median of the rounds, in wall time and in processor time (which other work on the machine disturbs less). Ours keep offsets, headings and counts; elements are paragraphs, as a parser gives them.
 * Documents are at most as long as a paper (25,000 characters here), which is kind to LlamaIndex: its time grows faster than the text.
 * Each of the peers counts with the tokenizer it ships with, ours with the bundled embedding model's.
 * After that every chunker of ours with its default options, but for the one that asks a language model; those that compare
 * sentences ask the bundled model in the same process.
 *
 *   npm run bench -- chunking [--rounds 3] [--ours]
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(dataFolder)) {
    console.log(`chunking: skipped, there is no ${dataFolder}`)
    return
  }
  const rounds = Number(valueAfter(args, '--rounds') ?? 3)
  const documents = buildDocuments()
  const length = documents.reduce((sum, document) => sum + document.text.length, 0)
  const tokenizer = await loadTokenizer(modelFolder())
  const { RecursiveCharacterTextSplitter, SentenceSplitter, TextSplitter } = loadPeers()
  const embedder = await transformersEmbedder.create(transformersEmbedder.options.parse({}), {
    locateModel: async () => modelFolder(),
    threads: 1,
  })
  const embed = async (texts: readonly string[]) => ({
    vectors: await embedder.embed(texts, 'passage'),
    dimensions: embedder.dimensions,
  })
  const ours = (id: string, options: Record<string, unknown>): Contestant['work'] => {
    const definition = findDefinition('chunker', chunkerDefinitions, id)
    const chunker = definition.create(definition.options.parse(options), { tokenizer, embed })
    return async (document) => (await chunker.chunk(document)).map((chunk) => chunk.text)
  }
  const recursive = (options: Record<string, unknown>): Contestant['work'] => ours('recursive', options)
  const langchain = (chunkOverlap: number): Contestant['work'] => {
    const splitter = new RecursiveCharacterTextSplitter({ chunkSize: 1000, chunkOverlap })
    return ({ text }) => splitter.splitText(text)
  }
  const vectra = new TextSplitter({ chunkSize: 256, chunkOverlap: 0 })
  const llamaindex = new SentenceSplitter({ chunkSize: 256, chunkOverlap: 0 })
  const characters = { unit: 'characters', maxTokens: 1000, minTokens: 0 }
  const oursAlone = 'each of ours as it comes'
  const [withOverlap, without, tokens] = ['1000 characters, overlap 200', '1000 characters', '256 tokens'] as const
  const everybody: Contestant[] = [
    { group: withOverlap, name: 'quarry recursive', work: recursive({ ...characters, overlapTokens: 200 }) },
    { group: withOverlap, name: 'langchain recursive', work: langchain(200), target: 5 },
    { group: without, name: 'quarry recursive', work: recursive(characters) },
    { group: without, name: 'langchain recursive', work: langchain(0), target: 5 },
    { group: tokens, name: 'quarry recursive', work: recursive({ maxTokens: 256 }) },
    { group: tokens, name: 'quarry sentence', work: ours('sentence', { maxTokens: 256, overlapTokens: 0 }) },
    {
      group: tokens,
      name: 'vectra TextSplitter',
      work: ({ text }) => vectra.split(text).map((chunk) => chunk.text),
      target: 1.5,
    },
    { group: tokens, name: 'llamaindex SentenceSplitter', work: ({ text }) => llamaindex.splitText(text), target: 15 },
    ...chunkerDefinitions
      .filter(({ id }) => id !== 'proposed')
      .map(({ id }) => ({
        group: oursAlone,
        name: `quarry ${id}`,
        work: ours(id, {}),
      })),
  ]

  const isOurs = args.includes('--ours')
  const contestants = everybody.filter(({ group }) => !isOurs || group === oursAlone)
  const loadBefore = loadavg()[0] ?? 0
  const times = contestants.map((): number[] => [])
  const processorTimes = contestants.map((): number[] => [])
  const chunkCounts: number[] = []
  for (let roundNumber = 0; roundNumber < rounds; roundNumber++) {
    for (const [index, { name, work }] of contestants.entries()) {
      const processorStart = process.cpuUsage()
      const start = performance.now()
      let count = 0
      for (const document of documents) {
        // A copy: a document that was measured once is not measured again.
        const result = work({ ...document })
        const chunks = result instanceof Promise ? await result : result
        touch(chunks)
        count += chunks.length
      }
      times[index]!.push(performance.now() - start)
      const { user, system } = process.cpuUsage(processorStart)
      processorTimes[index]!.push((user + system) / 1000)
      chunkCounts[index] = count
      console.error(`round ${roundNumber + 1} of ${rounds}: ${name} ${Math.round(times[index]!.at(-1)!)} ms`)
    }
  }

  const megabytes = length / 1e6
  const rows = contestants.map(({ group, name, target }, index) => {
    const milliseconds = median(times[index]!)
    const first = contestants.findIndex((entry) => entry.group === group)
    const ratio = milliseconds / median(times[first]!)
    const processorRatio = median(processorTimes[index]!) / median(processorTimes[first]!)
    return {
      group,
      name,
      milliseconds: round(milliseconds),
      megabytesPerSecond: round((megabytes / milliseconds) * 1000),
      chunks: chunkCounts[index]!,
      processorMilliseconds: round(median(processorTimes[index]!)),
      quarryIsFasterBy: name.startsWith('quarry') ? null : round(ratio),
      inProcessorTime: name.startsWith('quarry') ? null : round(processorRatio),
      target: target ?? null,
    }
  })
  console.table(rows)
  const result = {
    command: `npm run bench -- chunking --rounds ${rounds}${isOurs ? ' --ours' : ''}`,
    text: `${round(megabytes)} million characters of English in ${documents.length} documents: covidqa, cranfield, npl, xquad-en and chroma, then from the start again`,
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, load average ${round(loadBefore)} at the start, ${round(loadavg()[0] ?? 0)} at the end`,
    node: process.version,
    rounds,
    rows,
  }
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  writeFileSync(join(results, 'chunking.json'), `${JSON.stringify(result, null, 2)}\n`)
}

function valueAfter(args: readonly string[], name: string): string | undefined {
  const index = args.indexOf(name)
  return index < 0 ? undefined : args[index + 1]
}

interface Contestant {
  group: string
  name: string
  work(document: ParsedDocument): string[] | Promise<string[]>
  /** How much faster than this one Quarry must be. */
  target?: number
}

interface Peers {
  RecursiveCharacterTextSplitter: new (options: { chunkSize: number; chunkOverlap: number }) => {
    splitText(text: string): Promise<string[]>
  }
  SentenceSplitter: new (options: { chunkSize: number; chunkOverlap: number }) => { splitText(text: string): string[] }
  TextSplitter: new (options: { chunkSize: number; chunkOverlap: number }) => {
    split(text: string): { text: string }[]
  }
}

function loadPeers(): Peers {
  const require = createRequire(join(import.meta.dirname, 'peers', 'package.json'))
  return {
    ...(require('@langchain/textsplitters') as Pick<Peers, 'RecursiveCharacterTextSplitter'>),
    ...(require('llamaindex') as Pick<Peers, 'SentenceSplitter'>),
    ...(require('vectra') as Pick<Peers, 'TextSplitter'>),
  }
}

const dataFolder = join(import.meta.dirname, '../../shared/data')
const textLength = 10_000_000

function modelFolder(): string {
  return join(import.meta.dirname, '../models', bundledEmbedder)
}

/** Documents of 10 million characters in all; the five long chroma corpora are cut into ones as long as a paper. */
function buildDocuments(): ParsedDocument[] {
  const texts: string[] = []
  for (const set of ['covidqa', 'cranfield', 'npl', 'xquad-en']) {
    const lines = readFileSync(join(dataFolder, 'retrieval', set, 'corpus.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
    for (const line of lines) texts.push((JSON.parse(line) as { text: string }).text)
  }
  const chroma = join(dataFolder, 'chunking/chroma/general_evaluation_data/corpora')
  for (const name of ['chatlogs', 'finance', 'pubmed', 'state_of_the_union', 'wikitexts']) {
    const corpus = readFileSync(join(chroma, `${name}.md`), 'utf8')
    for (let from = 0; from < corpus.length; from += paperLength) texts.push(corpus.slice(from, from + paperLength))
  }
  const documents: ParsedDocument[] = []
  for (let length = 0, index = 0; length < textLength; index++) {
    // Through a buffer, so that everybody gets flat strings and not slices of larger ones.
    const text = Buffer.from(texts[index % texts.length]!).toString()
    documents.push({ text, elements: paragraphsOf(text), pages: [], warnings: [] })
    length += text.length
  }
  return documents
}

const paperLength = 25_000

function paragraphsOf(text: string): Element[] {
  return [...text.matchAll(/\S[^\n]*(?:\n(?!\s*\n)[^\n]*)*/g)].map((match) => ({
    kind: 'paragraph',
    start: match.index,
    end: match.index + match[0].length,
  }))
}

/** Reads the ends of every chunk, so that no engine may leave building the strings for later. */
function touch(chunks: readonly string[]): void {
  for (const chunk of chunks) touched = (touched * 31 + chunk.charCodeAt(0) + chunk.charCodeAt(chunk.length - 1)) | 0
}
let touched = 0

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
