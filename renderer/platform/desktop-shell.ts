import type { ShellBridge } from '../../core/contract/shell-bridge.ts'
import type { Picked, ShellApi } from './shell-api.ts'

/** The shell over the preload script's bridge: the desktop has paths, so files need not cross the wire. */
export function desktopShell(bridge: ShellBridge): ShellApi {
  return {
    platform: bridge.platform,
    pickFiles: async () => withPaths(await bridge.pickFiles()),
    pickFolder: async () => withPaths(await bridge.pickFolder()),
    pickDropped: async (data) => {
      const files = [...data.files]
      const paths = files.map((file) => bridge.pathForFile(file))
      // A file dragged out of another program (a mail attachment) may have no path; it is uploaded.
      return {
        paths: paths.filter((path) => path !== ''),
        files: files.flatMap((file, index) => (paths[index] === '' ? [{ path: file.name, file }] : [])),
        unreadable: [],
      }
    },
    revealInFolder: (path) => bridge.revealInFolder(path),
    openFile: (path) => bridge.openFile(path),
    openExternal: (url) => bridge.openExternal(url),
    setTheme: (preference) => bridge.setTheme(preference),
    onMenuCommand: (listener) => bridge.onMenuCommand(listener),
  }
}

function withPaths(paths: string[] | null): Picked | null {
  return paths && { paths, files: [], unreadable: [] }
}
