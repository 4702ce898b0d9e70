import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

/** A text as a person may ask for it, and a passage that should be found. */
export interface Pair {
  query: string
  passage: string
}

export interface PairSource {
  name: string
  path: string
}

/** The sources of a folder, in the order of their names. */
export async function listSources(folder: string): Promise<PairSource[]> {
  const ending = '.jsonl.gz'
  const files = (await readdir(folder)).filter((file) => file.endsWith(ending)).sort()
  if (files.length === 0) throw new Error(`${folder} holds no ${ending} files of pairs.`)
  return files.map((file) => ({ name: file.slice(0, -ending.length), path: join(folder, file) }))
}

/** The pairs of one source in the order of its file, which is that of the documents they come from. */
export async function* readPairs({ path }: PairSource): AsyncGenerator<Pair> {
  const input = createReadStream(path)
  const lines = createInterface({ input: input.pipe(createGunzip()), crlfDelay: Infinity })
  let number = 0
  for await (const line of lines) {
    number += 1
    if (line.trim() === '') continue
    const { q, p } = JSON.parse(line) as { q?: unknown; p?: unknown }
    if (typeof q !== 'string' || typeof p !== 'string') throw new Error(`${path}, line ${number}: q or p is no text.`)
    yield { query: q, passage: p }
  }
}

/** Pairs that follow one another and are held out together: most of them are of one document. */
const heldOutRun = 50

/** One run of 50 pairs in 64 is never trained on, nor are its words counted: models are chosen by it. */
export function isHeldOut(position: number): boolean {
  return Math.floor(position / heldOutRun) % 64 === 32
}
