import { memberKey, plainPath } from './member-path.ts'
import { elementsOf, parseXml, type XmlNode } from './xml-tree.ts'
import type { Members } from './zip-members.ts'

/** How one part of an Office file points at another (Open Packaging Conventions, ECMA-376 part 2). */
export interface Relation {
  id: string
  /** The last segment of the type: 'slide', 'notesSlide', 'chart'. */
  type: string
  /** Path of the part in the archive, or an address outside. */
  target: string
  external: boolean
}

/** The parts of an Office file, found by path as the format wants it: without regard to case. */
export interface OfficePackage {
  /** Undefined where there is no such part. Throws an Error where it is no XML. */
  xml(path: string | undefined): XmlNode | undefined
  has(path: string): boolean
  /** Those of a part, or of the whole file for ''. Empty where it has none, or they cannot be read. */
  relations(path: string): readonly Relation[]
  /** Paths in the archive's own spelling. */
  readonly paths: readonly string[]
}

export function openOfficePackage(members: Members): OfficePackage {
  const byPath = new Map(Object.entries(members).map(([path, bytes]) => [memberKey(path), bytes]))
  const known = new Map<string, readonly Relation[]>()
  const xml = (path: string | undefined): XmlNode | undefined => {
    const bytes = path === undefined ? undefined : byPath.get(memberKey(path))
    return bytes && parseXml(bytes)
  }
  return {
    xml,
    has: (path) => byPath.has(memberKey(path)),
    paths: Object.keys(members),
    relations(path) {
      const found = known.get(path)
      if (found) return found
      const relations = readRelations(path, xml)
      known.set(path, relations)
      return relations
    },
  }
}

/** The id of a relation that an element names, such as r:id. It always has a prefix, which other ids have not. */
export function relationIdOf(node: XmlNode | undefined, name = 'id'): string | undefined {
  return Object.entries(node?.attributes ?? {}).find(([key]) => key.endsWith(`:${name}`))?.[1]
}

function readRelations(path: string, xml: (path: string) => XmlNode | undefined): Relation[] {
  const slash = path.lastIndexOf('/')
  const folder = path.slice(0, slash + 1)
  let list: XmlNode | undefined
  try {
    list = xml(`${folder}_rels/${path.slice(slash + 1)}.rels`)
  } catch {
    // A part without its relations can still be read.
    return []
  }
  return elementsOf(list, 'Relationship').map(({ attributes }) => {
    const external = attributes['TargetMode'] === 'External'
    const target = attributes['Target'] ?? ''
    return {
      id: attributes['Id'] ?? '',
      type: (attributes['Type'] ?? '').split('/').at(-1) ?? '',
      target: external ? target : plainPath(target.startsWith('/') ? target : folder + target),
      external,
    }
  })
}
