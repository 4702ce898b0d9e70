import { Presets, SingleBar } from 'cli-progress'
import type { Citation } from '../contract/ask.ts'
import type { EvaluationResult } from '../contract/evaluation.ts'
import type { RetrievedPassage } from '../contract/search.ts'

/** How the command line shows things to a person. Document text is data: control characters never reach the terminal. */
export interface Terminal {
  /** To standard output. */
  write(text: string): void
  /** One line to standard error, whatever is in the message. */
  complain(message: string): void
  /** The JSON value, or what `show` writes. */
  result(json: boolean | undefined, value: unknown, show: () => void): void
  passages(results: readonly RetrievedPassage[]): void
  sources(citations: readonly Citation[]): void
  metrics(result: EvaluationResult): void
  table<Row extends Record<string, unknown>>(rows: readonly Row[], columns: (keyof Row & string)[], none: string): void
  /** A progress bar where standard error is a terminal, else nothing. */
  progress(json: boolean | undefined): ProgressBar
}

export interface ProgressBar extends Disposable {
  update(done: number, total: number | undefined, label: string): void
}

export function createTerminal(): Terminal {
  // Who reads our output may stop reading (`quarry documents | head`): that is no error, and nothing more is wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit()
    throw error
  })
  const write = (text: string): void => void process.stdout.write(clean(text))
  return {
    write,
    complain: (message) => void process.stderr.write(`quarry: ${oneLine(message)}\n`),
    result(json, value, show) {
      if (json) process.stdout.write(`${plainJson(value)}\n`)
      else show()
    },
    passages(results) {
      if (results.length === 0) write('Nothing found.\n')
      for (const [index, passage] of results.entries()) {
        const page = passage.place ?? (passage.page === null ? undefined : `page ${passage.page}`)
        const where = page === undefined ? '' : `, ${oneLine(page)}`
        const headings = passage.headings.length > 0 ? `\n   ${passage.headings.join(' > ')}` : ''
        write(
          `${index + 1}. ${oneLine(passage.path)}${where}  (${passage.scoreKind} ${passage.score.toFixed(3)}, found by ${passage.foundBy})${headings}\n`,
        )
        const hit = passage.hits[0]?.start ?? passage.start
        write(`   ${excerpt(passage.text.slice(hit - passage.start))}\n\n`)
      }
    },
    sources(citations) {
      write('\n')
      for (const { marker, path, page, place, headings, text } of citations) {
        const at = place ?? (page === null ? undefined : `page ${page}`)
        const where = [oneLine(path), at && oneLine(at), headings.join(' > ') || undefined]
        write(`\n[${marker}] ${where.filter((part) => part !== undefined).join(', ')}\n    "${excerpt(text)}"\n`)
      }
    },
    metrics({ metrics, latency_ms: latency, queries }) {
      for (const [name, value] of Object.entries(metrics)) write(`${name.padEnd(12)}${value.toFixed(4)}\n`)
      write(`latency     p50 ${latency.p50.toFixed(1)} ms, p95 ${latency.p95.toFixed(1)} ms\nqueries     ${queries}\n`)
    },
    table(rows, columns, none) {
      if (rows.length === 0) return write(`${none}\n`)
      const text = (value: unknown): string =>
        typeof value === 'string' || typeof value === 'number' ? oneLine(String(value)) : ''
      const widths = columns.map((column) =>
        rows.reduce((widest, row) => Math.max(widest, text(row[column]).length), column.length),
      )
      const line = (cells: string[]): string =>
        cells
          .map((cell, index) => cell.padEnd(widths[index] ?? 0))
          .join('  ')
          .trimEnd()
      write(`${line(columns)}\n`)
      for (const row of rows) write(`${line(columns.map((column) => text(row[column])))}\n`)
    },
    progress(json) {
      if (json || !process.stderr.isTTY) return { update: () => {}, [Symbol.dispose]: () => {} }
      const bar = new SingleBar(
        {
          format: '{bar} {value}/{total} | {rate}/s | {eta_formatted} left | {label}',
          clearOnComplete: true,
          hideCursor: true,
        },
        Presets.shades_classic,
      )
      let started = false
      const startedMs = performance.now()
      return {
        update(done, total, label) {
          if (!started) bar.start(total ?? 0, done)
          started = true
          if (total !== undefined) bar.setTotal(total)
          const rate = (done / Math.max(0.001, (performance.now() - startedMs) / 1000)).toFixed(1)
          bar.update(done, { label: oneLine(label).slice(-60), rate })
        },
        [Symbol.dispose]() {
          if (started) bar.stop()
          started = false
        },
      }
    },
  }
}

const commands = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Escape sequences in a document or a file name must not command the terminal. */
function clean(text: string): string {
  return text.replaceAll(commands, '')
}

/** File names may have line breaks in them. */
function oneLine(text: string): string {
  return clean(text.replaceAll(/\s+/g, ' ')).trim()
}

/** JSON escapes some control characters; the others (such as U+009B, which begins a command too) are escaped here. */
function plainJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    commands,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function excerpt(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > 300 ? `${line.slice(0, 299)}…` : line
}
