import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { once } from 'node:events'
import type { MessagePort } from 'node:worker_threads'
import { createComputePool } from '../core/compute/pool.ts'
import { channelOverPort, type PortLike } from '../core/contract/channel.ts'
import { createWireClient } from '../core/contract/wire-client.ts'
import { createToy, type ToyClient } from '../core/host/testing/toy.ts'
import { utilityKeychain } from '../core/host/utility-keychain.ts'
import { utilityWorkers } from '../core/host/utility-workers.ts'
import { runUtility, type ParentPort } from '../core/host/utility.ts'
import { silentLog } from '../core/shared/log.ts'
import { channels } from './bridge-channels.ts'
import { createFakeElectron, type FakeUtilityProcess, type FakeWindow } from './fake-electron.ts'
import { createBridge } from './preload-bridge.ts'
import { runShell, type ShellOptions } from './shell.ts'

let folder: string
let options: ShellOptions
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quarry-shell-'))
  mkdirSync(join(folder, 'out/renderer'), { recursive: true })
  writeFileSync(join(folder, 'out/renderer/index.html'), '<!doctype html><title>Quarry</title>')
  options = {
    outFolder: join(folder, 'out'),
    modelFolder: join(folder, 'models'),
    demoFolder: join(folder, 'demo'),
    developmentUrl: undefined,
    dataFolder: undefined,
  }
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('start', () => {
  test('opens one locked-down window with the page of its own scheme', async () => {
    const { fake, window } = await start()
    expect(window.options['webPreferences']).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
    })
    expect(window.webContents.mainFrame.url).toBe('app://quarry/')
    expect(fake.schemes).toMatchObject([{ scheme: 'app', privileges: { standard: true, secure: true } }])
    expect(fake.switches.get('host-resolver-rules')).toBe('MAP * ~NOTFOUND')
    expect(fake.session.allows('https://example.com/')).toBe(false)
    expect(window.webContents.openHandler?.({ url: 'app://quarry/' })).toEqual({ action: 'deny' })
    expect(window.calls).toEqual([])
    window.emit('ready-to-show')
    expect(window.calls).toEqual(['show'])
  })

  test('serves the page with its policy, and nothing else', async () => {
    const { fake } = await start()
    const handle = fake.pageHandlers.get('app')
    const page = await handle?.(new Request('app://quarry/library/col_1'))
    expect(await page?.text()).toContain('<title>Quarry</title>')
    expect(page?.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect((await handle?.(new Request('app://quarry/missing.js')))?.status).toBe(404)
    expect((await handle?.(new Request('app://other/')))?.status).toBe(403)
  })

  test('a second instance leaves, and the first comes forward', async () => {
    const second = createFakeElectron({ userData: folder, hasLock: false })
    await runShell(second.api, options)
    expect(second.windows).toHaveLength(0)
    expect(second.quits()).toBe(1)

    const { fake, window } = await start()
    window.minimized = true
    fake.app.emit('second-instance')
    expect(window.calls).toEqual(['restore', 'focus'])
    expect(fake.windows).toHaveLength(1)
  })

  test('the window comes back where it was', async () => {
    const { window } = await start()
    window.bounds = { x: 200, y: 100, width: 900, height: 600 }
    window.emit('close')
    expect(existsSync(join(folder, 'window.json'))).toBe(true)
    expect((await start()).window.options).toMatchObject({ x: 200, y: 100, width: 900, height: 600 })
  })

  test('while working on the page it comes from the development server', async () => {
    options = { ...options, developmentUrl: 'http://localhost:5173/' }
    const { fake, window } = await start()
    expect(window.webContents.mainFrame.url).toBe('http://localhost:5173/')
    expect(fake.switches.get('host-resolver-rules')).toBe('MAP * ~NOTFOUND, EXCLUDE localhost')
  })
})

describe('the page', () => {
  test('gets a port and talks to the host over it', async () => {
    const { fake, window } = await start()
    const client = await connectPage(fake, window)
    expect(fake.hosts[0]?.path).toBe(join(folder, 'out/main/host.js'))
    expect(await client.echo({ value: 'over a real port' })).toEqual({ value: 'over a real port' })
  })

  test('hears why there is no host', async () => {
    const { fake, window } = await start()
    const error = { code: 'workspace-newer', message: 'Made by a newer Quarry.', retryable: false, details: {} }
    fake.send(window, channels.requestPort, 7)
    fake.hosts[0]?.say({ type: 'failed', error })
    await expect
      .poll(() => window.webContents.sent)
      .toMatchObject([{ channel: channels.portRefused, values: [7, error] }])
  })

  test('hears that the host died, and gets a port to the next one', async () => {
    const { fake, window } = await start()
    await connectPage(fake, window)
    fake.hosts[0]?.die(139)
    expect(window.webContents.sent.at(-1)).toMatchObject({ channel: channels.hostLost })
    expect(fake.hosts).toHaveLength(2)
    const client = await connectPage(fake, window, 1)
    expect(await client.echo({ value: 2 })).toEqual({ value: 2 })
  })

  test('may pick files, reveal one, set the theme and open a link', async () => {
    const { fake, window } = await start()
    expect(await fake.invoke(window, channels.pickFiles)).toBeNull()
    fake.answers.openDialog = { canceled: false, filePaths: ['/a/b.md'] }
    expect(await fake.invoke(window, channels.pickFiles)).toEqual(['/a/b.md'])
    expect(await fake.invoke(window, channels.pickFolder)).toEqual(['/a/b.md'])
    expect(fake.dialogs.at(-1)).toEqual({ properties: ['openDirectory'] })
    await fake.invoke(window, channels.revealInFolder, '/a/b.md')
    await fake.invoke(window, channels.revealInFolder, '../relative')
    await fake.invoke(window, channels.revealInFolder, { path: '/a' })
    expect(fake.revealed).toEqual(['/a/b.md'])
    expect(await fake.invoke(window, channels.openFile, '/a/report.PDF')).toBe(true)
    for (const path of [
      '/a/run.sh',
      '/a/setup.exe',
      '/a/page.html',
      '/a/x.desktop',
      'report.pdf',
      { path: '/a.pdf' },
    ]) {
      expect(await fake.invoke(window, channels.openFile, path)).toBe(false)
    }
    expect(fake.opened).toEqual(['/a/report.PDF'])
    fake.opened.length = 0
    fake.send(window, channels.setTheme, 'dark')
    fake.send(window, channels.setTheme, 'purple')
    expect(fake.nativeTheme.themeSource).toBe('dark')
    fake.answers.messageBox = 0
    await fake.invoke(window, channels.openExternal, 'https://example.com/')
    await fake.invoke(window, channels.openExternal, 'file:///etc/passwd')
    expect(fake.opened).toEqual(['https://example.com/'])
  })

  test('that is another one gets nothing', async () => {
    const { fake, window } = await start()
    window.webContents.senderFrame = { url: 'app://quarry/' }
    await expect(fake.invoke(window, channels.pickFiles)).rejects.toThrow('Only the page')
    window.webContents.senderFrame = window.webContents.mainFrame
    window.webContents.mainFrame.url = 'https://evil.example/'
    await expect(fake.invoke(window, channels.pickFiles)).rejects.toThrow('Only the page')
    fake.send(window, channels.requestPort, 1)
    fake.send(window, channels.setTheme, 'dark')
    expect(fake.hosts).toHaveLength(0)
    expect(fake.nativeTheme.themeSource).toBe('system')
  })

  test('that crashed is loaded again', async () => {
    const { window } = await start()
    window.webContents.emit('render-process-gone', {}, { reason: 'crashed' })
    window.webContents.emit('render-process-gone', {}, { reason: 'clean-exit' })
    expect(window.webContents.reloads).toBe(1)
  })

  test('gets the commands of the menu', async () => {
    const { fake, window } = await start()
    const file = fake.menu.template.find((item) => item.label === '&File')
    const items = Array.isArray(file?.submenu) ? file.submenu : []
    ;(items.find((item) => item.id === 'add-folder')?.click as () => void)()
    expect(window.webContents.sent).toMatchObject([{ channel: channels.menuCommand, values: ['add-folder'] }])
  })
})

describe('keys', () => {
  test('are encrypted for the core by the keychain of the system, and for nobody else', async () => {
    const { host } = await startHost()
    const keychain = utilityKeychain(parentPortOf(host))
    expect(await keychain.status()).toEqual({ usable: true, why: '' })
    const sealed = await keychain.encrypt('sk-secret')
    expect(Buffer.from(sealed).toString()).not.toContain('secret')
    expect(await keychain.decrypt(sealed)).toBe('sk-secret')
  })
})

describe('workers', () => {
  test('are started for the host with their limits, and talk to it over a port of their own', async () => {
    const { fake, host } = await startHost()
    const worker = utilityWorkers(parentPortOf(host))('compute', { memoryMb: 256 })
    const [started] = fake.workers
    expect(started).toMatchObject({
      path: join(folder, 'out/main/compute-worker.js'),
      args: ['512'],
      options: {
        execArgv: ['--js-flags=--max-old-space-size=256 --max-semi-space-size=16 --expose-gc'],
        stdio: ['ignore', 'ignore', 'pipe'],
        serviceName: 'Quarry worker',
      },
    })
    const port = started?.received[0]?.ports[0] as MessagePort
    await worker.send({ type: 'cancel', id: 7 })
    expect(await once(port, 'message')).toEqual([{ type: 'cancel', id: 7 }])
    const heard = Promise.withResolvers<unknown>()
    worker.onMessage(heard.resolve)
    port.postMessage({ type: 'ready' })
    expect(await heard.promise).toEqual({ type: 'ready' })
    port.close()
  })

  test.each<[string, (worker: FakeUtilityProcess) => void, string]>([
    ['what V8 told Electron', v8OutOfMemory, 'memory-exceeded'],
    ['the end of its error output', memoryLimit, 'memory-exceeded'],
    ['the signal of a system without memory', (worker) => worker.die(9), 'memory-exceeded'],
    ['nothing but a code', (worker) => worker.die(11), 'internal'],
  ])('that end are told of with %s', async (_how, end, code) => {
    const { fake, host } = await startHost()
    const startWorker = utilityWorkers(parentPortOf(host))
    const start = () => startWorker('compute', { memoryMb: 64 })
    await using pool = createComputePool({ start, size: 1, timeoutMs: 5000, memoryMb: 64, log: silentLog })
    const task = pool.run('chunk', {} as never)
    for (const worker of fake.workers) end(worker)
    await expect(task).rejects.toMatchObject({ code })
  })

  test('are killed on request, also before they have spawned', async () => {
    const { fake, host } = await startHost()
    const worker = utilityWorkers(parentPortOf(host))('compute', { memoryMb: 64 })
    const started = fake.workers[0] as FakeUtilityProcess
    started.spawned = false
    const killing = worker.kill()
    expect(started.killed).toBe(false)
    started.spawned = true
    started.emit('spawn')
    expect(started.killed).toBe(true)
    await killing
    await worker.kill()
  })

  test('end when the host is lost, and nothing is told to the next one', async () => {
    const { fake, host } = await startHost()
    const startWorker = utilityWorkers(parentPortOf(host))
    startWorker('compute', { memoryMb: 64 })
    startWorker('compute', { memoryMb: 64 })
    const told = host.received.length
    host.die(139)
    expect(fake.workers.map((worker) => worker.killed)).toEqual([true, true])
    await new Promise((resolve) => setTimeout(resolve, 0))
    expect(host.received).toHaveLength(told)
    expect(fake.hosts[1]?.received.map(({ message }) => message)).toMatchObject([{ type: 'start' }])
  })

  test.each<[string, unknown]>([
    ['another kind', { type: 'worker-start', id: 1, kind: 'shell', limits: { memoryMb: 64 } }],
    ['what every object has', { type: 'worker-start', id: 1, kind: 'constructor', limits: { memoryMb: 64 } }],
    ['a path', { type: 'worker-start', id: 1, kind: '../../evil.js', limits: { memoryMb: 64 } }],
    [
      'another flag',
      { type: 'worker-start', id: 1, kind: 'compute', limits: { memoryMb: '64 --allow-natives-syntax' } },
    ],
    ['no limits', { type: 'worker-start', id: 1, kind: 'compute' }],
    ['a number that is none', { type: 'worker-start', id: 'a', kind: 'compute', limits: { memoryMb: 64 } }],
  ])('are not started for %s', async (_what, request) => {
    const { fake, host } = await startHost()
    host.say(request)
    host.say({ type: 'worker-kill', id: 1 })
    expect(fake.workers).toEqual([])
  })

  test('that are refused are told of as ended, so that nobody waits for them', async () => {
    const { fake, host } = await startHost()
    const startWorker = utilityWorkers(parentPortOf(host))
    const ends: unknown[] = []
    startWorker('shell' as 'compute', { memoryMb: 64 }).onExit((end) => ends.push(end))
    const many = 2 * availableParallelism() + 100
    for (let count = 0; count < many; count += 1)
      startWorker('compute', { memoryMb: 64 }).onExit((end) => ends.push(end))
    await expect.poll(() => ends.length).toBe(1 + many - fake.workers.length)
    expect(fake.workers.length).toBeGreaterThanOrEqual(32)
    expect(ends[0]).toEqual({ code: null, signal: null, lastWords: 'There is no such kind of worker.' })
    expect(ends[1]).toMatchObject({ code: null, lastWords: `There are ${fake.workers.length} workers already.` })
  })
})

function v8OutOfMemory(worker: FakeUtilityProcess): void {
  const event = 'Allocation failed - JavaScript heap out of memory'
  const report = JSON.stringify({ header: { reportVersion: 5, event, trigger: 'FatalError' } })
  worker.emit('error', 'FatalError', 'Reached heap limit', report)
  worker.die(11)
}

function memoryLimit(worker: FakeUtilityProcess): void {
  worker.stderr?.write('x'.repeat(10_000))
  worker.die(1)
  // What a process wrote last may be read after its end is known.
  setTimeout(() => worker.stderr?.end('memory limit'), 10)
}

test('quitting waits for the host to put its work away', async () => {
  const { fake, window } = await start()
  await connectPage(fake, window)
  fake.app.quit()
  expect(fake.quits()).toBe(0)
  await expect.poll(() => fake.quits()).toBe(1)
})

test('the bridge passes on what it should and keeps the rest', async () => {
  const posted: { message: unknown; ports: readonly unknown[] }[] = []
  const listeners = new Map<string, (...values: unknown[]) => void>()
  const sent: unknown[][] = []
  const bridge = createBridge({
    platform: 'darwin',
    webUtils: { getPathForFile: (file) => `/dropped/${file.name}` },
    ipcRenderer: {
      invoke: async (...values: unknown[]) => (sent.push(values), null),
      send: (...values: unknown[]) => void sent.push(values),
      on: (channel: string, listener: (...values: unknown[]) => void) => void listeners.set(channel, listener),
      off: (channel: string) => void listeners.delete(channel),
    } as never,
    post: (message, ports) => void posted.push({ message, ports }),
  })
  expect(bridge.platform).toBe('mac')
  expect(bridge.pathForFile(new File([], 'a.md'))).toBe('/dropped/a.md')
  bridge.requestPort(3)
  await bridge.openExternal('https://example.com/')
  expect(sent).toEqual([
    [channels.requestPort, 3],
    [channels.openExternal, 'https://example.com/'],
  ])
  listeners.get(channels.port)?.({ ports: ['port'] }, 3)
  listeners.get(channels.portRefused)?.({}, 4, { code: 'internal' })
  listeners.get(channels.hostLost)?.({})
  expect(posted).toEqual([
    { message: { type: 'quarry-port', request: 3 }, ports: ['port'] },
    { message: { type: 'quarry-port-refused', request: 4, error: { code: 'internal' } }, ports: [] },
    { message: { type: 'quarry-host-lost' }, ports: [] },
  ])
  const commands: string[] = []
  const unsubscribe = bridge.onMenuCommand((command) => commands.push(command))
  listeners.get(channels.menuCommand)?.({ secret: 'event' }, 'add-files')
  expect(commands).toEqual(['add-files'])
  unsubscribe()
  expect(listeners.has(channels.menuCommand)).toBe(false)
})

async function start() {
  const fake = createFakeElectron({ userData: folder })
  await runShell(fake.api, options)
  return { fake, window: fake.windows[0] as FakeWindow }
}

async function startHost() {
  const { fake, window } = await start()
  fake.send(window, channels.requestPort, 1)
  return { fake, host: fake.hosts[0] as FakeUtilityProcess }
}

/** Plays the preload script and the utility process, with the real code of the latter and the toy router. */
async function connectPage(
  fake: ReturnType<typeof createFakeElectron>,
  window: FakeWindow,
  hostNumber = 0,
): Promise<ToyClient> {
  const { sent } = window.webContents
  fake.send(window, channels.requestPort, 1)
  runInFake(fake.hosts[hostNumber] as FakeUtilityProcess)
  await expect.poll(() => sent.at(-1)?.channel).toBe(channels.port)
  const port = sent.at(-1)?.ports[0] as unknown as PortLike & { unref(): void }
  const client = createWireClient<ToyClient>(channelOverPort(port))
  port.unref()
  return client
}

function runInFake(host: FakeUtilityProcess): void {
  const toy = createToy()
  runUtility({
    parentPort: parentPortOf(host),
    createApp: async () => ({ router: toy.router, [Symbol.asyncDispose]: async () => {} }),
    log: toy.log,
    exit: (code) => host.die(code),
  })
}

/** The utility process's own side of it. */
function parentPortOf(host: FakeUtilityProcess): ParentPort {
  return {
    on: (_type, listener) => {
      for (const { message, ports } of host.received) listener({ data: message, ports: ports })
      return host.on('received', (data: unknown, ports: PortLike[]) => listener({ data, ports }))
    },
    postMessage: (message) => host.say(message),
  }
}
