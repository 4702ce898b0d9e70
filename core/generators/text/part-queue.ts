/** Turns calls into a stream: what is pushed is read in order, then the end or the error. */
export interface PartQueue<Part> extends AsyncIterable<Part> {
  push(part: Part): void
  end(): void
  fail(error: unknown): void
}

export function createPartQueue<Part>(): PartQueue<Part> {
  const parts: Part[] = []
  let finish: (() => void) | undefined
  let wake = Promise.withResolvers<void>()
  const notify = (): void => wake.resolve()
  return {
    push(part) {
      parts.push(part)
      notify()
    },
    end() {
      finish ??= () => {}
      notify()
    },
    fail(error) {
      finish ??= () => {
        throw error
      }
      notify()
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        while (parts.length > 0) yield parts.shift() as Part
        if (finish) return finish()
        await wake.promise
        wake = Promise.withResolvers()
      }
    },
  }
}
