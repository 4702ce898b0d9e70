import { evaluatorDefinitions } from '../evaluators/list.ts'
import { hasK } from '../services/evaluation-metrics.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function runHandlers({ runs, runLibrary }: Services) {
  return {
    metrics: os.runs.metrics.handler(() => ({
      metrics: evaluatorDefinitions.map((definition) => {
        const { id, label, summary, kind, better } = definition
        return { id, label, summary, kind, better, hasK: hasK(definition) }
      }),
    })),
    list: os.runs.list.handler(({ input }) => ({ runs: runLibrary.list(input) })),
    get: os.runs.get.handler(({ input }) => runLibrary.get(input.runId)),
    cases: os.runs.cases.handler(({ input }) => {
      const { runId, ...selection } = input
      return { total: runLibrary.get(runId).done, cases: runLibrary.cases(runId, selection) }
    }),
    start: os.runs.start.handler(async ({ input }) => ({ runs: await runs.start(input) })),
    rerun: os.runs.rerun.handler(({ input }) => runs.rerun(input.runId)),
    compare: os.runs.compare.handler(({ input }) => runs.compare(input.runId, input.otherId, input)),
    calibrate: os.runs.calibrate.handler(({ input }) =>
      runs.calibrate(input.runId, input.metric, input.labels, input.threshold),
    ),
    update: os.runs.update.handler(({ input }) => {
      const { runId, ...change } = input
      return runLibrary.update(runId, change)
    }),
    pinBaseline: os.runs.pinBaseline.handler(({ input }) => runLibrary.pinBaseline(input.runId, input.pinned)),
    remove: os.runs.remove.handler(async ({ input }) => ({ removed: await runs.remove(input.runIds) })),
    export: os.runs.export.handler(({ input }) => runs.export(input.runId, input.format)),
  }
}
