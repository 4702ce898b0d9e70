import type { Dirent } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { AppError, isCancellation, toAppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

export type ListedFile =
  | {
      kind: 'file'
      location: string
      path: string
      name: string
      size: number
      root: string
      rootKind: 'folder' | 'file'
    }
  | { kind: 'problem'; path: string; error: AppError }

/**
 * The files under the given absolute paths, folders walked in name order. Hidden files and those that systems and
 * editors leave behind are passed over; links to folders are not followed (they may go in circles). What cannot be
 * read is a problem in the list, never the end of it. `path` begins with the name of the folder that was given.
 */
export async function* listFiles(paths: readonly string[], signal?: AbortSignal): AsyncGenerator<ListedFile> {
  const seen = new Set<string>()
  for (const given of paths) {
    const location = resolve(given)
    const name = basename(location) || location
    try {
      const info = await stat(location)
      if (info.isDirectory()) yield* walk(location, name, location, seen, signal)
      else if (!info.isFile()) yield { kind: 'problem', path: name, error: notAFile(location) }
      else if (!seen.has(location)) {
        seen.add(location)
        yield { kind: 'file', location, path: name, name, size: info.size, root: location, rootKind: 'file' }
      }
    } catch (error) {
      if (isCancellation(error)) throw error
      yield { kind: 'problem', path: name, error: about(given, error) }
    }
  }
}

async function* walk(
  folder: string,
  path: string,
  root: string,
  seen: Set<string>,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedFile> {
  throwIfAborted(signal)
  let entries: Dirent[]
  try {
    entries = await readdir(folder, { withFileTypes: true })
  } catch (error) {
    yield { kind: 'problem', path, error: about(folder, error) }
    return
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    if (isLeftBehind(entry.name)) continue
    const location = join(folder, entry.name)
    const entryPath = `${path}/${entry.name}`
    if (entry.isDirectory()) {
      yield* walk(location, entryPath, root, seen, signal)
      continue
    }
    if (!entry.isFile() && !entry.isSymbolicLink()) continue
    try {
      const info = await stat(location)
      if (!info.isFile() || seen.has(location)) continue
      seen.add(location)
      yield { kind: 'file', location, path: entryPath, name: entry.name, size: info.size, root, rootKind: 'folder' }
    } catch (error) {
      yield { kind: 'problem', path: entryPath, error: about(location, error) }
    }
  }
}

/** Hidden files, lock files of office programs, thumbnails. */
function isLeftBehind(name: string): boolean {
  return name.startsWith('.') || name.startsWith('~$') || name === 'Thumbs.db' || name === 'desktop.ini'
}

function notAFile(location: string): AppError {
  return new AppError('type-unsupported', `${location} is neither a file nor a folder. Only files can be read.`)
}

function about(location: string, error: unknown): AppError {
  const known = toAppError(error)
  // Node puts U+FFFD for bytes that are no UTF-8, and then does not find the file under that name.
  if (known.code === 'file-missing' && location.includes('\uFFFD')) {
    return new AppError(
      'file-unreadable',
      `${location}: The name of this file or folder has bytes that are not valid text (UTF-8). Rename it, then add it again.`,
      { details: known.details, cause: error },
    )
  }
  return new AppError(known.code, `${location}: ${known.message}`, { details: known.details, cause: error })
}
