import type { Dirent, Stats } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import picomatch from 'picomatch'
import { listNestedZip } from '../containers/nested-zip.ts'
import { AppError, isCancellation, toAppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'

export interface FoundFile {
  kind: 'file'
  /** Absolute path of the file on disk: of the archive for a member of one. */
  location: string
  /** The way into the archive, outermost first; null for a file of its own. */
  member: string[] | null
  /** What a person sees: begins with the name of the folder, archive or file that was given. */
  path: string
  name: string
  /** Bytes; of a member: unpacked. */
  size: number
  /** Milliseconds since 1970. */
  modifiedMs: number
}

/** `path` is that of the file or folder that could not be read: nothing is known of what lies below it. */
export type ListedFile = FoundFile | { kind: 'problem'; path: string; error: AppError }

export interface ListOptions {
  /** Globs over the path within the root. Empty: everything. */
  include?: readonly string[]
  /** Globs of what is passed over; they win. */
  exclude?: readonly string[]
  /** Whether `.gitignore` files are obeyed. */
  gitignore?: boolean
  signal?: AbortSignal | undefined
}

/**
 * The files of a folder, walked in name order, of an archive, or the file itself. Hidden files and those that systems
 * and editors leave behind are passed over; links to folders are not followed (they may go in circles). Archives are
 * folders, those in archives too. What cannot be read is a problem in the list, never the end of it. A root that is
 * not there is an error: file-missing.
 */
export async function* listFiles(root: string, options: ListOptions = {}): AsyncGenerator<ListedFile> {
  throwIfAborted(options.signal)
  const location = resolve(root)
  const name = basename(location) || location
  const info = await statOf(location)
  if (info.isDirectory()) {
    const walk: Walk = { matches: createMatcher(options), gitignore: options.gitignore ?? true, signal: options.signal }
    yield* walkFolder({ location, path: name, within: '', ignores: [] }, walk)
    // Everything that was there a moment ago is 'not there' when a drive is pulled out: that is no list of files.
    await statOf(location)
  } else if (info.isFile()) {
    yield* fileOrMembers(location, name, '', info, createMatcher(options), options.signal)
  } else {
    throw new AppError('type-unsupported', `${location} is neither a file nor a folder. Only files can be read.`)
  }
}

/** Whether a file is an archive that is read as a folder. */
export function isArchive(name: string): boolean {
  return name.toLowerCase().endsWith('.zip')
}

/** What makes a file the same one the next time: its place on disk and the way into it. */
export function identityOf(file: Pick<FoundFile, 'location' | 'member'>): string {
  return [file.location, ...(file.member ?? [])].join('!/')
}

interface Walk {
  matches: Matcher
  gitignore: boolean
  signal: AbortSignal | undefined
}

interface Folder {
  location: string
  path: string
  /** Path within the root, '' for the root, else with '/' at its end. */
  within: string
  /** The rules of this folder and those above, each with the folder that it counts from. */
  ignores: readonly { within: string; rules: Ignore }[]
}

async function* walkFolder(folder: Folder, walk: Walk): AsyncGenerator<ListedFile> {
  throwIfAborted(walk.signal)
  let entries: Dirent[]
  try {
    entries = await readdir(folder.location, { withFileTypes: true })
  } catch (error) {
    yield { kind: 'problem', path: folder.path, error: about(folder.location, error) }
    return
  }
  const ignores = walk.gitignore ? await withRulesOf(folder, entries) : folder.ignores
  const wanted = entries
    .filter((entry) => !isLeftBehind(entry.name) && (entry.isDirectory() || entry.isFile() || entry.isSymbolicLink()))
    .filter((entry) => {
      const within = folder.within + entry.name + (entry.isDirectory() ? '/' : '')
      if (entry.isDirectory() ? walk.matches.excludesFolder(within) : !walk.matches.takes(within)) return false
      return !ignores.some(({ within: base, rules }) => rules.ignores(within.slice(base.length)))
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  // All of a folder at once: one after the other, ten thousand files would take seconds.
  const infos = await Promise.all(
    wanted.map((entry) =>
      entry.isDirectory()
        ? Promise.resolve(undefined)
        : stat(join(folder.location, entry.name)).catch((error: unknown) => toAppError(error)),
    ),
  )
  for (const [index, entry] of wanted.entries()) {
    const location = join(folder.location, entry.name)
    const path = `${folder.path}/${entry.name}`
    const within = folder.within + entry.name
    const info = infos[index]
    if (info === undefined) yield* walkFolder({ location, path, within: `${within}/`, ignores }, walk)
    else if (info instanceof AppError) yield { kind: 'problem', path, error: about(location, info) }
    else if (info.isFile()) yield* fileOrMembers(location, path, `${within}/`, info, walk.matches, walk.signal)
  }
}

async function* fileOrMembers(
  location: string,
  path: string,
  within: string,
  info: Stats,
  matches: Matcher,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedFile> {
  const modifiedMs = info.mtimeMs
  if (!isArchive(location)) {
    yield { kind: 'file', location, member: null, path, name: basename(location), size: info.size, modifiedMs }
    return
  }
  try {
    const skips = (way: readonly string[]): boolean =>
      hasLeftBehind(way) || (isArchive(way.at(-1) ?? '') && matches.excludesFolder(`${within}${way.join('/')}/`))
    const opens = (way: readonly string[]): boolean => isArchive(way.at(-1) ?? '') && !skips(way)
    for await (const { way: member, name, size, error } of listNestedZip(location, { opens, signal })) {
      const place = member.join('/')
      if (error) yield { kind: 'problem', path: `${path}/${place}`, error: about(`${location}/${place}`, error) }
      // A member is as new as its archive: the times inside have no zone and no trust.
      else if (!skips(member) && matches.takes(within + place)) {
        yield { kind: 'file', location, member, path: `${path}/${place}`, name, size, modifiedMs }
      }
    }
  } catch (error) {
    if (isCancellation(error)) throw error
    yield { kind: 'problem', path, error: about(location, error) }
  }
}

interface Matcher {
  takes(within: string): boolean
  /** `within` ends with '/'. */
  excludesFolder(within: string): boolean
}

function createMatcher({ include = [], exclude = [] }: ListOptions): Matcher {
  const options = { dot: true, nocase: process.platform === 'win32' }
  const included = include.length > 0 ? picomatch([...include], options) : () => true
  const excluded = exclude.length > 0 ? picomatch([...exclude], options) : () => false
  return {
    takes: (within) => included(within) && !excluded(within),
    // `drafts/**` and `drafts` both mean the folder: there is no need to look into it.
    excludesFolder: (within) => excluded(within.slice(0, -1)) || excluded(`${within}\u0001/\u0001/\u0001`),
  }
}

async function withRulesOf(folder: Folder, entries: readonly Dirent[]): Promise<Folder['ignores']> {
  if (!entries.some((entry) => entry.name === '.gitignore' && entry.isFile())) return folder.ignores
  try {
    const rules = ignore().add(await readFile(join(folder.location, '.gitignore'), 'utf8'))
    return [...folder.ignores, { within: folder.within, rules }]
  } catch {
    // Rules that cannot be read are no rules.
    return folder.ignores
  }
}

function hasLeftBehind(way: readonly string[]): boolean {
  return way.some((member) => member.split('/').some(isLeftBehind))
}

/** Hidden files, lock files of office programs, thumbnails. */
function isLeftBehind(name: string): boolean {
  return name.startsWith('.') || name.startsWith('~$') || name === 'Thumbs.db' || name === 'desktop.ini'
}

async function statOf(location: string): Promise<Stats> {
  try {
    return await stat(location)
  } catch (error) {
    throw about(location, error)
  }
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
