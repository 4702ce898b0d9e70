import { isAbsolute } from 'node:path'
import type { Dialog, IpcMain, IpcMainEvent, IpcMainInvokeEvent, NativeTheme, Shell, WebContents } from 'electron'
import { toErrorData } from '../core/contract/errors.ts'
import { themePreferences, type ThemePreference } from '../core/contract/shell-bridge.ts'
import { channels } from './bridge-channels.ts'
import type { HostProcess } from './host-process.ts'
import { isOnlyLookedAt, isPage, openOutside } from './security.ts'

export interface ShellRequestsOptions {
  ipcMain: Pick<IpcMain, 'handle' | 'on'>
  dialog: Pick<Dialog, 'showOpenDialog' | 'showMessageBox'>
  shell: Pick<Shell, 'showItemInFolder' | 'openPath' | 'openExternal'>
  nativeTheme: Pick<NativeTheme, 'themeSource'>
  host: Pick<HostProcess, 'connect'>
  developmentOrigin: string | undefined
}

/** Answers what the page asks through the bridge. Senders and arguments are checked: a page is not to be trusted. */
export function answerShellRequests(options: ShellRequestsOptions): void {
  const { ipcMain, dialog, shell, nativeTheme, host } = options
  const isOurs = (event: IpcMainEvent | IpcMainInvokeEvent): boolean =>
    event.senderFrame !== null &&
    event.senderFrame === event.sender.mainFrame &&
    isPage(event.senderFrame.url, options.developmentOrigin)
  const handle = (channel: string, answer: (...values: unknown[]) => unknown): void =>
    ipcMain.handle(channel, (event, ...values: unknown[]) => {
      if (!isOurs(event)) throw new Error('Only the page of Quarry may ask for this.')
      return answer(...values)
    })

  const pick = async (properties: ('openFile' | 'openDirectory' | 'multiSelections')[]): Promise<string[] | null> => {
    const { canceled, filePaths } = await dialog.showOpenDialog({ properties })
    return canceled || filePaths.length === 0 ? null : filePaths
  }
  handle(channels.pickFiles, () => pick(['openFile', 'multiSelections']))
  handle(channels.pickFolder, () => pick(['openDirectory']))
  handle(channels.revealInFolder, (path) => {
    if (typeof path === 'string' && isAbsolute(path)) shell.showItemInFolder(path)
  })
  handle(channels.openFile, async (path) => {
    if (typeof path !== 'string' || !isAbsolute(path) || !isOnlyLookedAt(path)) return false
    // An empty text is success.
    return (await shell.openPath(path)) === ''
  })
  handle(channels.openExternal, (url) => (typeof url === 'string' ? openOutside(url, { dialog, shell }) : undefined))

  ipcMain.on(channels.setTheme, (event, preference: unknown) => {
    if (isOurs(event) && isTheme(preference)) nativeTheme.themeSource = preference
  })
  ipcMain.on(channels.requestPort, (event, request: unknown) => {
    if (isOurs(event) && typeof request === 'number') void sendPort(event.sender, request, host)
  })
}

async function sendPort(contents: WebContents, request: number, host: Pick<HostProcess, 'connect'>): Promise<void> {
  try {
    const port = await host.connect()
    if (contents.isDestroyed()) port.close()
    else contents.postMessage(channels.port, request, [port])
  } catch (error) {
    if (!contents.isDestroyed()) contents.send(channels.portRefused, request, toErrorData(error))
  }
}

function isTheme(value: unknown): value is ThemePreference {
  return (themePreferences as readonly unknown[]).includes(value)
}
