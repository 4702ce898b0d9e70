import { MessageChannel } from 'node:worker_threads'
import { expect, test } from 'vitest'
import type { MessagePortMain, UtilityProcess } from 'electron'
import { silentLog } from '../core/shared/log.ts'
import { FakeUtilityProcess } from './fake-electron.ts'
import { createHostProcess } from './host-process.ts'

const environment = { dataFolder: '/d', modelFolders: ['/m'], demoFolder: '/e' }

test('starts the host on the first connection, tells it where it is, and gives each page a port of its own', async () => {
  const { host, processes } = setUp()
  expect(processes).toHaveLength(0)
  const first = host.connect()
  expect(processes[0]?.received[0]?.message).toEqual({ type: 'start', environment })
  processes[0]?.say({ type: 'ready' })
  const port = await first
  const sent = processes[0]?.received[1]
  expect(sent?.message).toEqual({ type: 'connect' })
  expect(sent?.ports[0]).toBe(partner.get(port))
  expect(await host.connect()).not.toBe(port)
  expect(processes).toHaveLength(1)
})

test('a host that cannot start says why, and is started anew when asked again', async () => {
  const { host, processes } = setUp()
  const first = host.connect()
  const error = { code: 'workspace-locked', message: 'In use by process 42.', retryable: false, details: { pid: 42 } }
  processes[0]?.say({ type: 'failed', error })
  await expect(first).rejects.toMatchObject(error)
  expect(processes[0]?.killed).toBe(true)
  expect(processes).toHaveLength(1)
  const second = host.connect()
  processes[1]?.say({ type: 'ready' })
  await second
})

test('a host that dies is started again, and the page is told', async () => {
  const { host, processes, lost } = setUp()
  await ready(host, processes)
  processes[0]?.die(139)
  expect(lost()).toBe(1)
  expect(processes).toHaveLength(2)
  const again = host.connect()
  processes[1]?.say({ type: 'ready' })
  await again
})

test('a fatal error of the host is no exception of the main process', async () => {
  const { host, processes } = setUp()
  await ready(host, processes)
  expect(processes[0]?.emit('error', 'FatalError', 'Reached heap limit', '{}')).toBe(true)
  processes[0]?.die(11)
  expect(processes).toHaveLength(2)
})

test('a host that dies at once, over and over, is left alone until somebody asks', async () => {
  const { host, processes } = setUp()
  const first = host.connect()
  processes[0]?.die(1)
  await expect(first).rejects.toMatchObject({ code: 'internal' })
  processes[1]?.die(1)
  processes[2]?.die(1)
  expect(processes).toHaveLength(3)
  const asked = host.connect()
  expect(processes).toHaveLength(4)
  processes[3]?.say({ type: 'ready' })
  await asked
})

test('deaths that are far apart do not add up', async () => {
  const { host, processes, clock } = setUp()
  await ready(host, processes)
  for (let death = 0; death < 6; death += 1) {
    clock.now += 120_000
    processes.at(-1)?.die(1)
  }
  expect(processes).toHaveLength(7)
})

test('stop waits until the host has put its work away, and nothing starts after it', async () => {
  const { host, processes, lost } = setUp()
  await ready(host, processes)
  const stopping = host.stop()
  expect(processes[0]?.received.at(-1)?.message).toEqual({ type: 'stop' })
  processes[0]?.say({ type: 'stopped' })
  processes[0]?.die(0)
  await stopping
  expect(processes).toHaveLength(1)
  expect(lost()).toBe(0)
  await expect(host.connect()).rejects.toMatchObject({ code: 'connection-lost' })
})

test('stop without a host is nothing', async () => {
  const { host, processes } = setUp()
  await host.stop()
  expect(processes).toHaveLength(0)
})

const partner = new WeakMap<object, unknown>()

function setUp() {
  const processes: FakeUtilityProcess[] = []
  const clock = { now: 1_000_000 }
  let lost = 0
  const host = createHostProcess({
    fork: () => {
      const process = new FakeUtilityProcess('host.js')
      processes.push(process)
      return process as unknown as UtilityProcess
    },
    createChannel: () => {
      const { port1, port2 } = new MessageChannel()
      port1.unref()
      partner.set(port1, port2)
      return { port1, port2 } as unknown as { port1: MessagePortMain; port2: MessagePortMain }
    },
    environment,
    log: silentLog,
    onLost: () => (lost += 1),
    now: () => clock.now,
  })
  return { host, processes, clock, lost: () => lost }
}

async function ready(host: ReturnType<typeof setUp>['host'], processes: FakeUtilityProcess[]): Promise<void> {
  const connecting = host.connect()
  processes[0]?.say({ type: 'ready' })
  await connecting
}
