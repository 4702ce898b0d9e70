import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { createWireClient } from '../contract/wire-client.ts'
import { startUtilityChild } from './testing/start-utility-child.ts'
import type { ToyClient } from './testing/toy.ts'

let utility: ReturnType<typeof startUtilityChild>
afterEach(() => utility.child.kill('SIGKILL'))

test('serves ports that came before it had started, and several at once', async () => {
  utility = startUtilityChild()
  const early = createWireClient<ToyClient>(utility.connect())
  const call = early.echo({ value: 'early' })
  utility.tell({ type: 'start', environment: {} })
  expect(await utility.hear()).toEqual({ type: 'ready' })
  expect(await call).toEqual({ value: 'early' })
  const late = createWireClient<ToyClient>(utility.connect())
  expect(await late.echo({ value: 'late' })).toEqual({ value: 'late' })
  expect(await early.echo({ value: 'again' })).toEqual({ value: 'again' })
})

test('says why it could not start', async () => {
  utility = startUtilityChild()
  utility.tell({ type: 'start', environment: { broken: true } })
  expect(await utility.hear()).toEqual({
    type: 'failed',
    error: {
      code: 'workspace-locked',
      message: 'Process 42 uses this workspace. Stop it first.',
      retryable: false,
      details: { pid: 42 },
    },
  })
})

test('a killed host is a lost connection', async () => {
  utility = startUtilityChild()
  utility.tell({ type: 'start', environment: {} })
  await utility.hear()
  const client = createWireClient<ToyClient>(utility.connect())
  const stream = await client.silence()
  await stream.next()
  const outcomes = Promise.allSettled([stream.next(), client.wait()])
  utility.child.kill('SIGKILL')
  for (const outcome of await outcomes) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'connection-lost', retryable: true } })
  }
})

test('stops when told to: calls under way are cancelled, and it exits by itself', async () => {
  utility = startUtilityChild()
  utility.tell({ type: 'start', environment: {} })
  await utility.hear()
  const client = createWireClient<ToyClient>(utility.connect())
  const call = client.wait().catch((error: unknown) => error)
  await expect.poll(async () => (await client.seen()).begun).toBe(1)
  const exited = once(utility.child, 'exit')
  utility.tell({ type: 'stop' })
  expect(await utility.hear()).toEqual({ type: 'stopped' })
  expect(await call).toMatchObject({ code: 'connection-lost' })
  expect(await exited).toEqual([0, null])
})
