import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { runFuzz } from './testing/fuzz/run-fuzz.ts'
import { projectRoot } from './testing/test-app.ts'

/** A few of what `npm run bench -- fuzz` does with thousands: see testing/fuzz. The files are not part of the project. */
const samples = join(projectRoot, '../shared/data/documents')
const why = existsSync(samples) ? '' : ` (skipped: there is no ${samples})`

describe.skipIf(why !== '')(`damaged files of every type${why}`, () => {
  it('become valid documents or errors that say something', { timeout: 300_000 }, async () => {
    using folder = temporaryFolder()
    const limits = { timeoutMs: 30_000, maximumRssMb: 1500 }
    const result = await runFuzz({ samples, folder: folder.path, files: 150, seed: 20_261_123, ...limits })
    expect(result.failures).toEqual([])
    expect(result.outcomes['document']).toBeGreaterThan(20)
  })
})
