import { afterEach, expect, test } from 'vitest'
import { channelPair, type Channel } from '../../core/contract/channel.ts'
import { AppError } from '../../core/contract/errors.ts'
import { connectionLost } from '../../core/contract/wire-errors.ts'
import { keepConnected, type KeptConnection } from './keep-connected.ts'

const quick = { firstDelayMs: 1, longestDelayMs: 5, waitMs: 50 }
let connection: KeptConnection
afterEach(() => connection[Symbol.dispose]())

test('a call made while connecting waits for the connection', async () => {
  const opening = Promise.withResolvers<Channel>()
  connection = keepConnected(() => opening.promise, quick)
  const waiting = connection.channel(undefined)
  expect(connection.getStatus()).toEqual({ state: 'connecting' })
  const [near] = channelPair()
  opening.resolve(near)
  expect(await waiting).toBe(near)
  expect(connection.getStatus()).toEqual({ state: 'open' })
})

test('a lost connection is made again by itself, and the page hears of each step', async () => {
  const far: Channel[] = []
  connection = keepConnected(async () => {
    const [near, other] = channelPair()
    far.push(other)
    return near
  }, quick)
  const states: string[] = []
  connection.subscribe(() => states.push(connection.getStatus().state))
  const first = await connection.channel(undefined)
  far[0]?.close()
  expect(connection.getStatus()).toMatchObject({ state: 'lost', attempt: 1, error: { code: 'connection-lost' } })
  const second = await connection.channel(undefined)
  expect(second).not.toBe(first)
  expect(states).toEqual(['open', 'lost', 'open'])
})

test('it keeps trying, with growing pauses, and a call gives up after a while', async () => {
  let tries = 0
  connection = keepConnected(async () => {
    tries += 1
    throw connectionLost()
  }, quick)
  await expect(connection.channel(undefined)).rejects.toMatchObject({ code: 'connection-lost', retryable: true })
  expect(tries).toBeGreaterThan(2)
  const status = connection.getStatus()
  expect(status.state === 'lost' && status.attempt).toBe(tries)
})

test('a refusal is final until the person retries', async () => {
  let refused = true
  connection = keepConnected(async () => {
    if (refused) throw new AppError('workspace-locked', 'Process 42 uses this workspace.', { details: { pid: 42 } })
    return channelPair()[0]
  }, quick)
  await expect(connection.channel(undefined)).rejects.toMatchObject({ code: 'workspace-locked', details: { pid: 42 } })
  expect(connection.getStatus()).toMatchObject({ state: 'refused', error: { code: 'workspace-locked' } })
  refused = false
  connection.retry()
  expect(connection.getStatus()).toEqual({ state: 'connecting' })
  await connection.channel(undefined)
  expect(connection.getStatus()).toEqual({ state: 'open' })
})

test('waiting for a connection can be cancelled', async () => {
  connection = keepConnected(() => new Promise(() => {}), quick)
  const controller = new AbortController()
  const waiting = connection.channel(controller.signal)
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
})

test('after dispose nothing is tried and waiting calls reject', async () => {
  const opening = Promise.withResolvers<Channel>()
  connection = keepConnected(() => opening.promise, quick)
  const waiting = connection.channel(undefined)
  connection[Symbol.dispose]()
  await expect(waiting).rejects.toMatchObject({ code: 'connection-lost' })
  const [near] = channelPair()
  opening.resolve(near)
  await opening.promise
  await Promise.resolve()
  expect(near.closed).toBe(true)
})
