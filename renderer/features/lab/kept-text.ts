/** A pasted text that is too long for an address; the last one, kept by this browser. */
const storageKey = 'quarry.lab.text'

let memory: string | null = null

export function keepText(text: string): void {
  memory = text
  try {
    globalThis.localStorage?.setItem(storageKey, text)
  } catch {
    // Storage may be full or forbidden: until the page is closed the memory has it.
  }
}

export function keptText(): string | null {
  try {
    return memory ?? globalThis.localStorage?.getItem(storageKey) ?? null
  } catch {
    return memory
  }
}
