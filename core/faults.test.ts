import { expect, it } from 'vitest'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { runFaults } from './testing/faults/run-faults.ts'
import { demoCorpus } from './testing/test-app.ts'

/** A few kills of what `npm run bench -- faults` does with many: see testing/faults. */
it(
  'a process that is killed loses nothing: the next one ends as if nothing had happened',
  { timeout: 300_000 },
  async () => {
    using folder = temporaryFolder()
    const results = await runFaults({ folder: folder.path, files: 8, seed: 20_261_123, samples: demoCorpus, kills: 2 })
    expect(results).toMatchObject([
      { phase: 'ingest', kills: 2, problems: [] },
      { phase: 'reindex', kills: 2, problems: [] },
      { phase: 'sync', kills: 2, problems: [] },
    ])
  },
)
