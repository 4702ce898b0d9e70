import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { recursiveChunker } from '../core/chunkers/recursive.ts'
import { sentenceChunker } from '../core/chunkers/sentence.ts'
import type { Element, ParsedDocument } from '../core/contract/parsed-document.ts'
import { loadTokenizer } from '../core/tokenizers/load-tokenizer.ts'

export const needsPeers = true

/**
 * Speed of chunking the same 10 MB of English in one process, against libraries that do the same work: by characters
 * against LangChain's recursive splitter, by tokens against LlamaIndex and vectra. Contestants take turns in every round; a
 * figure is the median of the rounds, in wall time and in processor time (which other work on the machine disturbs less). Ours keep offsets, headings and counts; elements are paragraphs, as a parser gives them.
 * Each of the peers counts with the tokenizer it ships with, ours with the bundled embedding model's.
 *
 *   npm run bench -- chunking [--rounds 3]
 */
export async function run(args: string[]): Promise<void> {
  if (!existsSync(dataFolder)) {
    console.log(`chunking: skipped, there is no ${dataFolder}`)
    return
  }
  const rounds = Number(valueAfter(args, '--rounds') ?? 3)
  const text = buildText()
  const document: ParsedDocument = { text, elements: paragraphsOf(text), pages: [], warnings: [] }
  const tokenizer = await loadTokenizer(modelFolder())
  const { RecursiveCharacterTextSplitter, SentenceSplitter, TextSplitter } = loadPeers()

  const own = (options: Record<string, unknown>, definition = recursiveChunker) => {
    const chunker = definition.create(recursiveChunker.options.parse(options), { tokenizer })
    return async () => chunker.chunk(document).map((chunk) => chunk.text)
  }
  const characters = { unit: 'characters', maxTokens: 1000, minTokens: 0 }
  const contestants: Contestant[] = [
    {
      group: '1000 characters, overlap 200',
      name: 'quarry recursive',
      work: own({ ...characters, overlapTokens: 200 }),
    },
    { group: '1000 characters, overlap 200', name: 'langchain recursive', work: langchain(200), target: 5 },
    { group: '1000 characters', name: 'quarry recursive', work: own(characters) },
    { group: '1000 characters', name: 'langchain recursive', work: langchain(0), target: 5 },
    { group: '256 tokens', name: 'quarry recursive', work: own({ maxTokens: 256 }) },
    { group: '256 tokens', name: 'quarry sentence', work: ownSentence() },
    {
      group: '256 tokens',
      name: 'vectra TextSplitter',
      work: async () => new TextSplitter({ chunkSize: 256, chunkOverlap: 0 }).split(text).map((chunk) => chunk.text),
      target: 1.5,
    },
    {
      group: '256 tokens',
      name: 'llamaindex SentenceSplitter',
      work: async () => new SentenceSplitter({ chunkSize: 256, chunkOverlap: 0 }).splitText(text),
      target: 15,
    },
  ]
  function langchain(chunkOverlap: number): Contestant['work'] {
    return () => new RecursiveCharacterTextSplitter({ chunkSize: 1000, chunkOverlap }).splitText(text)
  }
  function ownSentence(): Contestant['work'] {
    const options = sentenceChunker.options.parse({ maxTokens: 256, overlapTokens: 0 })
    const chunker = sentenceChunker.create(options, { tokenizer })
    return async () => chunker.chunk(document).map((chunk) => chunk.text)
  }

  const loadBefore = loadavg()[0] ?? 0
  const times = contestants.map((): number[] => [])
  const processorTimes = contestants.map((): number[] => [])
  const chunkCounts: number[] = []
  for (let roundNumber = 0; roundNumber < rounds; roundNumber++) {
    for (const [index, { name, work }] of contestants.entries()) {
      const processorStart = process.cpuUsage()
      const start = performance.now()
      const chunks = await work()
      touch(chunks)
      times[index]!.push(performance.now() - start)
      const { user, system } = process.cpuUsage(processorStart)
      processorTimes[index]!.push((user + system) / 1000)
      chunkCounts[index] = chunks.length
      console.error(`round ${roundNumber + 1} of ${rounds}: ${name} ${Math.round(times[index]!.at(-1)!)} ms`)
    }
  }

  const megabytes = text.length / 1e6
  const rows = contestants.map(({ group, name, target }, index) => {
    const milliseconds = median(times[index]!)
    const ours = contestants.findIndex((entry) => entry.group === group)
    const ratio = milliseconds / median(times[ours]!)
    const processorRatio = median(processorTimes[index]!) / median(processorTimes[ours]!)
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
    command: `npm run bench -- chunking --rounds ${rounds}`,
    text: `${round(megabytes)} million characters of English: covidqa, chroma, cranfield, npl and xquad-en, then from the start again`,
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
  work(): Promise<string[]>
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
  const bundled = join(import.meta.dirname, '../models/static-256')
  return existsSync(join(bundled, 'tokenizer.json'))
    ? bundled
    : join(import.meta.dirname, '../../shared/model/static-256')
}

function buildText(): string {
  const parts: string[] = []
  for (const set of ['covidqa', 'cranfield', 'npl', 'xquad-en']) {
    const lines = readFileSync(join(dataFolder, 'retrieval', set, 'corpus.jsonl'), 'utf8')
      .split('\n')
      .filter(Boolean)
    for (const line of lines) parts.push((JSON.parse(line) as { text: string }).text)
  }
  const chroma = join(dataFolder, 'chunking/chroma/general_evaluation_data/corpora')
  for (const name of ['chatlogs', 'finance', 'pubmed', 'state_of_the_union', 'wikitexts'])
    parts.push(readFileSync(join(chroma, `${name}.md`), 'utf8'))
  const once = parts.join('\n\n')
  const text = once.repeat(Math.ceil(textLength / once.length)).slice(0, textLength)
  // Through a buffer, so that everybody gets one flat string and not a rope.
  return Buffer.from(text).toString()
}

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
