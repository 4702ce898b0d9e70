import { expect, it } from 'vitest'
import type { Pipeline } from '../../core/contract/pipeline.ts'
import type { JobId } from '../../core/shared/ids.ts'
import { useDrafts } from './pipeline-drafts.ts'

it('keeps what is changed of a pipeline while the change before is being applied', () => {
  const { edit, noteApplied } = useDrafts.getState()
  const [present, applied, later] = [8, 6, 4].map((passages) => ({ passages }) as Pipeline)
  edit('col_1', present!, applied!)
  edit('col_1', present!, later!)
  noteApplied('col_1', applied!, 'job_1' as JobId)
  expect(useDrafts.getState().drafts).toEqual({ col_1: { base: applied, value: later } })
  noteApplied('col_1', later!, null)
  expect(useDrafts.getState().drafts).toEqual({})
})
