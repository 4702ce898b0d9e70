import { EventEmitter } from 'node:events'
import { basename } from 'node:path'
import { PassThrough } from 'node:stream'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { ForkOptions, MenuItemConstructorOptions } from 'electron'
import type { ElectronApi } from './shell.ts'

/**
 * As much of Electron as the shell uses, for tests: it remembers what it was told and lets a test play the person, the
 * page and the utility process. It is typed against Electron where it is handed over (`api`), not member by member.
 */
export function createFakeElectron(options: { userData: string; isPackaged?: boolean; hasLock?: boolean }) {
  const windows: FakeWindow[] = []
  const hosts: FakeUtilityProcess[] = []
  const workers: FakeUtilityProcess[] = []
  const dialogs: unknown[] = []
  const opened: string[] = []
  const revealed: string[] = []
  const answers = { openDialog: { canceled: true, filePaths: [] as string[] }, messageBox: 1 }
  const ipc = { handlers: new Map<string, (...values: unknown[]) => unknown>(), events: new EventEmitter() }
  const fakeSession = new FakeSession()
  const schemes: unknown[] = []
  const pageHandlers = new Map<string, (request: Request) => Promise<Response>>()
  const menu = { template: [] as MenuItemConstructorOptions[] }
  const switches = new Map<string, string | undefined>()
  let quits = 0

  const app = Object.assign(new EventEmitter(), {
    name: 'Quarry',
    isPackaged: options.isPackaged ?? true,
    requestSingleInstanceLock: () => options.hasLock ?? true,
    whenReady: async () => {},
    getPath: () => options.userData,
    commandLine: { appendSwitch: (name: string, value?: string) => void switches.set(name, value) },
    quit: () => {
      let prevented = false
      app.emit('will-quit', { preventDefault: () => (prevented = true) })
      if (!prevented) quits += 1
    },
  })

  class BrowserWindow extends FakeWindow {
    constructor(given: Record<string, unknown>) {
      super(given)
      windows.push(this)
      app.emit('web-contents-created', {}, this.webContents)
    }
  }

  const api = {
    app,
    BrowserWindow,
    dialog: {
      showOpenDialog: async (given: unknown) => (dialogs.push(given), answers.openDialog),
      showMessageBox: async (given: unknown) => (dialogs.push(given), { response: answers.messageBox }),
    },
    ipcMain: {
      handle: (channel: string, handler: (...values: unknown[]) => unknown) => ipc.handlers.set(channel, handler),
      on: (channel: string, listener: (...values: unknown[]) => void) => ipc.events.on(channel, listener),
    },
    Menu: {
      buildFromTemplate: (template: MenuItemConstructorOptions[]) => template,
      setApplicationMenu: (template: MenuItemConstructorOptions[]) => (menu.template = template),
    },
    MessageChannelMain: MessageChannel,
    nativeTheme: { themeSource: 'system' },
    protocol: {
      registerSchemesAsPrivileged: (given: unknown[]) => schemes.push(...given),
      handle: (scheme: string, handler: (request: Request) => Promise<Response>) => pageHandlers.set(scheme, handler),
    },
    safeStorage: {
      isEncryptionAvailable: () => true,
      getSelectedStorageBackend: () => 'gnome_libsecret',
      encryptString: (text: string) => Buffer.from(text).map((byte) => byte ^ 0x5a),
      decryptString: (sealed: Buffer) => Buffer.from(sealed.map((byte) => byte ^ 0x5a)).toString(),
    },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: { defaultSession: fakeSession },
    shell: {
      openExternal: async (url: string) => void opened.push(url),
      showItemInFolder: (path: string) => void revealed.push(path),
      openPath: async (path: string) => (opened.push(path), ''),
    },
    utilityProcess: {
      fork: (path: string, args?: string[], given?: ForkOptions) => {
        const process = new FakeUtilityProcess(path, args, given)
        ;(basename(path) === 'host.js' ? hosts : workers).push(process)
        return process
      },
    },
  }

  return {
    api: api as unknown as ElectronApi,
    app,
    windows,
    hosts,
    workers,
    session: fakeSession,
    schemes,
    pageHandlers,
    menu,
    switches,
    dialogs,
    opened,
    revealed,
    answers,
    nativeTheme: api.nativeTheme,
    quits: () => quits,
    /** Plays the page of a window: `ipcRenderer.invoke`. */
    invoke: async (window: FakeWindow, channel: string, ...values: unknown[]): Promise<unknown> =>
      ipc.handlers.get(channel)?.(window.webContents.event(), ...values),
    /** Plays the page of a window: `ipcRenderer.send`. */
    send: (window: FakeWindow, channel: string, ...values: unknown[]): void =>
      void ipc.events.emit(channel, window.webContents.event(), ...values),
  }
}

export class FakeWindow extends EventEmitter {
  readonly webContents = new FakeContents()
  readonly options: Record<string, unknown>
  readonly calls: string[] = []
  bounds = { x: 10, y: 20, width: 1000, height: 700 }
  maximized = false
  minimized = false

  constructor(options: Record<string, unknown>) {
    super()
    this.options = options
  }

  show(): void {
    this.calls.push('show')
  }
  focus(): void {
    this.calls.push('focus')
  }
  restore(): void {
    this.minimized = false
    this.calls.push('restore')
  }
  maximize(): void {
    this.maximized = true
  }
  isMaximized(): boolean {
    return this.maximized
  }
  isMinimized(): boolean {
    return this.minimized
  }
  getNormalBounds(): FakeWindow['bounds'] {
    return this.bounds
  }
  async loadURL(url: string): Promise<void> {
    this.webContents.mainFrame.url = url
  }
}

export class FakeContents extends EventEmitter {
  readonly mainFrame = { url: '' }
  /** What the main process sent to the page, oldest first. */
  readonly sent: { channel: string; values: unknown[]; ports: MessagePort[] }[] = []
  openHandler: ((details: { url: string }) => { action: string }) | undefined
  webRtcPolicy = 'default'
  reloads = 0
  /** The frame that speaks; another one than mainFrame plays an embedded page. */
  senderFrame: { url: string } | null = this.mainFrame

  event(): { sender: FakeContents; senderFrame: { url: string } | null } {
    return { sender: this, senderFrame: this.senderFrame }
  }
  send(channel: string, ...values: unknown[]): void {
    this.sent.push({ channel, values, ports: [] })
    this.emit('sent')
  }
  postMessage(channel: string, value: unknown, ports: MessagePort[]): void {
    this.sent.push({ channel, values: [value], ports })
    this.emit('sent')
  }
  isDestroyed(): boolean {
    return false
  }
  reload(): void {
    this.reloads += 1
  }
  setWebRTCIPHandlingPolicy(policy: string): void {
    this.webRtcPolicy = policy
  }
  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.openHandler = handler
  }
  /** Plays a navigation; true when it was allowed. */
  navigate(type: 'will-navigate' | 'will-redirect' | 'will-attach-webview', url: string): boolean {
    let prevented = false
    this.emit(type, { preventDefault: () => (prevented = true), isMainFrame: true }, url)
    return !prevented
  }
}

export class FakeSession extends EventEmitter {
  permissionRequest: ((contents: unknown, permission: string, callback: (granted: boolean) => void) => void) | undefined
  permissionCheck: (() => boolean) | undefined
  devicePermission: (() => boolean) | undefined
  beforeRequest: ((details: { url: string }, callback: (answer: { cancel?: boolean }) => void) => void) | undefined
  readonly webRequest = {
    onBeforeRequest: (listener: NonNullable<FakeSession['beforeRequest']>) => (this.beforeRequest = listener),
  }

  setPermissionRequestHandler(handler: NonNullable<FakeSession['permissionRequest']>): void {
    this.permissionRequest = handler
  }
  setPermissionCheckHandler(handler: () => boolean): void {
    this.permissionCheck = handler
  }
  setDevicePermissionHandler(handler: () => boolean): void {
    this.devicePermission = handler
  }
  /** Whether a request of the page would go out. */
  allows(url: string): boolean {
    let cancelled: boolean | undefined
    this.beforeRequest?.({ url }, ({ cancel }) => (cancelled = cancel))
    return cancelled === false
  }
}

export class FakeUtilityProcess extends EventEmitter {
  readonly path: string
  readonly args: string[]
  readonly options: ForkOptions
  readonly stderr: PassThrough | null
  readonly received: { message: unknown; ports: MessagePort[] }[] = []
  spawned = true
  killed = false

  constructor(path: string, args: string[] = [], options: ForkOptions = {}) {
    super()
    this.path = path
    this.args = args
    this.options = options
    this.stderr = options.stdio?.[2] === 'pipe' ? new PassThrough() : null
  }

  postMessage(message: unknown, ports: MessagePort[] = []): void {
    this.received.push({ message, ports })
    this.emit('received', message, ports)
  }
  /** Electron cannot kill what has not spawned yet. */
  kill(): boolean {
    if (!this.spawned || this.killed) return false
    this.killed = true
    this.die(15)
    return true
  }
  /** Plays the process saying something. */
  say(message: unknown): void {
    this.emit('message', message)
  }
  /** Plays its end. Electron lets go of the error output as soon as it has told of it. */
  die(code: number): void {
    this.emit('exit', code)
    this.stderr?.removeAllListeners()
  }
}
