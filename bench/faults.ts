import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runFaults } from '../core/testing/faults/run-faults.ts'
import { type Phase, phases } from '../core/testing/faults/phases.ts'
import { temporaryFolder } from '../core/shared/temporary-folder.ts'

/**
 *   npm run bench -- faults [--kills 50] [--files 300] [--seed 1] [--only ingest,reindex,sync]
 *
 * Kills a process that ingests a folder (or builds a new index, or syncs after changes) that many times in each phase,
 * and says whether anything was lost, doubled or left over: see core/testing/faults. Fails if so.
 */
export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      kills: { type: 'string', default: '50' },
      files: { type: 'string', default: '300' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: phases.join(',') },
    },
  })
  using folder = temporaryFolder()
  const results = await runFaults({
    folder: folder.path,
    kills: Number(values.kills),
    files: Number(values.files),
    seed: Number(values.seed),
    phases: values.only.split(',') as Phase[],
    samples: join(import.meta.dirname, '../resources/demo/corpus'),
    say: (line) => console.log(line),
  })
  let problems = 0
  for (const result of results) {
    const { phase, kills, rounds, killedAtStart, undisturbedMs } = result
    console.log(
      `${phase}: killed ${kills} times (${killedAtStart} while starting) in ${rounds} rounds; undisturbed ${(undisturbedMs / 1000).toFixed(1)} s; ${result.problems.length} problems`,
    )
    for (const problem of result.problems.slice(0, 20)) console.log(`  ${problem}`)
    problems += result.problems.length
  }
  const report = {
    command: `npm run bench -- faults ${args.join(' ')}`.trim(),
    machine: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, load average ${(loadavg()[0] ?? 0).toFixed(1)}`,
    node: process.version,
    seed: Number(values.seed),
    files: Number(values.files),
    phases: results,
  }
  const folderOfResults = join(import.meta.dirname, 'results')
  mkdirSync(folderOfResults, { recursive: true })
  writeFileSync(join(folderOfResults, 'faults.json'), `${JSON.stringify(report, null, 2)}\n`)
  if (problems > 0) process.exitCode = 1
}
