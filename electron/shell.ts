import { join } from 'node:path'
import type * as Electron from 'electron'
import type { BrowserWindow } from 'electron'
import { brokerWorkers } from '../core/host/utility-broker.ts'
import { brokerKeychain } from '../core/host/utility-keychain-broker.ts'
import { consoleLog } from '../core/shared/log.ts'
import { channels } from './bridge-channels.ts'
import { createHostProcess, type HostProcess } from './host-process.ts'
import { createMenuTemplate } from './menu.ts'
import { createPageHandler } from './page-protocol.ts'
import { pageOrigin, pageScheme, secureContents, secureSession } from './security.ts'
import { answerShellRequests } from './shell-requests.ts'
import { loadWindowPlace, saveWindowPlace, smallestWindow } from './window-state.ts'

/** The modules of Electron that the shell uses. Passed in, so that all of this runs against a fake in tests. */
export type ElectronApi = Pick<
  typeof Electron,
  | 'app'
  | 'BrowserWindow'
  | 'dialog'
  | 'ipcMain'
  | 'Menu'
  | 'MessageChannelMain'
  | 'nativeTheme'
  | 'protocol'
  | 'safeStorage'
  | 'screen'
  | 'session'
  | 'shell'
  | 'utilityProcess'
>

export interface ShellOptions {
  /** `out`, with `main`, `preload` and `renderer` in it. */
  outFolder: string
  /** Where `models` and `demo` are: the package's resources, or the clone. */
  modelFolder: string
  demoFolder: string
  /** Address of the development server, while working on the page. */
  developmentUrl: string | undefined
  /** The workspace, where it is not the default one. */
  dataFolder: string | undefined
}

/** The desktop shell from start to end. It knows windows and the operating system, and nothing about documents. */
export async function runShell(electron: ElectronApi, options: ShellOptions): Promise<void> {
  const { app, dialog, ipcMain, Menu, MessageChannelMain, nativeTheme, protocol, session, shell, utilityProcess } =
    electron
  const isMac = process.platform === 'darwin'
  const developmentOrigin = options.developmentUrl === undefined ? undefined : new URL(options.developmentUrl).origin
  const log = consoleLog()
  if (!app.requestSingleInstanceLock()) return app.quit()

  refuseNetwork(electron, developmentOrigin)
  protocol.registerSchemesAsPrivileged([
    { scheme: pageScheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
  app.on('web-contents-created', (_event, contents) => secureContents(contents, { dialog, shell, developmentOrigin }))
  await app.whenReady()

  secureSession(session.defaultSession, developmentOrigin)
  protocol.handle(pageScheme, createPageHandler(join(options.outFolder, 'renderer')))

  let window: BrowserWindow | undefined
  const dataFolder = options.dataFolder ?? join(app.getPath('userData'), 'workspace')
  const mainFolder = join(options.outFolder, 'main')
  const createChannel = () => new MessageChannelMain()
  const host = createHostProcess({
    fork: () => {
      const process = utilityProcess.fork(join(mainFolder, 'host.js'), [], { serviceName: 'Quarry core' })
      const entries = { compute: join(mainFolder, 'compute-worker.js') }
      brokerWorkers({ host: process, fork: utilityProcess.fork, createChannel, entries, log })
      brokerKeychain({ host: process, safeStorage: electron.safeStorage })
      return process
    },
    createChannel,
    environment: { dataFolder, modelFolders: [options.modelFolder], demoFolder: options.demoFolder },
    log,
    onLost: () => window?.webContents.send(channels.hostLost),
  })
  answerShellRequests({ ipcMain, dialog, shell, nativeTheme, host, developmentOrigin })

  const showWindow = (): void => {
    if (window) {
      if (window.isMinimized()) window.restore()
      return window.focus()
    }
    window = openWindow(electron, options)
    window.on('closed', () => (window = undefined))
  }
  const menu = createMenuTemplate({
    isMac,
    appName: app.name,
    isDevelopment: !app.isPackaged,
    command: (command) => window?.webContents.send(channels.menuCommand, command),
    showWorkspace: () => void shell.openPath(dataFolder),
  })
  Menu.setApplicationMenu(Menu.buildFromTemplate(menu))
  app.on('second-instance', showWindow)
  app.on('activate', showWindow)
  app.on('window-all-closed', () => {
    if (!isMac) app.quit()
  })
  stopBeforeQuit(electron, host)
  showWindow()
}

function openWindow({ BrowserWindow, app, screen }: ElectronApi, options: ShellOptions): BrowserWindow {
  const stateFile = join(app.getPath('userData'), 'window.json')
  const { maximized, ...place } = loadWindowPlace(
    stateFile,
    screen.getAllDisplays().map((display) => display.workArea),
  )
  const window = new BrowserWindow({
    ...place,
    minWidth: smallestWindow.width,
    minHeight: smallestWindow.height,
    title: app.name,
    show: false,
    webPreferences: {
      preload: join(options.outFolder, 'preload', 'preload.cjs'),
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
      // Its dictionaries would be fetched from the network.
      spellcheck: false,
    },
  })
  if (maximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () => saveWindowPlace(stateFile, window.getNormalBounds(), window.isMaximized()))
  // A page that crashed would be a white window; its work is in the host and goes on.
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit' && reason !== 'killed') window.webContents.reload()
  })
  void window.loadURL(options.developmentUrl ?? `${pageOrigin}/`)
  return window
}

/** Nothing in Chromium resolves a name or phones home; the request filter of the session is the second lock. */
function refuseNetwork({ app }: ElectronApi, developmentOrigin: string | undefined): void {
  app.commandLine.appendSwitch('disable-background-networking')
  app.commandLine.appendSwitch('disable-component-update')
  app.commandLine.appendSwitch('disable-domain-reliability')
  const except = developmentOrigin === undefined ? '' : `, EXCLUDE ${new URL(developmentOrigin).hostname}`
  app.commandLine.appendSwitch('host-resolver-rules', `MAP * ~NOTFOUND${except}`)
}

/** The host finishes what it is writing before the app goes. */
function stopBeforeQuit({ app }: ElectronApi, host: HostProcess): void {
  let stopped = false
  app.on('will-quit', (event) => {
    if (stopped) return
    event.preventDefault()
    void host.stop().finally(() => {
      stopped = true
      app.quit()
    })
  })
}
