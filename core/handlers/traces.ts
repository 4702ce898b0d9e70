import { AppError } from '../contract/errors.ts'
import { countTraces } from '../services/trace-stats.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function traceHandlers({ traces, traceKeeper, traceExporter }: Services) {
  return {
    list: os.traces.list.handler(({ input }) => {
      const { order, limit, offset, ...filter } = input
      return { traces: traces.list(filter, { order, limit, offset }), total: traces.count(filter) }
    }),
    get: os.traces.get.handler(({ input }) => traces.get(input.traceId)),
    stats: os.traces.stats.handler(({ input }) => {
      const { per, ...filter } = input
      return countTraces(traces.figures(filter), per)
    }),
    remove: os.traces.remove.handler(async ({ input: { traceIds, before } }) => {
      if ((traceIds === undefined) === (before === undefined)) {
        throw new AppError('input-invalid', 'Name the traces to remove, or the time before which all of them go.')
      }
      const removed = traceIds ? traceKeeper.remove(traceIds) : traceKeeper.removeBefore(before ?? 0)
      return { removed: await removed }
    }),
    keeping: os.traces.keeping.handler(() => traceKeeper.state()),
    keep: os.traces.keep.handler(({ input }) => traceKeeper.keep(input.retentionDays)),
    exporting: os.traces.exporting.handler(() => traceExporter.state()),
    setExport: os.traces.setExport.handler(({ input }) => traceExporter.configure(input)),
    testExport: os.traces.testExport.handler(({ signal }) => traceExporter.test(signal)),
    sendWaiting: os.traces.sendWaiting.handler(({ input }) => traceExporter.send(input.traceIds)),
  }
}
