import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function labHandlers({ lab }: Services) {
  return {
    open: os.lab.open.handler(({ input, signal }) => lab.open(input.source, input.collectionId, signal)),
    text: os.lab.text.handler(({ input }) => lab.text(input.labId, input.start, input.end)),
    chunk: os.lab.chunk.handler(async ({ input, signal }) => ({
      columns: await Promise.all(input.chunkers.map((chunker) => lab.cut(input.labId, chunker, signal))),
    })),
    retrieve: os.lab.retrieve.handler(async ({ input: { labId, chunkers, ...query }, signal }) => ({
      columns: await Promise.all(chunkers.map((chunker) => lab.retrieve(labId, chunker, query, signal))),
    })),
  }
}
