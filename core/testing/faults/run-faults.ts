import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openWorkspace } from '../../database/open-workspace.ts'
import { seededRandom } from '../../shared/random.ts'
import { changeCorpus, type CorpusPlan, writeCorpus } from './corpus.ts'
import { problemsOf } from './inspect.ts'
import { differences, type Outcome, readOutcome } from './outcome.ts'
import { type Phase, phases } from './phases.ts'

export interface FaultPlan extends CorpusPlan {
  /** An empty folder to work in. */
  folder: string
  /** How often the process is killed in each phase. */
  kills: number
  phases?: readonly Phase[]
  /** Called as things happen, for a person who watches. */
  say?(line: string): void
}

export interface PhaseFaults {
  phase: Phase
  kills: number
  /** How often the work was begun anew because it had got through before all kills were used up. */
  rounds: number
  /** Of an undisturbed run, start and end of the process included. */
  undisturbedMs: number
  /** Killed before the workspace was open. */
  killedAtStart: number
  /** Documents that were finished when the process was killed, by kill. */
  progress: number[]
  problems: string[]
}

/**
 * Kills a process at work, again and again, at moments that a seed fixes (by the clock, or by the number of transactions
 * it has done), and lets the next one go on, until the work is done. After each kill the workspace must have no problem; at the end it must be what an undisturbed run makes of the
 * same folder: the same documents, chunks and counts, and byte for byte the same search results.
 */
export async function runFaults(plan: FaultPlan): Promise<PhaseFaults[]> {
  const { folder, seed, say = () => {} } = plan
  const files = join(folder, 'files')
  mkdirSync(files)
  const words = writeCorpus(files, plan)
  const fresh = join(folder, 'fresh')
  const indexed = join(folder, 'indexed')
  const results: PhaseFaults[] = []
  let ingested: Reference | undefined
  for (const phase of phases) {
    if (!(plan.phases ?? phases).includes(phase) && phase !== 'ingest') continue
    if (phase === 'sync') changeCorpus(files, plan)
    const base = phase === 'ingest' ? fresh : indexed
    const workspace = join(folder, `${phase}-undisturbed`)
    const reference = await makeReference(base, workspace, files, phase, words, seed)
    say(`${phase}: undisturbed in ${(reference.totalMs / 1000).toFixed(1)} s, ${reference.commits} transactions`)
    if (phase === 'ingest') {
      ingested = reference
      cpSync(workspace, indexed, { recursive: true })
    }
    if (!ingested || !(plan.phases ?? phases).includes(phase)) continue
    results.push(await disturb(phase, base, files, reference, words, plan))
  }
  return results
}

interface Reference {
  outcome: Outcome
  /** Transactions of the whole phase. */
  commits: number
  openMs: number
  totalMs: number
  problems: string[]
}

async function makeReference(
  base: string,
  workspace: string,
  files: string,
  phase: Phase,
  words: readonly string[],
  seed: number,
): Promise<Reference> {
  copyWorkspace(base, workspace)
  const child = start(workspace, files, phase)
  const { code, openMs, totalMs } = await child.ended
  if (code !== 0) throw new Error(`The undisturbed ${phase} ended with ${code}: ${child.errors()}`)
  const problems = inspect(workspace)
  return { outcome: await readOutcome(workspace, words, seed), commits: child.commits(), openMs, totalMs, problems }
}

async function disturb(
  phase: Phase,
  base: string,
  files: string,
  reference: Reference,
  words: readonly string[],
  { kills, seed, folder, say = () => {} }: FaultPlan,
): Promise<PhaseFaults> {
  const random = seededRandom(seed * 31 + phases.indexOf(phase))
  const result: PhaseFaults = {
    phase,
    kills: 0,
    rounds: 0,
    undisturbedMs: reference.totalMs,
    killedAtStart: 0,
    progress: [],
    problems: reference.problems.map((problem) => `undisturbed: ${problem}`),
  }
  const workMs = Math.max(200, reference.totalMs - reference.openMs)
  while (result.kills < kills) {
    result.rounds += 1
    const workspace = join(folder, `${phase}-${result.rounds}`)
    copyWorkspace(base, workspace)
    const left = kills - result.kills
    for (;;) {
      const killing = result.kills < kills
      const how = random()
      const part = (random() * 2) / (left + 1)
      const byCommit = killing && how > 0.5
      const child = start(workspace, files, phase, byCommit ? 1 + Math.floor(part * reference.commits) : undefined)
      if (byCommit) {
        await child.ended
      } else if (killing && how < 0.1) {
        // While it starts, which is when migrations, the lock and what was left over are seen to.
        await Promise.race([child.ended, wait(random() * reference.openMs)])
      } else if (killing) {
        await Promise.race([child.ended, child.open])
        await Promise.race([child.ended, wait(part * workMs)])
      }
      const opened = child.isOpen()
      if (killing && !byCommit) child.kill()
      const { code, signal } = await child.ended
      const at = `round ${result.rounds}, after kill ${result.kills}`
      if (signal === 'SIGKILL') {
        result.kills += 1
        if (!opened) result.killedAtStart += 1
        result.progress.push(finishedDocuments(workspace))
      } else if (code !== 0) {
        result.problems.push(`${at}: the process ended with ${code}: ${child.errors()}`)
        break
      }
      const problems = inspect(workspace)
      result.problems.push(...problems.map((problem) => `${at}: ${problem}`))
      if (signal !== 'SIGKILL') {
        const outcome = await readOutcome(workspace, words, seed)
        result.problems.push(...differences(outcome, reference.outcome).map((text) => `${at}, end: ${text}`))
        break
      }
    }
    say(`${phase}: ${result.kills} kills, ${result.rounds} rounds, ${result.problems.length} problems`)
    if (result.problems.length > 0) break
    rmSync(workspace, { recursive: true, force: true })
  }
  return result
}

interface Child {
  open: Promise<void>
  isOpen(): boolean
  kill(): void
  errors(): string
  commits(): number
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; openMs: number; totalMs: number }>
}

/** `lastCommit`: it kills itself after that many transactions. */
function start(workspace: string, files: string, phase: Phase, lastCommit?: number): Child {
  const worker = fileURLToPath(new URL('work.worker.ts', import.meta.url))
  const startedMs = performance.now()
  const child: ChildProcess = spawn(process.execPath, [worker, workspace, files, phase, String(lastCommit ?? '')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let openMs: number | undefined
  let errors = ''
  let output = ''
  child.stdout?.on('data', (data: Buffer) => (output += data.toString()))
  child.stderr?.on('data', (data: Buffer) => (errors += data.toString()))
  const open = new Promise<void>((resolve) =>
    child.stdout?.once('data', () => {
      openMs = performance.now() - startedMs
      resolve()
    }),
  )
  return {
    open,
    isOpen: () => openMs !== undefined,
    kill: () => void child.kill('SIGKILL'),
    errors: () => errors.slice(-2000),
    commits: () => Number(/commits (\d+)/.exec(output)?.[1]),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject)
      child.on('close', (code, signal) => {
        const totalMs = performance.now() - startedMs
        resolve({ code, signal, openMs: openMs ?? totalMs, totalMs })
      })
    }),
  }
}

function inspect(workspace: string): string[] {
  // Killed before there was anything.
  if (!existsSync(join(workspace, 'workspace.sqlite'))) return []
  using opened = openWorkspace(workspace, 'fault test')
  return problemsOf(opened.database)
}

function finishedDocuments(workspace: string): number {
  if (!existsSync(join(workspace, 'workspace.sqlite'))) return 0
  using opened = openWorkspace(workspace, 'fault test')
  return opened.database
    .prepare<[], number>(`SELECT count(*) FROM job_events WHERE data ->> '$.type' = 'document-end'`)
    .pluck()
    .get() as number
}

function copyWorkspace(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  if (existsSync(from)) cpSync(from, to, { recursive: true })
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
