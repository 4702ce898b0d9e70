/// <reference lib="dom" />
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import AxeBuilder from '@axe-core/playwright'
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright'
import { expect } from 'vitest'

/** The workbench as a person meets it: the built page in a real browser, the real host, the real bundled model. */
export const root = fileURLToPath(new URL('..', import.meta.url))
export const demoCorpus = join(root, 'resources/demo/corpus')

/** Path of a browser, or undefined: then journeys are skipped. `npm test` looks for one and sets the variable. */
export const browserPath = [process.env.QUARRY_BROWSER, '/usr/bin/chromium'].find((path) => path && existsSync(path))

const quiet = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export interface Workbench extends AsyncDisposable {
  browser: Browser
  url: string
  workspace: string
  open(options?: { width?: number; height?: number; colorScheme?: 'light' | 'dark' }): Promise<OpenPage>
  /** Ends the host at once, as a crash would, and starts it again on the same port with the same token. */
  crashAndRestart(): Promise<void>
}

export interface OpenPage extends AsyncDisposable {
  page: Page
  context: BrowserContext
  /** Errors and warnings that the page wrote; a journey ends with none. */
  complaints: string[]
}

export async function startWorkbench(environment: Record<string, string> = {}): Promise<Workbench> {
  const workspace = mkdtempSync(join(tmpdir(), 'quarry-e2e-'))
  let host = await startHost(workspace, environment)
  const browser = await chromium.launch({ executablePath: browserPath ?? '', args: quiet })
  return {
    browser,
    workspace,
    url: host.url,
    async open({ width = 1280, height = 800, colorScheme = 'light' } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, reducedMotion: 'reduce' })
      const page = await context.newPage()
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(error.message))
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text())
      })
      await page.goto(host.url)
      return { page, context, complaints, [Symbol.asyncDispose]: () => context.close() }
    },
    async crashAndRestart() {
      await stop(host.process, 'SIGKILL')
      host = await startHost(workspace, environment, host)
    },
    async [Symbol.asyncDispose]() {
      await browser.close()
      await stop(host.process, 'SIGTERM')
      rmSync(workspace, { recursive: true, force: true })
    },
  }
}

/** No violation that axe-core finds by the rules of WCAG 2.2 A and AA. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze()
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`)).toEqual([])
}

/** Goes to an address of the page; the page of before is gone when this has come back. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.getByRole('navigation').first().waitFor()
  await page.evaluate(
    (to) =>
      new Promise<void>((resolve) => {
        const drawn = (): void => void requestAnimationFrame(() => requestAnimationFrame(() => resolve()))
        if (window.location.hash === to) return drawn()
        window.addEventListener('hashchange', drawn, { once: true })
        window.location.hash = to
      }),
    hash,
  )
}

/** Opens the palette of commands, ready for what is typed next. */
export async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+k')
  await expectFocus(page.getByRole('dialog').getByRole('combobox'))
}

export async function expectFocus(element: Locator): Promise<void> {
  await expect.poll(() => element.evaluate((each) => each === document.activeElement)).toBe(true)
}

/**
 * From the next reload on, the first answer to a call of this path (such as 'releases/createDraft') stays on its way until
 * the page is told to take it by `window.letAnswersCome()`.
 */
export async function holdAnswers(page: Page, path: string): Promise<void> {
  await page.addInitScript((wanted) => {
    const held = new Set<string>()
    const idOf = (data: unknown): string => /"i":"?([^",}]+)/.exec(typeof data === 'string' ? data : '')?.[1] ?? ''
    const { send, addEventListener } = WebSocket.prototype
    const release = new Promise<void>((resolve) => Object.assign(window, { letAnswersCome: resolve }))
    WebSocket.prototype.send = function (this: WebSocket, data: string) {
      if (typeof data === 'string' && data.includes(`/${wanted}"`)) held.add(idOf(data))
      send.call(this, data)
    }
    WebSocket.prototype.addEventListener = function (this: WebSocket, type: string, listener: EventListener): void {
      addEventListener.call(this, type, (event) => {
        const isHeld = event instanceof MessageEvent && held.has(idOf(event.data))
        if (isHeld) void release.then(() => listener(event))
        else listener(event)
      })
    } as typeof addEventListener
  }, path)
}

/** Drops files and folders on the window, as the system's file manager would. */
export async function dropOn(page: Page, paths: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const data = { items: [], files: paths, dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    await session.send('Input.dispatchDragEvent', { type, x: 640, y: 400, data })
  }
}

interface Host {
  url: string
  port: number
  process: ChildProcess
}

function startHost(workspace: string, environment: Record<string, string>, like?: Host): Promise<Host> {
  const token = like && new URL(like.url).hash.replace('#token=', '')
  const args = ['core/host/cli.ts', 'serve', '--json', '--workspace', workspace, '--port', String(like?.port ?? 0)]
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...environment, ...(token ? { QUARRY_TOKEN: token } : {}) },
  })
  return new Promise((resolve, reject) => {
    child.stdout.once('data', (line: Buffer) => {
      const { url, port } = JSON.parse(line.toString()) as { url: string; port: number }
      resolve({ url, port, process: child })
    })
    child.once('exit', (code) => reject(new Error(`quarry serve ended with ${code}`)))
  })
}

function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}
