import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimeEnvironment } from '../scripts/runtime.mjs'

/**
 * How fast documents go in, with what memory, and where the time goes. Each case is a run of its own process of the
 * command line (`quarry ingest`) on a fresh workspace, so that the peak is the peak of that case: resident memory of
 * the whole process with its worker threads, as the kernel counted it (VmHWM).
 */
const root = fileURLToPath(new URL('..', import.meta.url))
const shared = join(root, '../shared/data')

export async function run(args: string[]): Promise<void> {
  const wanted = args.length > 0 ? args : ['documents', 'markdown', 'folder100']
  const work = mkdtempSync(join(tmpdir(), 'quarry-bench-'))
  const results: Record<string, Figures> = {}
  try {
    for (const name of wanted) {
      const folder = prepare(name, work)
      results[name] = measure(name, folder, work)
      show(name, results[name])
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  mkdirSync(join(root, 'bench/results'), { recursive: true })
  writeFileSync(join(root, 'bench/results/ingest.json'), `${JSON.stringify(results, null, 2)}\n`)
}

interface Figures {
  files: number
  megabytes: number
  ready: number
  failed: number
  chunks: number
  /** Job time, first file listed to last index tidied; start of the process not included. */
  seconds: number
  documentsPerSecond: number
  megabytesPerSecond: number
  peakMegabytes: number
  /** Sum over documents of each stage's time, waiting for a worker included, as parts of the whole. */
  stages: Record<string, number>
}

/** A folder with the files of a case. */
function prepare(name: string, work: string): string {
  const folder = join(work, name)
  if (name === 'documents') {
    cpSync(join(shared, 'documents'), folder, { recursive: true })
    return folder
  }
  mkdirSync(folder)
  const text = markdownText()
  if (name === 'markdown') {
    // 10 MB in 100 files.
    writeParts(folder, text, 100, 100_000)
  } else {
    // 100 MB in files from 10 kB to 10 MB.
    writeParts(folder, text, 20, 1_000_000, 'middle')
    writeParts(folder, text, 1000, 30_000, 'small')
    writeParts(folder, text, 5, 10_000_000, 'large')
  }
  return folder
}

/** English text with headings from the retrieval sets: every document under its title. */
function markdownText(): string {
  const sets = ['covidqa', 'xquad-en', 'cranfield', 'npl']
  const sections = sets.flatMap((set) =>
    readFileSync(join(shared, 'retrieval', set, 'corpus.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { title?: string; text: string })
      .map(({ title, text }) => `## ${title === undefined || title === '' ? 'Untitled' : title}\n\n${text}\n`),
  )
  return sections.join('\n')
}

/** Files cut from the text one after the other, wrapping around; each begins with its own number so that none are equal. */
function writeParts(folder: string, text: string, count: number, size: number, label = 'part'): void {
  let at = 0
  for (let index = 0; index < count; index += 1) {
    let body = `# ${label} ${index}\n\n`
    while (body.length < size) {
      const piece = text.slice(at, at + size - body.length)
      body += piece
      at = (at + piece.length) % text.length
    }
    writeFileSync(join(folder, `${label}-${index}.md`), body)
  }
}

function measure(name: string, folder: string, work: string): Figures {
  const workspace = join(work, `${name}-workspace`)
  const worker = fileURLToPath(new URL('ingest-process.worker.ts', import.meta.url))
  const output = execFileSync(process.execPath, [worker, workspace, folder], {
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: runtimeEnvironment(),
  })
  const measured = JSON.parse(output) as Omit<
    Figures,
    'files' | 'megabytes' | 'documentsPerSecond' | 'megabytesPerSecond'
  >
  const { files, bytes } = sizeOf(folder)
  rmSync(workspace, { recursive: true, force: true })
  return {
    files,
    megabytes: bytes / 1e6,
    ...measured,
    documentsPerSecond: measured.ready / measured.seconds,
    megabytesPerSecond: bytes / 1e6 / measured.seconds,
  }
}

function show(name: string, figures: Figures): void {
  const { files, megabytes, ready, failed, chunks, seconds, peakMegabytes, stages } = figures
  console.log(
    `${name}: ${files} files, ${megabytes.toFixed(1)} MB -> ${ready} ready, ${failed} failed, ${chunks} chunks`,
  )
  console.log(
    `  ${seconds.toFixed(1)} s, ${figures.documentsPerSecond.toFixed(1)} documents/s, ${figures.megabytesPerSecond.toFixed(2)} MB/s, peak ${peakMegabytes.toFixed(0)} MB`,
  )
  console.log(
    `  ${Object.entries(stages)
      .map(([stage, part]) => `${stage} ${(part * 100).toFixed(0)} %`)
      .join(', ')}`,
  )
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
