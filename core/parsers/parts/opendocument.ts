import { AppError } from '../../contract/errors.ts'
import type { Metadata } from '../../contract/parsed-document.ts'
import { collapse } from './document-builder.ts'
import { isoDate } from './iso-date.ts'
import { descendants, elementAt, elementsOf, parseXml, textOf, type XmlNode } from './xml-tree.ts'
import { damaged, type Members, unzipMembers } from './zip-members.ts'

/** An OpenDocument file (OASIS OpenDocument 1.3), taken out of its archive or its single XML file. */
export interface OpenDocument {
  /** The element below office:body, such as office:text. */
  body: XmlNode
  /** The elements that hold styles, those of the content itself last: they win. */
  styleSheets: XmlNode[]
  metadata: Metadata
  /** The content of an object that is embedded at this address, such as './Object 1'. Undefined where it is damaged. */
  object(address: string): XmlNode | undefined
}

/** Errors: file-empty, file-corrupt, file-encrypted, file-too-large. `what` is its name for messages. */
export function openOpenDocument(bytes: Uint8Array, what: string): OpenDocument {
  if (bytes.length === 0) throw new AppError('file-empty', 'This file is empty. There is nothing to index.')
  const isArchive = bytes[0] === 0x50 && bytes[1] === 0x4b
  try {
    return isArchive ? fromArchive(bytes, what) : fromSingleFile(bytes, what)
  } catch (error) {
    throw error instanceof AppError ? error : damaged(what, error)
  }
}

function fromArchive(bytes: Uint8Array, what: string): OpenDocument {
  const members = unzipMembers(bytes, {
    what,
    wanted: (name) => /(?:^|\/)(?:content|styles|meta|manifest)\.xml$/i.test(name),
  })
  refuseEncrypted(readable(members, 'META-INF/manifest.xml'), what)
  const source = member(members, 'content.xml')
  if (!source) throw damaged(what, undefined)
  const content = parseXml(source)
  const styles = readable(members, 'styles.xml')
  const meta = readable(members, 'meta.xml')
  return {
    body: bodyOf(content, what),
    styleSheets: [...styleSheetsOf(styles), ...styleSheetsOf(content)],
    metadata: readMetadata(elementAt(meta, 'meta')),
    object: (address) => readable(members, `${address.replace(/^\.\//, '').replace(/\/$/, '')}/content.xml`),
  }
}

/** Flat XML (.fodt, .fodp): one element holds what an archive has in several files. */
function fromSingleFile(bytes: Uint8Array, what: string): OpenDocument {
  const root = parseXml(bytes)
  return {
    body: bodyOf(root, what),
    styleSheets: styleSheetsOf(root),
    metadata: readMetadata(elementAt(root, 'meta')),
    object: () => undefined,
  }
}

function bodyOf(root: XmlNode, what: string): XmlNode {
  const body = elementsOf(elementAt(root, 'body'))[0]
  if (!body) throw damaged(what, undefined)
  return body
}

function styleSheetsOf(root: XmlNode | undefined): XmlNode[] {
  return elementsOf(root).filter(({ name }) => name === 'styles' || name === 'automatic-styles')
}

function member(members: Members, path: string): Uint8Array | undefined {
  return Object.hasOwn(members, path) ? members[path] : undefined
}

/** A part that the document can do without. */
function readable(members: Members, path: string): XmlNode | undefined {
  const source = member(members, path)
  try {
    return source && parseXml(source)
  } catch {
    return undefined
  }
}

function refuseEncrypted(manifest: XmlNode | undefined, what: string): void {
  if (!manifest) return
  if ([...descendants(manifest, 'encryption-data')].length === 0) return
  throw new AppError(
    'file-encrypted',
    `This ${what} is protected with a password. Save a copy without the password, then add that.`,
  )
}

function readMetadata(meta: XmlNode | undefined): Metadata {
  const metadata: Metadata = {}
  const keywords: string[] = []
  let lastAuthor = ''
  for (const property of elementsOf(meta)) {
    const value = collapse(textOf(property)).slice(0, 1000)
    const key = metadataKeys.get(property.name)
    if (value === '') continue
    if (property.name === 'keyword') keywords.push(...value.split(/[,;]/).map(collapse))
    else if (property.name === 'creator') lastAuthor = value
    else if (key === 'created' || key === 'modified') setDate(metadata, key, value)
    else if (key !== undefined) metadata[key] = value
  }
  if (metadata['author'] === undefined && lastAuthor !== '') metadata['author'] = lastAuthor
  const named = keywords.filter((keyword) => keyword !== '').slice(0, 100)
  if (named.length > 0) metadata['keywords'] = named
  const date = metadata['modified'] ?? metadata['created']
  if (date !== undefined) metadata['date'] = date
  return metadata
}

function setDate(metadata: Metadata, key: string, value: string): void {
  const date = isoDate(value)
  if (date !== undefined) metadata[key] = date
}

const metadataKeys = new Map([
  ['title', 'title'],
  ['initial-creator', 'author'],
  ['creation-date', 'created'],
  ['date', 'modified'],
  ['subject', 'subject'],
  ['description', 'description'],
  ['language', 'language'],
])
