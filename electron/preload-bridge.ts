import type { IpcRenderer, WebUtils } from 'electron'
import type { MenuCommand, ShellBridge, ShellMessage } from '../core/contract/shell-bridge.ts'
import { channels } from './bridge-channels.ts'

export interface PreloadDependencies {
  ipcRenderer: Pick<IpcRenderer, 'invoke' | 'send' | 'on' | 'off'>
  webUtils: Pick<WebUtils, 'getPathForFile'>
  platform: NodeJS.Platform
  /** Posts to the page's own window. */
  post(message: ShellMessage, ports: readonly unknown[]): void
}

/** The little that the page may ask of the shell. No path, channel or object of Electron's gets through as such. */
export function createBridge({ ipcRenderer, webUtils, platform, post }: PreloadDependencies): ShellBridge {
  // Ports cannot cross the bridge itself; they go by window message.
  ipcRenderer.on(channels.port, (event, request: number) => post({ type: 'quarry-port', request }, event.ports))
  ipcRenderer.on(channels.portRefused, (_event, request: number, error: unknown) =>
    post({ type: 'quarry-port-refused', request, error }, []),
  )
  ipcRenderer.on(channels.hostLost, () => post({ type: 'quarry-host-lost' }, []))
  return {
    platform: platform === 'darwin' ? 'mac' : platform === 'win32' ? 'windows' : 'linux',
    pickFiles: () => ipcRenderer.invoke(channels.pickFiles),
    pickFolder: () => ipcRenderer.invoke(channels.pickFolder),
    pathForFile: (file) => webUtils.getPathForFile(file),
    revealInFolder: (path) => ipcRenderer.invoke(channels.revealInFolder, path),
    openFile: (path) => ipcRenderer.invoke(channels.openFile, path),
    openExternal: (url) => ipcRenderer.invoke(channels.openExternal, url),
    setTheme: (preference) => ipcRenderer.send(channels.setTheme, preference),
    onMenuCommand: (listener) => {
      const onCommand = (_event: unknown, command: MenuCommand): void => listener(command)
      ipcRenderer.on(channels.menuCommand, onCommand)
      return () => void ipcRenderer.off(channels.menuCommand, onCommand)
    },
    requestPort: (request) => ipcRenderer.send(channels.requestPort, request),
  }
}
