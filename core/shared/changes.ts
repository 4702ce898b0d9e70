import { abortable } from './abort.ts'

/** Lets any number of readers wait for "something changed since I looked" without missing a change. */
export class Changes {
  #version = 0
  #wake = Promise.withResolvers<void>()

  get version(): number {
    return this.#version
  }

  notify(): void {
    this.#version += 1
    const wake = this.#wake
    this.#wake = Promise.withResolvers<void>()
    wake.resolve()
  }

  /** Resolves once the version is above `seen`. */
  async after(seen: number, signal?: AbortSignal): Promise<void> {
    while (this.#version <= seen) await abortable(this.#wake.promise, signal)
  }
}
