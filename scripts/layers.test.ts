import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/**
 * The import direction of the house: a file may import from its own room, from rooms on lower floors, and from nothing
 * above. docs/decisions/0002-layers.md says why.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

/** Rooms by floor, lowest first. Rooms on one floor do not import each other. */
const floors: string[][] = [
  ['core/shared', 'core/contract'],
  ['core/wire'],
  [
    'core/tokenizers',
    'core/model-files',
    'core/database',
    'core/network',
    'core/secrets',
    'core/tracking',
    'core/telemetry',
  ],
  ['core/runtimes'],
  [
    'core/containers',
    'core/parsers',
    'core/cleaners',
    'core/chunkers',
    'core/embedders',
    'core/indexes',
    'core/retrievers',
    'core/rerankers',
    'core/generators',
    'core/evaluators',
  ],
  ['core/compute', 'core/library'],
  ['core/flows', 'core/jobs'],
  ['core/services'],
  ['core/handlers', 'core/application'],
  ['core/app.ts'],
  ['core/host'],
  ['electron'],
]

/** Pairs on one floor that may import each other, with the reason. */
const neighbours: [from: string, to: string, reason: string][] = [
  ['core/shared', 'core/contract', 'shared throws AppError, whose codes are contract'],
  ['core/contract', 'core/shared', 'contract uses branded ids'],
  ['core/tokenizers', 'core/model-files', 'the vocabulary in a GGUF file is read by what knows such files'],
  ['core/retrievers', 'core/indexes', 'types only: a retriever filters and receives what an index defines'],
]

/** Rooms that may import from these alone, whatever floor they are on. */
const confined: Record<string, string[]> = {
  // Bots and conversations: they reach the ML layer through a client of its contract, which core/app.ts hands in.
  'core/application': ['core/contract', 'core/shared', 'core/database', 'core/containers'],
}

const files = ['core', 'electron', 'renderer'].flatMap((folder) => sourceFiles(join(root, folder)))

describe('layers', () => {
  it('finds the sources', () => expect(files.length).toBeGreaterThan(50))

  it.each(files.filter((file) => !isTest(file)).map((file) => relative(root, file).split(sep).join('/')))(
    '%s',
    (file) => {
      const wrong = importsOf(join(root, file)).filter((target) => !allowed(file, target))
      expect(wrong).toEqual([])
    },
  )
})

describe('the application layer', () => {
  it('is there, and may not import what the ML layer is made of', () => {
    expect(files.some((file) => relative(root, file).split(sep).join('/').startsWith('core/application/'))).toBe(true)
    const from = 'core/application/flows/answer-message.ts'
    for (const room of ['services', 'library', 'flows', 'handlers', 'indexes', 'generators', 'model-files', 'wire']) {
      expect(allowed(from, `core/${room}/any.ts`)).toBe(false)
    }
    expect(allowed(from, 'core/contract/client.ts')).toBe(true)
  })

  it('is imported by core/app.ts alone', () => {
    const importers = files
      .filter((file) => !isTest(file))
      .map((file) => relative(root, file).split(sep).join('/'))
      .filter((file) => !file.startsWith('core/application/'))
      .filter((file) => importsOf(join(root, file)).some((target) => target.startsWith('core/application/')))
    expect(importers).toEqual(['core/app.ts'])
  })
})

function allowed(from: string, to: string): boolean {
  if (to === 'electron') return from.startsWith('electron/')
  if (!to.startsWith('core/') && !to.startsWith('electron/') && !to.startsWith('renderer/')) return true
  if (from.startsWith('renderer/')) return allowedInPage(from, to)
  if (to.startsWith('renderer/')) return false
  const fromRoom = roomOf(from)
  const toRoom = roomOf(to)
  if (fromRoom === toRoom) return true
  if (confined[fromRoom]) return confined[fromRoom].includes(toRoom)
  if (neighbours.some(([a, b]) => a === fromRoom && b === toRoom)) return true
  return floorOf(toRoom) < floorOf(fromRoom)
}

/** The page sees the contract (and, through it, ids) and nothing else of the core; features do not see each other. */
function allowedInPage(from: string, to: string): boolean {
  if (to.startsWith('core/')) return to.startsWith('core/contract/') || to === 'core/shared/ids.ts'
  if (to.startsWith('electron/')) return to === 'electron/shell-api.ts'
  const feature = /^renderer\/features\/([^/]+)\//.exec(from)?.[1]
  const other = /^renderer\/features\/([^/]+)\//.exec(to)?.[1]
  if (feature && other && feature !== other) return false
  return !(feature && to.startsWith('renderer/app/'))
}

function roomOf(file: string): string {
  const room = floors.flat().find((candidate) => file === candidate || file.startsWith(`${candidate}/`))
  if (!room) throw new Error(`${file} is in no room: add it to the floors.`)
  return room
}

const floorOf = (room: string): number => floors.findIndex((floor) => floor.includes(room))

/** Project files by path from the root, packages by name. */
function importsOf(file: string): string[] {
  const source = readFileSync(file, 'utf8')
  const specifiers = [
    ...source.matchAll(
      /(?:^|\n)\s*(?:import|export)\b[^'"\n;]*?(?:\{[^}]*\}[^'"\n;]*?)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/g,
    ),
  ]
  return specifiers
    .map((match) => match[1] ?? match[2] ?? '')
    .filter((specifier) => specifier.startsWith('.') || specifier === 'electron')
    .map((specifier) =>
      specifier.startsWith('.')
        ? relative(root, resolve(dirname(file), specifier))
            .split(sep)
            .join('/')
        : specifier,
    )
}

function isTest(file: string): boolean {
  return /\.(test|suite)\.tsx?$/.test(file) || file.includes(`${sep}testing${sep}`)
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return sourceFiles(path)
    return /\.(ts|tsx|cts)$/.test(name) && !name.endsWith('.d.ts') ? [path] : []
  })
}
