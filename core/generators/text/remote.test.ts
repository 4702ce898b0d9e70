import type { ServerResponse } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectForTests } from '../../testing/remote-connections.ts'
import { type Answer, json, type RemoteServer, startRemoteServer } from '../../testing/remote-server.ts'
import type { TextGenerator } from '../text-generator.ts'
import { textGeneratorDefinitions } from './list.ts'
import { collect, describeTextGenerator, messages } from './text-generators.suite.ts'

let server: RemoteServer
beforeAll(async () => {
  server = await startRemoteServer({ wordPauseMs: 2 })
})
afterAll(() => server[Symbol.asyncDispose]())

const opener =
  (id: string) =>
  (options: Record<string, unknown> = {}, more: Parameters<typeof connectForTests>[1] = {}): Promise<TextGenerator> => {
    const definition = textGeneratorDefinitions.find((entry) => entry.id === id)!
    return definition.create(definition.options.parse({ provider: id, model: 'good-model', ...options }), {
      locateModel: () => Promise.reject(new Error('There are no files to look for.')),
      threads: 1,
      connect: connectForTests(server, more),
    })
  }

const remote = textGeneratorDefinitions.filter(({ runsIn }) => runsIn === 'host').map(({ id }) => id)
for (const id of remote) describeTextGenerator(`${id}, a server,`, () => opener(id)())

/** The beginning of the usual answer, and then what `end` does. */
const cutAfter =
  (pieces: number, end: (finish: () => void, response: ServerResponse) => void): Answer =>
  async (response, _request, usual) => {
    const write = response.write.bind(response) as (piece: string) => boolean
    const finish = response.end.bind(response) as () => void
    let written = 0
    response.write = ((piece: string) => {
      written += 1
      if (written <= pieces) return write(piece)
      if (written === pieces + 1) end(finish, response)
      return true
    }) as typeof response.write
    response.end = (() => response) as typeof response.end
    await usual()
  }
const cut = (_finish: () => void, response: ServerResponse): void => void response.destroy()

describe.each(remote)('%s', (id) => {
  const invalid = { code: 'provider-answer-invalid' }

  it('does not take a stream that ended in the middle for an answer', async () => {
    const generator = await opener(id)()
    server.next(cutAfter(4, cut))
    await expect(collect(generator, { maxTokens: 20 })).rejects.toMatchObject(invalid)
    // In good order, but without its end.
    server.next(cutAfter(5, (finish) => finish()))
    await expect(collect(generator, { maxTokens: 20 })).rejects.toMatchObject(invalid)
    expect(server.isThrough()).toBe(true)
  })

  it('gives what came before the cut', async () => {
    const generator = await opener(id)()
    server.next(cutAfter(6, cut))
    let text = ''
    await expect(
      (async () => {
        for await (const part of generator.stream(messages, { maxTokens: 20 })) {
          if (part.type === 'text-delta') text += part.text
        }
      })(),
    ).rejects.toMatchObject(invalid)
    expect(text).not.toBe('')
  })

  it('does not wait for ever for a server that says nothing, before or in the middle', async () => {
    const generator = await opener(id)({}, { timeouts: { firstByteMs: 60, idleMs: 60 } })
    server.next(() => {})
    await expect(collect(generator, { maxTokens: 20 })).rejects.toMatchObject({ code: 'provider-unreachable' })
    server.next(cutAfter(5, () => {}))
    await expect(collect(generator, { maxTokens: 20 })).rejects.toThrow('said nothing')
  })

  it('reads a stream that comes byte by byte', async () => {
    const generator = await opener(id)()
    const whole = await collect(generator, { maxTokens: 8 })
    server.next(async (response, _request, usual) => {
      const write = response.write.bind(response)
      response.write = ((piece: string) => {
        for (const byte of Buffer.from(piece)) write(Buffer.from([byte]))
        return true
      }) as typeof response.write
      await usual()
    })
    expect(textIn(await collect(generator, { maxTokens: 8 }))).toBe(textIn(whole))
  })

  it('keeps letters whole that arrive in two pieces', async () => {
    const generator = await opener(id)()
    server.says('Größe 😀 naïve')
    server.next(async (response, _request, usual) => {
      const write = response.write.bind(response)
      response.write = ((piece: string) => {
        const bytes = Buffer.from(piece)
        for (let at = 0; at < bytes.length; at += 3) write(bytes.subarray(at, at + 3))
        return true
      }) as typeof response.write
      await usual()
    })
    expect(textIn(await collect(generator, { maxTokens: 8 }))).toBe('Größe 😀 naïve')
    server.says(undefined)
  })

  it('ends with what is no stream of its API: broken JSON, a page, something else', async () => {
    const generator = await opener(id)()
    const type = id === 'ollama' ? 'application/x-ndjson' : 'text/event-stream'
    for (const [contentType, body] of [
      [type, id === 'ollama' ? '{"message": {"content": "x"\n{}\n' : 'data: {"choices": [\n\n'],
      ['text/html', '<html>Please log in</html>'],
      ['application/json', '{"fine": true}'],
      [type, ''],
    ]) {
      server.next((response) => {
        response.writeHead(200, { 'content-type': contentType })
        response.end(body)
      })
      await expect(collect(generator, { maxTokens: 5 })).rejects.toMatchObject(invalid)
    }
    expect(server.isThrough()).toBe(true)
  })

  it('names a model that the server does not have, and a key that it does not take, without the key', async () => {
    const unknown = await opener(id)({ model: 'nowhere' })
    await expect(collect(unknown, { maxTokens: 5 })).rejects.toMatchObject({ code: 'model-missing' })
    await using strict = await startRemoteServer({ key: 'right-key-0123456789' })
    const definition = textGeneratorDefinitions.find((entry) => entry.id === id)!
    const key = 'wrong-key-abcdefghij'
    const wrong = await definition.create(definition.options.parse({ provider: id, model: 'good-model' }), {
      locateModel: async () => '',
      threads: 1,
      connect: connectForTests(strict, { key }),
    })
    const error: unknown = await collect(wrong, { maxTokens: 5 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'provider-refused' })
    expect(everythingIn(error)).not.toContain('wrong-key')
    expect(strict.requests).toHaveLength(1)
  })

  it('asks again after 429 and 500, but not once an answer has begun', async () => {
    const generator = await opener(id)()
    const before = server.requests.length
    server.next(json(429, { error: { message: 'slow down' } }, { 'retry-after': '0' }), json(500, 'oops'))
    expect((await collect(generator, { maxTokens: 5 })).at(-1)?.type).toBe('end')
    expect(server.requests.length).toBe(before + 3)
    server.next(cutAfter(5, cut))
    await expect(collect(generator, { maxTokens: 20 })).rejects.toMatchObject(invalid)
    expect(server.requests.length).toBe(before + 4)
  })

  it('sends what it was asked for, and no temperature where the model refuses one', async () => {
    await collect(await opener(id)(), { maxTokens: 5, temperature: 0.5, seed: 3 })
    const asked = JSON.stringify(server.requests.at(-1)?.body)
    expect(asked).toContain('0.5')
    await collect(await opener(id)({ steady: false }), { maxTokens: 5, temperature: 0.5, seed: 3 })
    const plain = JSON.stringify(server.requests.at(-1)?.body)
    expect(plain).not.toContain('temperature')
    expect(plain).not.toContain('seed')
  })

  it('leaves the server when it is cancelled', async () => {
    const generator = await opener(id)()
    const left = server.left()
    const controller = new AbortController()
    await expect(
      (async () => {
        for await (const _part of generator.stream(messages, { maxTokens: 2000 }, controller.signal)) controller.abort()
      })(),
    ).rejects.toMatchObject({ code: 'cancelled' })
    await expect.poll(() => server.left()).toBeGreaterThan(left)
    expect(server.requests.at(-1)?.body).toBeTypeOf('object')
  })
})

it('Ollama is told how long the context is: its own would drop the beginning without a word', async () => {
  await collect(await opener('ollama')({ contextTokens: 5000 }), { maxTokens: 7 })
  expect(server.requests.at(-1)?.body).toMatchObject({ options: { num_ctx: 5000, num_predict: 7 }, think: false })
})

it('what a model thinks is no part of the answer', async () => {
  const generator = await opener('openai-compatible')()
  server.next((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const chunk = (delta: object, finish: string | null = null) =>
      `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
    response.write(chunk({ role: 'assistant', reasoning_content: 'Hmm.' }))
    response.end(chunk({ content: 'Nine.' }) + chunk({}, 'stop') + 'data: [DONE]\n\n')
  })
  const parts = await collect(generator, { maxTokens: 5 })
  expect(textIn(parts)).toBe('Nine.')
  expect(parts.at(-1)).toMatchObject({ type: 'end', reason: 'stop' })
})

function textIn(parts: Awaited<ReturnType<typeof collect>>): string {
  return parts.map((part) => (part.type === 'text-delta' ? part.text : '')).join('')
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${error.stack} ${JSON.stringify(error)} ${JSON.stringify(Object.getOwnPropertyNames(error).map((name) => error[name as never]))} ${everythingIn(error.cause)}`
}
