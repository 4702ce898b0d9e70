import type { Metadata } from '../../contract/parsed-document.ts'
import { collapse } from './document-builder.ts'
import { isoDate } from './iso-date.ts'

export interface FrontMatter {
  metadata: Metadata
  /** Present where the front matter cannot be read. */
  warning?: string
}

/**
 * What a YAML block at the head of a text says of it: texts, numbers and lists of them, under keys in lower case with
 * '-'. Standard keys get their standard form: dates ISO 8601, tags, categories and keywords one list `keywords`.
 * Nested values are left out.
 */
export async function readFrontMatter(yaml: string): Promise<FrontMatter> {
  const { parseDocument } = await import('yaml')
  let value: unknown
  try {
    // Dates stay as they are written, aliases are not followed: a few lines of them can stand for gigabytes.
    const document = parseDocument(yaml.slice(0, longest), { schema: 'core', logLevel: 'silent' })
    if (document.errors.length > 0) return unreadable
    value = document.toJS({ maxAliasCount: 0 })
  } catch {
    return unreadable
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { metadata: {} }
  const metadata: Metadata = {}
  const keywords: string[] = []
  for (const [name, said] of Object.entries(value).slice(0, mostKeys)) {
    const key = standardKeys[keyOf(name)] ?? keyOf(name)
    const list = (Array.isArray(said) ? said : [said]).map(asText).filter((text) => text !== '')
    const [first] = list
    if (key === '' || first === undefined) continue
    if (key === 'keywords') keywords.push(...list.flatMap((words) => words.split(',')).map((word) => word.trim()))
    else if (dateKeys.has(key)) metadata[key] = isoDate(first) ?? first
    else if (key === 'title' || key === 'language') metadata[key] = first
    else if (key === 'author') metadata[key] = list.join(', ')
    else if (typeof said === 'number') metadata[key] = said
    else metadata[key] = Array.isArray(said) ? list : first
  }
  const different = [...new Set(keywords)].filter((word) => word !== '')
  if (different.length > 0) metadata['keywords'] = different.slice(0, mostItems)
  return { metadata }
}

const longest = 64 * 1024
const mostKeys = 100
const mostItems = 100

const unreadable: FrontMatter = {
  metadata: {},
  warning: 'The front matter is not valid YAML, so its fields are not known.',
}

const standardKeys: Record<string, string> = {
  tags: 'keywords',
  tag: 'keywords',
  categories: 'keywords',
  category: 'keywords',
  authors: 'author',
  lang: 'language',
  description: 'subject',
  summary: 'subject',
  published: 'date',
  updated: 'modified',
  lastmod: 'modified',
}

const dateKeys = new Set(['date', 'created', 'modified'])

function keyOf(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 60)
}

/** One line; nothing for what is nested. Authors are often records with a name. */
function asText(value: unknown): string {
  if (typeof value === 'string') return collapse(value.toWellFormed()).slice(0, 2000)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string') {
    return collapse(value.name.toWellFormed()).slice(0, 300)
  }
  return ''
}
