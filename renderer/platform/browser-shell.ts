import type { Picked, ShellApi } from './shell-api.ts'

/** The stand-in for a plain browser: no paths, so what is picked or dropped comes as files to upload. */
export function browserShell(): ShellApi {
  return {
    platform: 'browser',
    pickFiles: () => pickWithInput((input) => (input.multiple = true)),
    pickFolder: () => pickWithInput((input) => (input.webkitdirectory = true)),
    pickDropped,
    revealInFolder: null,
    openFile: null,
    openExternal: async (url) => {
      window.open(url, '_blank', 'noopener,noreferrer')
    },
    setTheme: () => {},
    onMenuCommand: () => () => {},
  }
}

function pickWithInput(prepare: (input: HTMLInputElement) => void): Promise<Picked | null> {
  return new Promise((resolve) => {
    const input = document.createElement('input')
    input.type = 'file'
    input.hidden = true
    prepare(input)
    const settle = (picked: Picked | null): void => {
      input.remove()
      resolve(picked)
    }
    input.addEventListener('cancel', () => settle(null))
    input.addEventListener('change', () => {
      const files = [...(input.files ?? [])].map((file) => ({ path: file.webkitRelativePath || file.name, file }))
      settle(files.length === 0 ? null : { paths: [], files, unreadable: [] })
    })
    // In the page, so that a browser test and assistive technology can see it.
    document.body.append(input)
    input.click()
  })
}

async function pickDropped(data: DataTransfer): Promise<Picked> {
  // The entries have to be taken before the first await: the browser empties the list when the event ends.
  const items = [...data.items].filter((item) => item.kind === 'file')
  const entries = items.map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }))
  const picked: Picked = { paths: [], files: [], unreadable: [] }
  for (const { entry, file } of entries) {
    if (entry) await walkEntry(entry, entry.name, picked)
    else if (file) picked.files.push({ path: file.name, file })
  }
  return picked
}

async function walkEntry(entry: FileSystemEntry, path: string, picked: Picked): Promise<void> {
  try {
    if (entry.isFile) {
      picked.files.push({ path, file: await entryFile(entry as FileSystemFileEntry) })
      return
    }
    for (const child of await childEntries(entry as FileSystemDirectoryEntry)) {
      await walkEntry(child, `${path}/${child.name}`, picked)
    }
  } catch {
    picked.unreadable.push(path)
  }
}

function entryFile(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject))
}

async function childEntries(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader()
  const all: FileSystemEntry[] = []
  // readEntries gives at most 100 at a time and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}
