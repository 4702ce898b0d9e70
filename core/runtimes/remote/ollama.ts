import type { Ollama } from 'ollama/browser'
import type { ProviderConnection } from './connection.ts'
import { answerWrong } from './provider-errors.ts'

/**
 * A client of one Ollama server for one request, which the signal ends: the library has no signal for what is not
 * streamed. From its entry for browsers, which touches no files.
 */
export async function ollamaClient({ provider, fetch }: ProviderConnection, signal?: AbortSignal): Promise<Ollama> {
  const { Ollama } = await import('ollama/browser')
  return new Ollama({
    host: provider.baseUrl,
    async fetch(input, init = {}) {
      const signals = [init.signal, signal].filter((each) => each !== null && each !== undefined)
      const response = await fetch(input, {
        ...init,
        ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
      })
      const { headers, status, body } = response
      return new Response(body?.pipeThrough(linesOfJson(provider)) ?? null, { headers, status })
    },
  })
}

/** The library passes over lines that are no JSON, and writes them to the console. */
function linesOfJson(provider: ProviderConnection['provider']): TransformStream<Uint8Array, Uint8Array<ArrayBuffer>> {
  const decoder = new TextDecoder()
  const encoder = new TextEncoder()
  let rest = ''
  const check = (line: string, controller: TransformStreamDefaultController<Uint8Array<ArrayBuffer>>): void => {
    if (line.trim() === '') return
    try {
      JSON.parse(line)
    } catch {
      throw answerWrong(provider, 'what came is not JSON')
    }
    controller.enqueue(encoder.encode(`${line}\n`))
  }
  return new TransformStream({
    transform(bytes, controller) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) check(line, controller)
    },
    flush(controller) {
      check(rest + decoder.decode(), controller)
    },
  })
}
