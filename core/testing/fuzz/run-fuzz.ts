import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, extname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createComputePool } from '../../compute/pool.ts'
import { nodeWorkers } from '../../compute/worker-process.ts'
import { toAppError } from '../../contract/errors.ts'
import { defaultPipeline } from '../../services/default-pipeline.ts'
import { silentLog } from '../../shared/log.ts'
import { documentProblems } from '../document-problems.ts'
import { seededRandom } from '../../shared/random.ts'
import { watchResidentMemory } from '../resident-memory.ts'
import { mutate } from './mutate.ts'

export interface FuzzPlan {
  /** The good files, in any depth. */
  samples: string
  /** An empty folder to work in. */
  folder: string
  files: number
  seed: number
  /** The first one, so that a single case can be done again. */
  from?: number
  /** Without a sign of life from a parser. */
  timeoutMs: number
  maximumRssMb: number
  say?(line: string): void
}

export interface FuzzResult {
  files: number
  /** How many ended how: 'document', or the code of the error. */
  outcomes: Record<string, number>
  /** What must not be: each with how to do it again. */
  failures: string[]
  /** What was stopped by the limits of time or memory, which is what limits are for. */
  stopped: string[]
  peakRssMb: number
  seconds: number
}

const root = fileURLToPath(new URL('../../..', import.meta.url))
const memoryMb = 768

/**
 * Damages files and has them read and chunked as the product does, in its workers. Whatever comes of it must be a valid
 * document or an error that says something; the host lives on, within its memory.
 */
export async function runFuzz(plan: FuzzPlan): Promise<FuzzResult> {
  const { seed, files, from = 0, timeoutMs, say = () => {} } = plan
  const byType = [...Map.groupBy(samplesBelow(plan.samples), (path) => extname(path).toLowerCase()).values()]
  const result: FuzzResult = { files, outcomes: {}, failures: [], stopped: [], peakRssMb: 0, seconds: 0 }
  const startedMs = performance.now()
  const start = nodeWorkers({ compute: new URL('../../compute/worker.ts', import.meta.url) })
  await using pool = createComputePool({
    start: (limits) => start('compute', limits),
    size: 2,
    timeoutMs,
    maximumMs: timeoutMs * 6,
    memoryMb,
    tasksPerWorker: 6000,
    log: silentLog,
  })
  let next = from
  const lane = async (): Promise<void> => {
    while (next < from + files) {
      const index = next++
      const random = seededRandom(seed * 1_000_003 + index)
      const paths = byType[Math.floor(random() * byType.length)] ?? []
      const path = paths[Math.floor(random() * paths.length)] ?? ''
      const { bytes, how } = mutate(readFileSync(path), random)
      const location = join(plan.folder, `${index}${extname(path)}`)
      writeFileSync(location, bytes)
      const begunMs = performance.now()
      const { outcome, problem } = await readOne(location, basename(path))
      const tookMs = performance.now() - begunMs
      rmSync(location)
      result.outcomes[outcome] = (result.outcomes[outcome] ?? 0) + 1
      const described = `#${index} ${relative(plan.samples, path)}, ${how}: ${outcome}${problem ? ` (${problem})` : ''}. Again: npm run bench -- fuzz --seed ${seed} --from ${index} --files 1`
      if (outcome === 'time-exceeded' || outcome === 'memory-exceeded') result.stopped.push(described)
      else if (problem) result.failures.push(described)
      if (tookMs > timeoutMs * 6 + 10_000) result.failures.push(`not stopped in time: ${described}`)
      if (problem) say(described)
      if ((index - from) % 200 === 199) say(`${index - from + 1} of ${files}`)
    }
  }
  const readOne = async (location: string, name: string): Promise<{ outcome: string; problem?: string }> => {
    try {
      const read = await pool.run('parse', {
        location,
        member: null,
        name,
        path: name,
        settings: defaultPipeline,
        modelFolder: join(root, 'models/static-256'),
        maxBytes: 100_000_000,
        // Minutes for a page that is a picture would be all that this measures.
        ocr: false,
        knownHashes: [],
      })
      if (read.known) return { outcome: 'internal', problem: 'known, though nothing is' }
      const { document, chunks } = read
      const [problem] = documentProblems(document)
      if (problem !== undefined) return { outcome: 'invalid', problem }
      const wrong = chunks.find(({ start, end }) => start < 0 || end <= start || end > document.text.length)
      if (wrong)
        return { outcome: 'invalid', problem: `a chunk that is no place in the text: ${wrong.start}-${wrong.end}` }
      return { outcome: 'document' }
    } catch (thrown) {
      const error = toAppError(thrown)
      const expected = /^(file-|type-unsupported)/.test(error.code)
      return expected ? { outcome: error.code } : { outcome: error.code, problem: error.message }
    }
  }
  using memory = watchResidentMemory()
  await Promise.all([lane(), lane()])
  const good = samplesBelow(plan.samples).find((path) => path.endsWith('.md')) ?? ''
  const after = await readOne(good, basename(good))
  if (after.outcome !== 'document') result.failures.push(`afterwards a good file is not read: ${after.outcome}`)
  result.peakRssMb = memory.peakMb()
  if (result.peakRssMb > plan.maximumRssMb) {
    result.failures.push(`${result.peakRssMb.toFixed(0)} MB of memory, above ${plan.maximumRssMb}`)
  }
  result.seconds = (performance.now() - startedMs) / 1000
  return result
}

/** In the same order everywhere; without the largest, which would take the time of a hundred others. */
function samplesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('groundtruth'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => statSync(path).size < 2_000_000)
    .toSorted()
}
