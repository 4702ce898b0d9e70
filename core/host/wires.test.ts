import { MessageChannel } from 'node:worker_threads'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { channelOverPort, channelOverWebSocket, type Channel } from '../contract/channel.ts'
import { AppError } from '../contract/errors.ts'
import { createWireClient } from '../contract/wire-client.ts'
import { sha256 } from '../shared/hash.ts'
import { serve } from './serve.ts'
import { startUtilityChild } from './testing/start-utility-child.ts'
import { createToy, type ToyClient } from './testing/toy.ts'
import { connectInProcess } from '../wire/wire-in-process.ts'
import { serveMessagePort } from './wire-message-port.ts'

interface Wire extends AsyncDisposable {
  /** A further client of the same host. */
  open(): Promise<{ client: ToyClient; drop(): void }>
}

const wires: Record<string, () => Promise<Wire>> = {
  'in process': async () => {
    const { router, log } = createToy()
    return {
      open: async () => {
        const wire = connectInProcess<ToyClient>(router, { log })
        return { client: wire.client, drop: () => void wire[Symbol.asyncDispose]() }
      },
      [Symbol.asyncDispose]: async () => {},
    }
  },
  'message port': async () => {
    const { router, log } = createToy()
    return {
      open: async () => {
        const { port1, port2 } = new MessageChannel()
        serveMessagePort(router, port2, { log })
        return overChannel(channelOverPort(port1))
      },
      [Symbol.asyncDispose]: async () => {},
    }
  },
  'message port in a child process': async () => {
    const utility = startUtilityChild()
    utility.tell({ type: 'start', environment: {} })
    await utility.hear()
    return {
      open: async () => overChannel(utility.connect()),
      [Symbol.asyncDispose]: async () => void utility.child.kill(),
    }
  },
  'loopback web socket': async () => {
    const { router, log } = createToy()
    const host = await serve({ router, log, rendererFolder: '/nowhere' })
    return {
      open: async () => {
        const socket = new WebSocket(`ws://127.0.0.1:${host.port}/ws`, ['quarry', `token.${host.token}`])
        await new Promise((resolve, reject) => {
          socket.addEventListener('open', resolve)
          socket.addEventListener('error', reject)
        })
        return overChannel(channelOverWebSocket(socket))
      },
      [Symbol.asyncDispose]: () => host[Symbol.asyncDispose](),
    }
  },
}

describe.each(Object.entries(wires))('%s', (_name, start) => {
  let wire: Wire
  let client: ToyClient
  let drop: () => void
  beforeAll(async () => {
    wire = await start()
    ;({ client, drop } = await wire.open())
  })
  afterAll(async () => {
    drop()
    await wire[Symbol.asyncDispose]()
  })

  describe('values', () => {
    test.each([
      ['text in many scripts', 'Zürich 中文 עברית 👩‍👩‍👧 \u0000 \ud800 "\\'],
      ['nothing', null],
      ['false', false],
      ['an empty string', ''],
      ['a large number', Number.MAX_SAFE_INTEGER],
      ['a small number', -1.5e-300],
      ['nesting', { a: [{ b: [[], {}, { c: null }] }], 'key with "quotes"': 1, json: 'x', meta: [0] }],
      ['a long text', 'ä'.repeat(1_000_000)],
      ['a bigint', 2n ** 80n],
      ['a set in a map', new Map([['one', new Set([1, 2])]])],
    ])('%s', async (_what, value) => {
      expect((await client.echo({ value })).value).toEqual(value)
    })

    test('dates', async () => {
      const { date } = await client.addDay({ date: new Date('2024-02-28T12:00:00.123Z') })
      expect(date).toEqual(new Date('2024-02-29T12:00:00.123Z'))
    })

    test('are copied: what the caller holds is not what the handler held', async () => {
      const value = { list: [1] }
      const answer = await client.echo({ value })
      expect(answer.value).toEqual(value)
      expect(answer.value).not.toBe(value)
    })

    test('defaults of the contract are filled in', async () => {
      expect(await client.ask({ question: '  why? ' })).toEqual({ question: 'why?', k: 3 })
    })
  })

  test.each([0, 1, 1_000_000])('binary of %i bytes', async (size) => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 31) % 256)
    const input = { path: 'ü/ a.bin', offset: 5, last: true, data: new Blob([bytes]) }
    expect(await client.upload(input)).toEqual({ path: 'ü/ a.bin', offset: 5, last: true, size, sha256: sha256(bytes) })
  })

  describe('errors', () => {
    test('keep code, message, retryable and details, and nothing else', async () => {
      const error = await failure(client.fail({ how: 'known' }))
      expect(error.code).toBe('name-taken')
      expect(error.message).toBe('There is already a collection called "Zürich". Choose another name.')
      expect(error.retryable).toBe(true)
      expect(error.details).toEqual({ name: 'Zürich', numbers: [1, 2] })
      expect(JSON.stringify(error.cause)).not.toContain('secret')
    })

    test('of the operating system get their code', async () => {
      expect((await failure(client.fail({ how: 'system' }))).code).toBe('disk-full')
    })

    test('that nobody expected are "internal" and logged once', async () => {
      const before = (await client.seen()).logged
      const error = await failure(client.fail({ how: 'unexpected' }))
      expect(error.code).toBe('internal')
      expect(error.message).toContain('x is not a function')
      expect((await client.seen()).logged).toBe(before + 1)
    })

    test('in the output are ours, so "internal" and logged', async () => {
      const before = (await client.seen()).logged
      expect((await failure(client.fail({ how: 'wrong-output' }))).code).toBe('internal')
      expect((await client.seen()).logged).toBe(before + 1)
    })

    test('in the input name the member', async () => {
      const before = (await client.seen()).logged
      const error = await failure(client.ask({ question: '  ', k: 0 }))
      expect(error.code).toBe('input-invalid')
      expect(error.message).toContain('"question" is not valid: Type a question.')
      expect(error.details['issues']).toHaveLength(2)
      expect((await client.seen()).logged).toBe(before)
    })
  })

  describe('streams', () => {
    test('100,000 small events arrive in order', async () => {
      let expected = 0
      for await (const { number } of await client.count({ to: 100_000 })) {
        if (number !== expected) throw new Error(`${number} came when ${expected} was due`)
        expected += 1
      }
      expect(expected).toBe(100_000)
    })

    test('leaving early ends the producer, even one that never waits', async () => {
      const before = await client.seen()
      let last = -1
      for await (const { number } of await client.count({ to: Number.MAX_SAFE_INTEGER })) {
        last = number
        if (number === 10) break
      }
      expect(last).toBe(10)
      await eventually(async () => expect((await client.seen()).ended).toBe(before.ended + 1))
    })

    test('an error in mid-stream comes after the events before it', async () => {
      const numbers: number[] = []
      const error = await failure(
        (async () => {
          for await (const { number } of await client.count({ to: 10, failAfter: 3 })) numbers.push(number)
        })(),
      )
      expect(numbers).toEqual([0, 1, 2])
      expect(error).toMatchObject({ code: 'file-corrupt', message: 'Page 7 is damaged.', details: { page: 7 } })
    })

    test('twenty at once, while calls go on', async () => {
      const totals = Array.from({ length: 20 }, async (_, index) => {
        let events = 0
        for await (const _event of await client.count({ to: 200 + index })) events += 1
        return events
      })
      expect((await client.echo({ value: 1 })).value).toBe(1)
      expect(await Promise.all(totals)).toEqual(Array.from({ length: 20 }, (_, index) => 200 + index))
    })

    test('a silent one does not hold up another', async () => {
      const silent = await client.silence()
      await silent.next()
      let events = 0
      for await (const _event of await client.count({ to: 5 })) events += 1
      expect(events).toBe(5)
      await silent.return?.()
    })
  })

  describe('cancellation', () => {
    test('of a call reaches the handler and is not logged', async () => {
      const before = await client.seen()
      const controller = new AbortController()
      const call = client.wait(undefined, { signal: controller.signal })
      await eventually(async () => expect((await client.seen()).begun).toBe(before.begun + 1))
      controller.abort()
      expect((await failure(call)).code).toBe('cancelled')
      await eventually(async () => expect((await client.seen()).aborted).toBe(before.aborted + 1))
      expect((await client.seen()).logged).toBe(before.logged)
    })

    test('of a stream reaches the producer, whose finally runs', async () => {
      const before = await client.seen()
      const controller = new AbortController()
      const stream = await client.silence(undefined, { signal: controller.signal })
      await stream.next()
      const next = stream.next()
      controller.abort()
      expect((await failure(next)).code).toBe('cancelled')
      await eventually(async () => expect((await client.seen()).aborted).toBe(before.aborted + 1))
      expect((await client.seen()).ended).toBe(before.ended + 1)
      expect((await client.seen()).logged).toBe(before.logged)
    })

    test('before the call', async () => {
      expect((await failure(client.echo({ value: 1 }, { signal: AbortSignal.abort() }))).code).toBe('cancelled')
    })
  })

  test('a lost connection: what is under way rejects, and the host stops working for it', async () => {
    const before = await client.seen()
    const other = await wire.open()
    const stream = await other.client.silence()
    await stream.next()
    const next = failure(stream.next())
    const call = failure(other.client.wait())
    await eventually(async () => expect((await client.seen()).begun).toBe(before.begun + 2))
    other.drop()
    expect(await next).toMatchObject({ code: 'connection-lost', retryable: true })
    expect(await call).toMatchObject({ code: 'connection-lost', retryable: true })
    expect((await failure(other.client.echo({ value: 1 }))).code).toBe('connection-lost')
    await eventually(async () => expect((await client.seen()).aborted).toBe(before.aborted + 2))
    expect((await client.seen()).ended).toBe(before.ended + 1)
    expect((await client.seen()).logged).toBe(before.logged)
  })
})

function overChannel(channel: Channel): { client: ToyClient; drop(): void } {
  return { client: createWireClient<ToyClient>(channel), drop: () => channel.close() }
}

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(AppError)
  return error as AppError
}

/** Retries an expectation about the other side, which hears of things a little later. */
async function eventually(expectation: () => Promise<void>): Promise<void> {
  await expect.poll(() => expectation().then(() => true), { timeout: 10_000, interval: 10 }).toBe(true)
}
