import { opendir, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError, toAppError } from '../contract/errors.ts'
import { readPieces } from './file-pieces.ts'
import { openZipReader } from './zip-reader.ts'

/** Files that may be a model, wherever they are: in a folder, in an archive, or a single one. */
export interface FileSource extends AsyncDisposable {
  /** What a person calls it: the folder's or file's name. */
  readonly name: string
  readonly files: readonly SourceFile[]
  /** Pieces are good until the next one is asked for. */
  read(path: string, signal?: AbortSignal): AsyncIterable<Uint8Array>
}

export interface SourceFile {
  /** Within the source, with '/'. */
  path: string
  bytes: number
}

/** A file with a name of its own, wherever it is: what a page has sent lies under another one. */
export interface PlacedFile {
  /** As it was called where it came from, with '/' between folders. */
  path: string
  /** Where its bytes are. */
  location: string
}

/** Deeper than any model, and few enough that a home folder given by mistake ends quickly. */
const maxDepth = 3
const maxFiles = 10_000

/** Errors: file-missing, file-unreadable, file-corrupt, file-too-large, input-invalid (neither folder nor archive). */
export async function openFileSource(from: string | readonly PlacedFile[]): Promise<FileSource> {
  if (typeof from !== 'string') return openPlaced(from)
  return (await kindOf(from)).isDirectory ? openFolder(from) : openFile({ path: from, location: from })
}

/** Errors: those of `openFileSource`. */
async function openFile({ path, location }: PlacedFile): Promise<FileSource> {
  const name = basename(path)
  if (/\.gguf$/i.test(name)) return openSingle(name, location)
  if (/\.(zip|quarrypack)$/i.test(name)) return openArchive(name, location)
  throw new AppError('input-invalid', `${name} is no model: give a folder, a .quarrypack, a .zip or a .gguf file.`, {
    details: { path },
  })
}

/** One file is a model or an archive with one; several are a folder. */
async function openPlaced(placed: readonly PlacedFile[]): Promise<FileSource> {
  const [first, second] = placed
  if (!first) throw new AppError('input-invalid', 'There are no files in this. Give a folder with a model in it.')
  if (!second) return openFile(first)
  const shared = sharedFolder(placed.map(({ path }) => path))
  const locations = new Map<string, string>()
  for (const { path, location } of placed) {
    const inside = path.slice(shared.length)
    if (!inside.split('/').some((part) => part.startsWith('.'))) locations.set(inside, location)
  }
  const files = [...locations].map(async ([path, location]) => ({ path, bytes: (await kindOf(location)).bytes }))
  return {
    name: shared === '' ? 'model' : shared.slice(0, -1),
    files: (await Promise.all(files)).sort((a, b) => (a.path < b.path ? -1 : 1)),
    read: (file, signal) => readPieces(locations.get(file) ?? file, { signal }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** What was packed or dropped as a folder is in one: 'NAME/', or '' where it is not. */
function sharedFolder(paths: readonly string[]): string {
  const [first = ''] = paths
  const top = first.slice(0, first.indexOf('/') + 1)
  return top !== '' && paths.every((path) => path.startsWith(top)) ? top : ''
}

/** Small text of a source; undefined where there is none, or it is too long to be what it should be. */
export async function readSmallText(
  source: FileSource,
  path: string,
  maxBytes = 4_000_000,
): Promise<string | undefined> {
  const file = source.files.find((candidate) => candidate.path === path)
  if (!file || file.bytes > maxBytes) return undefined
  const pieces: Uint8Array[] = []
  for await (const piece of source.read(path)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}

async function openFolder(path: string): Promise<FileSource> {
  const folder = resolve(path)
  return {
    name: folderName(folder),
    files: await walk(folder, '', 1, []),
    read: (file, signal) => readPieces(join(folder, file), { signal }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Download caches keep a model in models--OWNER--NAME/snapshots/COMMIT. */
function folderName(folder: string): string {
  const name = basename(folder)
  const parent = dirname(folder)
  if (basename(parent) !== 'snapshots') return name
  return basename(dirname(parent)).split('--').at(-1) ?? name
}

async function walk(folder: string, prefix: string, depth: number, found: SourceFile[]): Promise<SourceFile[]> {
  for await (const entry of await opendir(join(folder, prefix))) {
    if (entry.name.startsWith('.')) continue
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`
    // Links are followed: download caches are made of them.
    const { isDirectory, isFile, bytes } = await kindOf(join(folder, path)).catch(() => nothing)
    if (isDirectory && depth < maxDepth) await walk(folder, path, depth + 1, found)
    if (isFile) found.push({ path, bytes })
    if (found.length > maxFiles) {
      throw new AppError(
        'input-invalid',
        'This folder holds far more files than a model has. Give the model’s own folder.',
      )
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

const nothing = { isDirectory: false, isFile: false, bytes: 0 }

async function kindOf(path: string): Promise<typeof nothing> {
  try {
    const found = await stat(path)
    return { isDirectory: found.isDirectory(), isFile: found.isFile(), bytes: found.size }
  } catch (error) {
    throw toAppError(error)
  }
}

async function openSingle(name: string, location: string): Promise<FileSource> {
  return {
    name: name.replace(/\.gguf$/i, ''),
    files: [{ path: name, bytes: (await kindOf(location)).bytes }],
    read: (_file, signal) => readPieces(location, { signal }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function openArchive(name: string, location: string): Promise<FileSource> {
  const zip = await openZipReader(location)
  const shared = sharedFolder(zip.entries.map((entry) => entry.name))
  return {
    name: shared === '' ? name.replace(/\.(zip|quarrypack)$/i, '') : shared.slice(0, -1),
    files: zip.entries.map((entry) => ({ path: entry.name.slice(shared.length), bytes: entry.bytes })),
    read: (file, signal) => zip.read(shared + file, signal),
    [Symbol.asyncDispose]: () => zip[Symbol.asyncDispose](),
  }
}
