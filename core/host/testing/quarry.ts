import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../../testing/test-app.ts'

/** What a command line left when it ended. */
export interface Finished {
  code: number | null
  output: string
  /** Standard error. */
  errors: string
  /** Standard output, if it is one JSON value. */
  json: unknown
}

export interface QuarryOptions {
  /** Typed or piped into it. */
  input?: string
  /** Over those of this process. */
  env?: Record<string, string>
}

const cli = join(projectRoot, 'core/host/cli.ts')
/** As bin/quarry.mjs does: the second start in a row reads what the first one compiled. */
const compileCache = { NODE_COMPILE_CACHE: join(projectRoot, 'node_modules/.cache/node') }

/** Starts the real command line in a process of its own. */
export function startQuarry(args: readonly string[], { env = {} }: QuarryOptions = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [cli, ...args], {
    cwd: projectRoot,
    env: { ...process.env, ...compileCache, ...env },
  })
}

/** Runs the real command line in a process of its own. */
export function quarry(args: readonly string[], options: QuarryOptions = {}): Promise<Finished> {
  const child = startQuarry(args, options)
  child.stdin.end(options.input ?? '')
  return finished(child)
}

export function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  return new Promise((resolve, reject) => {
    let [output, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output, errors, json: parseJson(output) }))
  })
}

/** The first line that it writes. */
export function firstLine(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.includes('\n')) resolve(output.slice(0, output.indexOf('\n')))
    })
    child.once('close', (code) => reject(new Error(`It ended with ${code} before it wrote a line.`)))
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
