import { AppError } from '../contract/errors.ts'
import { ask } from '../flows/ask.ts'
import { createAskSteps } from '../services/ask-steps.ts'
import { askedAgain, requestOf } from '../services/trace-replay.ts'
import { createId } from '../shared/ids.ts'
import { countTraces } from '../services/trace-stats.ts'
import type { Services } from '../services/services.ts'
import { os } from './base.ts'
import { told } from './with-progress.ts'

export function traceHandlers(services: Services) {
  const { traces, traceKeeper, traceExporter } = services
  return {
    list: os.traces.list.handler(({ input }) => {
      const { order, limit, offset, ...filter } = input
      return { traces: traces.list(filter, { order, limit, offset }), total: traces.count(filter) }
    }),
    get: os.traces.get.handler(({ input }) => traces.get(input.traceId)),
    rate: os.traces.rate.handler(({ input: { traceId, feedback } }) => {
      traces.rate(traceId, feedback, Date.now())
      traceExporter.rated(traceId)
      return feedback
    }),
    replay: os.traces.replay.handler(async function* ({ input, signal }) {
      const trace = traces.get(input.traceId)
      const request = requestOf(trace, input.with)
      const asked = yield* told(signal, (watch) =>
        askedAgain(request, input.with, services, watch.onProgress, watch.signal),
      )
      const { collectionIds, release, note } = asked
      const { pipeline } = asked.searched
      const about = { collectionIds, release, pipeline, note, scope: request.scope, replayOf: trace.id }
      const steps = await createAskSteps(asked, services)
      const question = { traceId: createId('trace'), text: trace.question, request, history: request.history, ...about }
      yield* ask(question, steps, signal)
    }),
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
