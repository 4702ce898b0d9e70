import type { MenuItemConstructorOptions } from 'electron'
import type { MenuCommand } from '../core/contract/shell-bridge.ts'

export interface MenuOptions {
  isMac: boolean
  appName: string
  /** Developer tools and reload, for people who work on Quarry. */
  isDevelopment: boolean
  command(command: MenuCommand): void
  showWorkspace(): void
}

/** The native menu. What it does happens in the page; it only sends commands. */
export function createMenuTemplate(options: MenuOptions): MenuItemConstructorOptions[] {
  const { isMac, appName, isDevelopment, command } = options
  const item = (label: string, name: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: name,
    ...(accelerator === undefined ? {} : { accelerator }),
    click: () => command(name),
  })
  const settings = item('Settings…', 'open-settings', 'CmdOrCtrl+,')
  const separator: MenuItemConstructorOptions = { type: 'separator' }
  const macMenu: MenuItemConstructorOptions = {
    label: appName,
    submenu: [
      { role: 'about' },
      separator,
      settings,
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      { role: 'quit' },
    ],
  }
  return [
    ...(isMac ? [macMenu] : []),
    {
      label: '&File',
      submenu: [
        item('New collection…', 'new-collection', 'CmdOrCtrl+N'),
        separator,
        item('Add files…', 'add-files', 'CmdOrCtrl+O'),
        item('Add folder…', 'add-folder', 'CmdOrCtrl+Shift+O'),
        separator,
        { label: 'Show workspace folder', click: () => options.showWorkspace() },
        separator,
        ...(isMac ? [{ role: 'close' } as const] : [settings, separator, { role: 'quit' } as const]),
      ],
    },
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        item('Library', 'open-library', 'CmdOrCtrl+1'),
        item('Ask', 'open-ask', 'CmdOrCtrl+2'),
        separator,
        item('Find', 'focus-search', 'CmdOrCtrl+F'),
        separator,
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        separator,
        { role: 'togglefullscreen' },
        ...(isDevelopment ? [separator, { role: 'reload' } as const, { role: 'toggleDevTools' } as const] : []),
      ],
    },
    { role: 'windowMenu' },
    ...(isMac ? [] : [{ role: 'help', submenu: [{ role: 'about' }] } satisfies MenuItemConstructorOptions]),
  ]
}
