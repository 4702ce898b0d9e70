import type { MenuCommand, ShellBridge, ThemePreference } from '../../core/contract/shell-bridge.ts'

/** What differs between the desktop and a plain browser: the whole of it. */
export interface ShellApi {
  readonly platform: 'mac' | 'windows' | 'linux' | 'browser'
  /** Null when the person cancelled. */
  pickFiles(): Promise<Picked | null>
  pickFolder(): Promise<Picked | null>
  /** What was dropped, folders walked where there are no paths. Call it in the drop handler itself, before any await. */
  pickDropped(data: DataTransfer): Promise<Picked>
  /** Shows a file in the system's file manager. Null where that cannot be done: show no button then. */
  readonly revealInFolder: ((path: string) => Promise<void>) | null
  /** Opens a document in the system's program for it; false where it is of no type that is only looked at. Null as above. */
  readonly openFile: ((path: string) => Promise<boolean>) | null
  /** Opens an https address in the person's browser, after asking on the desktop. */
  openExternal(url: string): Promise<void>
  /** Makes native parts (title bar, menus) follow; the page's own colours are the page's business. */
  setTheme(preference: ThemePreference): void
  /** Commands of the native menu. Never called in a browser. Returns the function that unsubscribes. */
  onMenuCommand(listener: (command: MenuCommand) => void): () => void
}

/**
 * What a person chose. Goes to `ingest.start` as it is: `paths` (absolute, files or folders) directly, `files` after
 * `ingest.upload`.
 */
export interface Picked {
  paths: string[]
  files: PickedFile[]
  /** Relative paths of what the browser could not read; to be shown, the rest goes on. */
  unreadable: string[]
}

export interface PickedFile {
  /** Relative, '/' between folders, as picked or dropped: 'handbook/boats.md'. */
  path: string
  file: File
}

declare global {
  interface Window {
    /** Present on the desktop only. */
    readonly quarryShell?: ShellBridge
  }
}
