import { browserShell } from './browser-shell.ts'
import { desktopShell } from './desktop-shell.ts'
import type { ShellApi } from './shell-api.ts'

export type { MenuCommand, ThemePreference } from '../../core/contract/shell-bridge.ts'
export type { Picked, PickedFile, ShellApi } from './shell-api.ts'

/** The shell this page runs in. Touches the page only when it is used, so that it can be imported outside of one. */
const bridge = typeof window === 'undefined' ? undefined : window.quarryShell
export const shell: ShellApi = bridge ? desktopShell(bridge) : browserShell()
