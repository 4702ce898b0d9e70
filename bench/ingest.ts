import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runtimeEnvironment } from '../scripts/runtime.mjs'
import { markdownText, writeParts, writePdf, writeText } from './ingest/make-files.ts'

/**
 *   npm run bench -- ingest [--only small,pdf,text,folder,again,parallel,delete]
 *
 * How fast documents go in (and out), with what memory, and where the time goes. Each part runs in a process of its own
 * on a fresh workspace, so that the peak is the peak of that part: resident memory of the process and its workers
 * together, looked at twenty times a second.
 *
 * small: 10,000 small files; again: the same, then a second run in which nothing has changed; pdf: one of 1,000 pages;
 * text: one of 200 MB; folder: 1 GB in files of 10 kB to 10 MB; parallel: PDFs and Office files with one worker and with
 * two, beside what two threads that only count get more done than one (the limit of a machine whose cores are virtual); delete: 10,000 documents with 200,000 chunks. documents, markdown and folder100 are smaller ones from before.
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const shared = join(root, '../shared/data')
const resultsFile = join(root, 'bench/results/ingest.json')

const parts: Record<string, (work: string) => unknown> = {
  documents: (work) => ingestPart(work, (folder) => cpSync(join(shared, 'documents'), folder, { recursive: true })),
  // 10 MB in 100 files.
  markdown: (work) => ingestPart(work, (folder) => writeParts(folder, markdownText(shared), 100, 100_000)),
  folder100: (work) => ingestPart(work, (folder) => writeMixed(folder, 1)),
  small: (work) => ingestPart(work, (folder) => writeParts(folder, markdownText(shared), 10_000, 2000)),
  again: (work) =>
    ingestPart(work, (folder) => writeParts(folder, markdownText(shared), 10_000, 2000), { again: true }),
  pdf: (work) => ingestPart(work, (folder) => writePdf(join(folder, 'thousand.pdf'), markdownText(shared), 1000)),
  text: (work) =>
    ingestPart(work, (folder) => writeText(join(folder, 'large.txt'), markdownText(shared), 200_000_000), {
      maximumFileBytes: 256_000_000,
    }),
  folder: (work) => ingestPart(work, (folder) => writeMixed(folder, 10)),
  parallel(work) {
    const limits = [spinRatio()]
    const runs = [1, 2, 2, 1].map((cores) => ({ cores, ...ingestPart(work, writeParseBound, { cores }) }))
    limits.push(spinRatio())
    const best = (cores: number) =>
      runs.filter((run) => run.cores === cores).reduce((a, b) => (a.seconds < b.seconds ? a : b))
    const speedUp = best(1).seconds / best(2).seconds
    return { one: best(1), two: best(2), seconds: runs.map((run) => run.seconds), speedUp, limit: Math.max(...limits) }
  },
  delete: (work) => {
    const workspace = join(work, 'workspace')
    const figures = runWorker('delete.worker.ts', [workspace, '10000', '1000'])
    rmSync(workspace, { recursive: true, force: true })
    return figures
  },
}

export async function run(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, options: { only: { type: 'string' } }, allowPositionals: true })
  const wanted = values.only?.split(',') ?? (positionals.length > 0 ? positionals : Object.keys(parts))
  const unknown = wanted.find((name) => !Object.hasOwn(parts, name))
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}". Known: ${Object.keys(parts).join(', ')}.`)
  for (const name of wanted) {
    const work = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
    try {
      const figures = parts[name]?.(work)
      console.log(`${name}: ${JSON.stringify(figures, rounded, 1).replaceAll(/\n\s*/g, ' ')}`)
      // After each one: what was measured is not lost with what goes wrong later.
      const known = existsSync(resultsFile) ? (JSON.parse(readFileSync(resultsFile, 'utf8')) as object) : {}
      const result = { ...known, [name]: { ...(figures as object), loadAverage: loadavg()[0] } }
      mkdirSync(join(root, 'bench/results'), { recursive: true })
      writeFileSync(resultsFile, `${JSON.stringify(result, null, 2)}\n`)
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }
}

interface Measured {
  ready: number
  failed: number
  /** Why the first of them failed. */
  reasons: string[]
  chunks: number
  /** Job time, first file listed to last index tidied; start of the process not included. */
  seconds: number
  /** From the start of the job until a search finds something. */
  firstSearchableSeconds: number | null
  /** The same folder once more. */
  againSeconds?: number
  peakMegabytes: number
  databaseMegabytes: number
  /** Sum over documents of each stage's time, waiting for a worker included, as parts of the whole. */
  stages: Record<string, number>
}

function ingestPart(
  work: string,
  fill: (folder: string) => void,
  options: { cores?: number; maximumFileBytes?: number; again?: boolean } = {},
) {
  const folder = join(work, 'files')
  const workspace = join(work, 'workspace')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  fill(folder)
  const measured = runWorker('process.worker.ts', [workspace, folder, JSON.stringify(options)]) as Measured
  rmSync(workspace, { recursive: true, force: true })
  const { files, bytes } = sizeOf(folder)
  return {
    files,
    megabytes: bytes / 1e6,
    ...measured,
    documentsPerSecond: measured.ready / measured.seconds,
    megabytesPerSecond: bytes / 1e6 / measured.seconds,
    chunksPerSecond: measured.chunks / measured.seconds,
  }
}

/** `times` 100 MB in files from 10 kB to 10 MB. */
function writeMixed(folder: string, times: number): void {
  const text = markdownText(shared)
  for (let time = 0; time < times; time += 1) {
    writeParts(folder, text, 20, 1_000_000, `middle-${time}`)
    writeParts(folder, text, 1000, 30_000, `small-${time}`)
    writeParts(folder, text, 5, 10_000_000, `large-${time}`)
  }
}

/** Files that take long to parse and give little to index. */
function writeParseBound(folder: string): void {
  const entries = readdirSync(join(shared, 'documents'), { recursive: true, withFileTypes: true })
  const chosen = entries.filter((entry) => entry.isFile() && /\.(pdf|docx|pptx|xlsx)$/.test(entry.name))
  for (const [index, entry] of chosen.entries()) {
    cpSync(join(entry.parentPath, entry.name), join(folder, `${index}-${entry.name}`))
  }
}

/** How much more two processes get done than one that do nothing but count. */
function spinRatio(): number {
  const program = `const end = performance.now() + 2000
    let count = 0
    for (let sum = 0; performance.now() < end; count++) for (let step = 0; step < 1e6; step++) sum = (sum * 31 + step) | 0
    console.log(count)`
  const spin = (times: number): number => {
    const shell = Array.from({ length: times }, () => `"${process.execPath}" -e '${program}'`).join(' & ')
    const output = execFileSync('sh', ['-c', `${shell} & wait`], { encoding: 'utf8' })
    return output
      .trim()
      .split('\n')
      .reduce((sum, line) => sum + Number(line), 0)
  }
  const one = spin(1)
  return spin(2) / one
}

function runWorker(name: string, args: string[]): unknown {
  const worker = fileURLToPath(new URL(`ingest/${name}`, import.meta.url))
  const output = execFileSync(process.execPath, [worker, ...args], {
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: runtimeEnvironment(),
  })
  return JSON.parse(output) as unknown
}

function sizeOf(folder: string): { files: number; bytes: number } {
  let files = 0
  let bytes = 0
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue
    files += 1
    bytes += statSync(join(entry.parentPath, entry.name)).size
  }
  return { files, bytes }
}

function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value
}
