import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function trackingHandlers({ tracking }: Services) {
  return {
    export: os.tracking.export.handler(({ input, signal }) => tracking.export(input.runIds, input.to, signal)),
    import: os.tracking.import.handler(({ input, signal }) => tracking.import(input.from, input.experiment, signal)),
  }
}
