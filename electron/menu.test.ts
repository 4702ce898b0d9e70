import type { MenuItemConstructorOptions } from 'electron'
import { expect, test } from 'vitest'
import { menuCommands, type MenuCommand } from '../core/contract/shell-bridge.ts'
import { createMenuTemplate } from './menu.ts'

test.each([true, false])('every command is in the menu once, with its own key (mac: %s)', (isMac) => {
  const said: MenuCommand[] = []
  const items = flat(template(isMac, false, (command) => said.push(command)))
  for (const command of menuCommands) {
    const found = items.filter((item) => item.id === command)
    expect(found, command).toHaveLength(1)
    // Electron passes the item, the window and the event; none is used.
    ;(found[0]?.click as (() => void) | undefined)?.()
  }
  expect(said).toEqual(menuCommands)
  const keys = items.flatMap((item) => item.accelerator ?? [])
  expect(new Set(keys).size).toBe(keys.length)
})

test('each system has quit and settings where its people look for them', () => {
  const mac = template(true, false)
  expect(mac[0]?.label).toBe('Quarry')
  expect(flat([mac[0] as MenuItemConstructorOptions]).map((item) => item.role ?? item.id)).toEqual(
    expect.arrayContaining(['quit', 'open-settings', 'about', 'hide']),
  )
  const other = template(false, false)
  expect(flat([other[0] as MenuItemConstructorOptions]).map((item) => item.role ?? item.id)).toEqual(
    expect.arrayContaining(['quit', 'open-settings']),
  )
})

test('developer tools are for development', () => {
  expect(flat(template(false, false)).some((item) => item.role === 'toggleDevTools')).toBe(false)
  expect(flat(template(false, true)).some((item) => item.role === 'toggleDevTools')).toBe(true)
})

function template(isMac: boolean, isDevelopment: boolean, command: (name: MenuCommand) => void = () => {}) {
  return createMenuTemplate({ isMac, isDevelopment, appName: 'Quarry', command, showWorkspace: () => {} })
}

function flat(items: readonly MenuItemConstructorOptions[]): MenuItemConstructorOptions[] {
  return items.flatMap((item) => [item, ...(Array.isArray(item.submenu) ? flat(item.submenu) : [])])
}
