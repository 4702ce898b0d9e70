/** The page's seam with the desktop shell: what the preload script puts on `window`, and the words of both. */
export interface ShellBridge {
  readonly platform: 'mac' | 'windows' | 'linux'
  /** Absolute paths; null when the person cancelled. */
  pickFiles(): Promise<string[] | null>
  pickFolder(): Promise<string[] | null>
  /** Absolute path of a dropped or picked file or folder; '' when it has none. */
  pathForFile(file: File): string
  revealInFolder(path: string): Promise<void>
  /** Opens a document in the program that the system has for it. False where this is no type that is only looked at. */
  openFile(path: string): Promise<boolean>
  openExternal(url: string): Promise<void>
  setTheme(preference: ThemePreference): void
  /** Returns the function that unsubscribes. */
  onMenuCommand(listener: (command: MenuCommand) => void): () => void
  /**
   * Asks for a port to the core host. The answer is a message of the window: `quarry-port` with one MessagePort, or
   * `quarry-port-refused`.
   */
  requestPort(request: number): void
}

/** Messages that the preload script posts to the page's window. `error` is an ErrorData. */
export type ShellMessage =
  | { type: 'quarry-port'; request: number }
  | { type: 'quarry-port-refused'; request: number; error: unknown }
  /** The host died; ports to it are of no further use. */
  | { type: 'quarry-host-lost' }

export const themePreferences = ['system', 'light', 'dark'] as const
export type ThemePreference = (typeof themePreferences)[number]

export const menuCommands = [
  'add-files',
  'add-folder',
  'new-collection',
  'open-library',
  'open-ask',
  'focus-search',
  'open-settings',
] as const
export type MenuCommand = (typeof menuCommands)[number]
