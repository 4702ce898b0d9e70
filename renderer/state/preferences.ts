import { create } from 'zustand'

export type Theme = 'system' | 'light' | 'dark'

export interface Preferences {
  theme: Theme
  /** Whether single keys such as `/` and `?` act (WCAG 2.1.4 asks that they can be turned off). */
  singleKeys: boolean
  /** CSS pixels. */
  inspectorWidth: number
  /** How documents with pages are shown: as they look, or as their text. */
  readerView: 'page' | 'text'
  /** Columns of the document table that are not shown. */
  hiddenColumns: string[]
  sort: { column: string; descending: boolean }
  /** Asked last; where "Ask" opens. */
  lastCollectionId: string | null
  /** Talked to last; where "Chat" opens. */
  lastBotId: string | null
  /** The collection made by "Open the sample workspace": the sample's questions are offered there. */
  sampleCollectionId: string | null
  /** How the chunk lab was left: the query of its address. */
  lab: string
  /** Whether its options are shown. */
  labOptions: boolean
  /** The name under which releases are promoted, given back and discarded. */
  signature: string
}

interface PreferencesStore extends Preferences {
  set(change: Partial<Preferences>): void
}

// Above the store: it is loaded while this module is evaluated.
const storageKey = 'quarry.preferences'

const defaults: Preferences = {
  theme: 'system',
  singleKeys: true,
  inspectorWidth: 480,
  readerView: 'page',
  hiddenColumns: [],
  sort: { column: 'name', descending: false },
  lastCollectionId: null,
  lastBotId: null,
  sampleCollectionId: null,
  lab: '',
  labOptions: true,
  signature: '',
}

/** What this person likes on this machine; kept by the browser, not in the workspace. */
export const usePreferences = create<PreferencesStore>((set) => ({
  ...load(),
  set: (change) => {
    set(change)
    save(usePreferences.getState())
  },
}))

/** Puts the theme on the root element, now and whenever it changes. */
export function applyTheme(): void {
  const apply = (theme: Theme): void => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }
  apply(usePreferences.getState().theme)
  usePreferences.subscribe((state) => apply(state.theme))
}

function load(): Preferences {
  try {
    const stored: unknown = JSON.parse(globalThis.localStorage?.getItem(storageKey) ?? '{}')
    return typeof stored === 'object' && stored !== null ? { ...defaults, ...stored } : defaults
  } catch {
    // Storage may be full, damaged or forbidden: the page works without it.
    return defaults
  }
}

function save(state: Preferences): void {
  const names = Object.keys(defaults) as (keyof Preferences)[]
  try {
    const value = Object.fromEntries(names.map((name) => [name, state[name]]))
    globalThis.localStorage?.setItem(storageKey, JSON.stringify(value))
  } catch {
    // See load.
  }
}
