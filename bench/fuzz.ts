import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { temporaryFolder } from '../core/shared/temporary-folder.ts'
import { runFuzz } from '../core/testing/fuzz/run-fuzz.ts'

/**
 *   npm run bench -- fuzz [--files 2000] [--seed 1] [--from 0] [--timeout 20]
 *
 * Damages files of every type in `shared/data/documents` and has them read as the product does: see core/testing/fuzz.
 * Fails where something must not be; each failure says how to do it again.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      files: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      from: { type: 'string', default: '0' },
      timeout: { type: 'string', default: '20' },
    },
  })
  const samples = join(import.meta.dirname, '../../shared/data/documents')
  if (!existsSync(samples)) {
    console.log(`fuzz: skipped, there is no ${samples}`)
    return
  }
  using folder = temporaryFolder()
  const result = await runFuzz({
    samples,
    folder: folder.path,
    files: Number(values.files),
    seed: Number(values.seed),
    from: Number(values.from),
    timeoutMs: Number(values.timeout) * 1000,
    maximumRssMb: 1500,
    say: (line) => console.log(line),
  })
  const outcomes = Object.entries(result.outcomes).toSorted(([, a], [, b]) => b - a)
  console.log(outcomes.map(([outcome, count]) => `${outcome} ${count}`).join(', '))
  console.log(
    `${result.files} files in ${result.seconds.toFixed(0)} s, peak ${result.peakRssMb.toFixed(0)} MB, ${result.stopped.length} stopped, ${result.failures.length} failures`,
  )
  for (const failure of result.failures) console.log(`  ${failure}`)
  if (result.failures.length > 0) process.exitCode = 1
  if (result.files < 1000) return
  const folderOfResults = join(import.meta.dirname, 'results')
  mkdirSync(folderOfResults, { recursive: true })
  const report = { command: `npm run bench -- fuzz ${args.join(' ')}`.trim(), seed: Number(values.seed), ...result }
  writeFileSync(join(folderOfResults, 'fuzz.json'), `${JSON.stringify(report, null, 2)}\n`)
}
