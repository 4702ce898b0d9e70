/** The names under which the preload script and the main process talk. */
export const channels = {
  pickFiles: 'quarry:pick-files',
  pickFolder: 'quarry:pick-folder',
  revealInFolder: 'quarry:reveal-in-folder',
  openFile: 'quarry:open-file',
  openExternal: 'quarry:open-external',
  setTheme: 'quarry:set-theme',
  requestPort: 'quarry:request-port',
  port: 'quarry:port',
  portRefused: 'quarry:port-refused',
  hostLost: 'quarry:host-lost',
  menuCommand: 'quarry:menu-command',
} as const
