import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import type { Metadata } from '../contract/parsed-document.ts'
import { migrate } from '../database/migrate.ts'
import { migrations } from '../database/migrations/list.ts'
import { openSqlite } from '../database/sqlite.ts'
import { compilePathGlob } from '../shared/path-globs.ts'
import { filterToSql, parseFilter, type FilterNode } from './document-filter.ts'

interface Facts {
  id: string
  type: string
  paths: string[]
  title: string | null
  size: number
  pages: number | null
  status: string
  approval: 'waiting' | null
  version: number
  addedAt: number
  indexedAt: number | null
  modifiedMs: number | null
  metadata: Metadata
  tags: string[]
  source: { id: string; location: string } | null
}

const sources = [
  { id: 'src_1', location: '/home/a/Legal' },
  { id: 'src_2', location: '/home/a/Wiki' },
]

const database: Database = openSqlite(':memory:')
beforeAll(() => {
  migrate(database, migrations, () => undefined)
  database.exec(`INSERT INTO collections (id, name, pipeline, created_at) VALUES ('col_1', 'C', '{}', 0)`)
  for (const { id, location } of sources) {
    database
      .prepare(
        `INSERT INTO sources (id, collection_id, kind, location, created_at) VALUES (?, 'col_1', 'folder', ?, 0)`,
      )
      .run(id, location)
  }
})
afterAll(() => database.close())

/** The ids that a filter finds, in a database with these documents only. */
function found(documents: readonly Facts[], node: FilterNode): string[] {
  database.exec('DELETE FROM documents')
  const insert = database.prepare(
    `INSERT INTO documents (id, collection_id, source_id, identity, location, path, name, type, size, status, title, pages,
       version, added_at, indexed_at, modified_ms, approval, metadata, tags)
     VALUES (@id, 'col_1', @sourceId, @id, '', @path, @name, @type, @size, @status, @title, @pages,
       @version, @addedAt, @indexedAt, @modifiedMs, @approval, @metadata, @tags)`,
  )
  const insertPath = database.prepare(
    `INSERT INTO document_paths (collection_id, identity, document_id, location, path, name, size)
     VALUES ('col_1', ?, ?, '', ?, ?, 0)`,
  )
  for (const { paths, source, metadata, tags, ...facts } of documents) {
    const [path = '', ...others] = paths
    insert.run({
      ...facts,
      path,
      name: nameOf(path),
      sourceId: source?.id ?? null,
      metadata: JSON.stringify(metadata),
      tags: JSON.stringify(tags),
    })
    others.forEach((other, index) => insertPath.run(`${facts.id}${index}`, facts.id, other, nameOf(other)))
  }
  const { where, parameters } = filterToSql(node)
  return database
    .prepare<unknown[], string>(
      `SELECT d.id FROM documents d WHERE d.collection_id = :collectionId AND ${where} ORDER BY d.id`,
    )
    .pluck()
    .all({ collectionId: 'col_1', ...parameters })
}

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)

const base: Facts = {
  id: 'doc_1',
  type: 'pdf',
  paths: ['Legal/contracts/Übersicht 2024.pdf'],
  title: 'The [new] Übersicht',
  size: 1_500_000,
  pages: 12,
  status: 'ready',
  approval: null,
  version: 2,
  addedAt: new Date(2025, 0, 10).getTime(),
  indexedAt: new Date(2025, 0, 11).getTime(),
  modifiedMs: new Date(2024, 5, 1, 0, 30).getTime(),
  metadata: {
    author: 'Jane Smith',
    keywords: ['tax', 'Boats'],
    date: '2023-11-05T10:00:00Z',
    rating: 4.5,
    modified: '2020',
  },
  tags: ['draft', 'to read'],
  source: sources[0]!,
}

describe('filters', () => {
  it.each([
    ['type=pdf and year>=2023', true],
    ['TYPE=PDF', true],
    ['type==pdf', true],
    ['year=2024', false],
    ['type=pdf year=2023', true],
    ['type=docx or (type=pdf and not tag=final)', true],
    ['type=docx or type=pdf and tag=final', false],
    ['not not type=pdf', true],
    ['tag=draft', true],
    ['tags="to read"', true],
    ["tag='to read'", true],
    ['tag!=draft', false],
    ['tag~READ', true],
    ['title~"übersicht"', true],
    ['title~"[NEW]"', true],
    ['title~"*"', false],
    ['name="übersicht 2024.PDF"', true],
    ['path:contracts/**', true],
    ['path:Legal/**', true],
    ['path:contracts/*.docx', false],
    ['path:"contracts/* 2024.pdf"', true],
    ['name:*.pdf', true],
    ['path:!contracts/**', false],
    ['author~smith', true],
    ['author=smith', false],
    ['author="jane smith"', true],
    ['keywords=boats', true],
    ['keywords~oat', true],
    ['rating>4', true],
    ['rating=4.5', true],
    ['rating<4.5', false],
    ['date=2023', true],
    ['date=2023-11', true],
    ['date>2023-11-04', true],
    ['date>2023-11-05', false],
    ['date<=2023-11', true],
    ['size>1mb', true],
    ['size>=1.5MB', true],
    ['size<=1.4mib', false],
    ['pages>=10', true],
    ['pages!=12', false],
    ['status=ready', true],
    ['status!=waiting', true],
    ['modified=2024-06-01', true],
    ['modified>2024-05', true],
    ['modified>2024-06', false],
    ['modified<2024-06-01', false],
    ['metadata.modified=2020', true],
    ['added>=2025 and indexed<=2025-01-11', true],
    ['source=src_1', true],
    ['source~legal', true],
    ['has:author and has:tag and has:year', true],
    ['has:subject', false],
    ['not has:cc', true],
    ['subject!=x', true],
    ['subject~x', false],
    ['version=2', true],
  ])('%s', (text, expected) => expect(found([base], parseFilter(text))).toEqual(expected ? [base.id] : []))

  it('take the year of the file where the document names none', () => {
    const { date: _date, ...metadata } = base.metadata
    expect(found([{ ...base, metadata }], parseFilter('year=2024'))).toEqual([base.id])
    expect(found([{ ...base, metadata: { ...metadata, created: 'last spring' } }], parseFilter('year<2025'))).toEqual([
      base.id,
    ])
    expect(found([{ ...base, metadata, modifiedMs: null }], parseFilter('year!=2024'))).toEqual([base.id])
  })

  it('see further paths, and documents that wait', () => {
    const document: Facts = { ...base, paths: ['a.pdf', 'Old/copies/b.pdf'], approval: 'waiting', status: 'queued' }
    expect(found([document], parseFilter('path:copies/* and name=b.pdf and status=waiting'))).toEqual([base.id])
  })

  it('bind every value', () => {
    const { where, parameters } = filterToSql(
      parseFilter(`author="x' OR 1=1 --" and "a'b"='c' or path:"d'/**"`.replace(`"a'b"=`, 'ab=')),
    )
    expect(where).not.toMatch(/OR 1=1|'c'|d'/)
    expect(Object.keys(parameters).every((name) => name.startsWith('filter'))).toBe(true)
    expect(found([base], parseFilter(`author="' OR 1=1 --"`))).toEqual([])
  })
})

describe('what cannot be read', () => {
  it.each([
    ['', 1, /Expected a condition here\. .* keys are type, path/],
    ['type', 5, /after "type"/],
    ['type=', 6, /a value after "type="/],
    ['type==', 7, /a value after "type="/],
    ['type=pdf and', 13, /Expected a condition here/],
    ['type=pdf and or', 14, /not "or"/],
    ['(type=pdf', 1, /not closed/],
    ['type=pdf)', 9, /the end of the filter/],
    ['title="x', 7, /quote that opens here/],
    ['pages>many', 7, /is a number/],
    ['pages~1', 6, /is no text/],
    ['year>20', 6, /four digits/],
    ['type>pdf', 5, /is a text/],
    ['size>5tb', 6, /is no size/],
    ['modified>June', 10, /is no date/],
    ['modified>2024-13', 10, /is no date/],
    ['status=done', 8, /Known: waiting, queued/],
    ['subject>budget', 9, /compare numbers and dates/],
    ['subject:budget', 8, /subject~/],
    ['year=""', 6, /not has:year/],
    ['=x', 1, /Expected a condition/],
    ['type=pdf !', 10, /means nothing here/],
    ['('.repeat(60), 42, /too many parentheses/],
    ['not '.repeat(60), 165, /too many parentheses/],
    [`a=b `.repeat(300), 801, /at most 200 conditions/],
  ])('%s', (text, position, message) => {
    try {
      parseFilter(text)
      expect.fail('was read')
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      expect(error.code).toBe('input-invalid')
      expect(error.message).toMatch(message)
      expect(error.details).toEqual({ position })
    }
  })

  it('is a true error for any text, and SQLite takes all that is read', () => {
    const part = fc.constantFrom(
      'type',
      'year',
      'size',
      'x',
      ' ',
      '(',
      ')',
      '"',
      "'",
      '=',
      '!=',
      '>',
      '~',
      ':',
      'and ',
      ' or ',
      'not ',
      'path:',
      '2024',
      '1mb',
      '**/',
      '{a,b}',
      '\\',
      '!',
      '[',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
        try {
          found([base], parseFilter(parts.join('')))
        } catch (error) {
          if (!(error instanceof AppError)) throw error
          expect(error.code).toBe('input-invalid')
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('SQL and a plain reading of the same filter', () => {
  const word = fc.constantFrom('a', 'A', 'ab', 'É', 'é', 'x*', '[b]', '2024', '5', '2024-06', '')
  const time = fc
    .constantFrom(2019, 2023, 2024)
    .chain((year) =>
      fc
        .tuple(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 1, max: 28 }))
        .map(([month, day]) => new Date(year, month, day, 1).getTime()),
    )
  const isoDate = fc.constantFrom('2024', '2024-06', '2024-06-30', '2023-12-31T23:00:00Z', '2019-01-01')
  const someMetadata = fc.dictionary(
    fc.constantFrom('author', 'date', 'sent', 'keywords', 'modified'),
    fc.oneof(word, isoDate, fc.constantFrom(5, 2024, 1.5), fc.array(word, { maxLength: 3 })),
  )
  const path = fc
    .array(fc.constantFrom('a', 'b', 'ab', '.c', 'É'), { minLength: 1, maxLength: 4 })
    .map((names) => names.join('/'))
  const facts: fc.Arbitrary<Omit<Facts, 'id'>> = fc.record({
    type: fc.constantFrom('pdf', 'text'),
    paths: fc.uniqueArray(path, { minLength: 1, maxLength: 3 }),
    title: fc.option(word),
    size: fc.constantFrom(0, 999, 1000, 1024, 5),
    pages: fc.option(fc.integer({ min: 1, max: 6 })),
    status: fc.constantFrom('ready', 'failed', 'queued'),
    approval: fc.constantFrom('waiting', null),
    version: fc.integer({ min: 0, max: 5 }),
    addedAt: time,
    indexedAt: fc.option(time),
    modifiedMs: fc.option(time),
    metadata: someMetadata,
    tags: fc.array(
      word.filter((text) => text !== ''),
      { maxLength: 3 },
    ),
    source: fc.constantFrom(...sources, null),
  })
  const glob = fc
    .array(fc.constantFrom<string[]>('a', 'b', '*', '?', '[ab]', '[!a]', '{a,b}', '.c', 'a*'), {
      minLength: 1,
      maxLength: 4,
    })
    .chain((names) => fc.tuple(fc.constant(names), fc.option(fc.nat({ max: names.length })), fc.constantFrom('', '!')))
    .map(([names, anywhere, sign]) => sign + (anywhere === null ? names : names.toSpliced(anywhere, 0, '**')).join('/'))
  const text = word.filter((value) => value !== '')
  const compare = (keys: string[], operators: string[], values: fc.Arbitrary<string>) =>
    fc
      .tuple(fc.constantFrom(...keys), fc.constantFrom(...operators), values)
      .map(([key, operator, value]) => `${key}${operator}"${value}"`)
  const orders = ['=', '!=', '>', '>=', '<', '<=']
  const condition = fc.oneof(
    compare(['type', 'title', 'tag', 'source', 'name', 'path', 'author', 'keywords', 'date'], ['=', '!=', '~'], text),
    compare(['status'], ['=', '!='], fc.constantFrom('ready', 'waiting')),
    compare(['source'], ['=', '~'], fc.constantFrom('src_1', 'WIKI')),
    compare(['pages', 'version', 'size'], orders, fc.constantFrom('3', '5', '999')),
    compare(['size'], orders, fc.constantFrom('1kb', '1KiB')),
    compare(['year'], orders, fc.constantFrom('2024', '2019')),
    compare(
      ['modified', 'added', 'indexed', 'date', 'metadata.modified', 'author'],
      orders,
      fc.constantFrom('2024', '2024-06', '2024-06-30'),
    ),
    compare(['author', 'keywords'], orders, fc.constantFrom('5', '1.5')),
    fc
      .constantFrom('title', 'pages', 'author', 'keywords', 'tag', 'source', 'year', 'modified', 'indexed', 'type')
      .map((key) => `has:${key}`),
    glob.map((value) => `path:"${value}"`),
    fc.constantFrom('name:a*', 'name:[!a]', 'name:{a,ab}', 'path:b'),
  )
  const { filter } = fc.letrec<{ filter: string }>((tie) => ({
    filter: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      condition,
      fc
        .tuple(tie('filter'), fc.constantFrom(' and ', ' or ', ' '), tie('filter'))
        .map(([a, sign, b]) => `(${a}${sign}${b})`),
      tie('filter').map((inner) => `not ${inner}`),
    ),
  }))

  it('agree', () => {
    fc.assert(
      fc.property(fc.array(facts, { minLength: 1, maxLength: 6 }), filter, (given, source) => {
        const documents = given.map((each, index) => ({ ...each, id: `doc_${index}` }))
        const node = parseFilter(source)
        expect(found(documents, node)).toEqual(documents.filter((each) => holds(node, each)).map(({ id }) => id))
      }),
      { numRuns: 500 },
    )
  })
})

/** The meaning of a filter, written down without SQL. */
function holds(node: FilterNode, facts: Facts): boolean {
  switch (node.kind) {
    case 'and':
      return node.nodes.every((inner) => holds(inner, facts))
    case 'or':
      return node.nodes.some((inner) => holds(inner, facts))
    case 'not':
      return !holds(node.node, facts)
    case 'has':
      return valuesOf(node.key, facts).some((value) => value !== '')
    case 'glob': {
      const matches = compilePathGlob(node.glob)
      return facts.paths.some((path) => matches(node.key === 'path' ? path : nameOf(path)))
    }
    case 'compare': {
      if (node.operator === '!=') return !holds({ ...node, operator: '=' }, facts)
      const values = valuesOf(node.key, facts)
      return values.some((value) => compares(value, node.operator, node.value, node.key))
    }
  }
}

function valuesOf(key: string, facts: Facts): (string | number | Date)[] {
  const dates: Record<string, number | null> = {
    modified: facts.modifiedMs,
    added: facts.addedAt,
    indexed: facts.indexedAt,
  }
  const plain: Record<string, string | number | null> = {
    type: facts.type,
    title: facts.title,
    size: facts.size,
    pages: facts.pages,
    version: facts.version,
    status: facts.approval ?? facts.status,
  }
  if (key in dates) return dates[key] === null ? [] : [new Date(dates[key]!)]
  if (key in plain) return plain[key] === null ? [] : [plain[key]!]
  if (key === 'path') return facts.paths
  if (key === 'name') return facts.paths.map(nameOf)
  if (key === 'tag') return facts.tags
  if (key === 'source') return facts.source ? [facts.source.id, facts.source.location] : []
  if (key === 'year') {
    for (const name of ['date', 'sent', 'created']) {
      const value = facts.metadata[name]
      if (value !== undefined && !Array.isArray(value) && /^\d{4}/.test(String(value)))
        return [Number(String(value).slice(0, 4))]
    }
    return facts.modifiedMs === null ? [] : [new Date(facts.modifiedMs).getFullYear()]
  }
  const value = facts.metadata[key.replace('metadata.', '')]
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

function compares(value: string | number | Date, operator: string, wanted: string, key: string): boolean {
  if (value instanceof Date) {
    const local = [value.getFullYear(), value.getMonth() + 1, value.getDate()]
      .map((part) => String(part).padStart(2, '0'))
      .join('-')
    return order(local.slice(0, wanted.length), operator, wanted)
  }
  if (operator === '~') return String(value).toLowerCase().includes(wanted.toLowerCase())
  if (key === 'size') {
    const units: Record<string, number> = { '1kb': 1000, '1KiB': 1024 }
    return order(value as number, operator, units[wanted] ?? Number(wanted))
  }
  if (operator === '=' && String(value).toLowerCase() === wanted.toLowerCase()) return true
  if (typeof value === 'number') return !Number.isNaN(Number(wanted)) && order(value, operator, Number(wanted))
  const isMetadata = ['author', 'keywords', 'date', 'metadata.modified'].includes(key)
  const bothDates = /^\d{4}(-\d\d)*$/.test(wanted) && /^\d{4}($|-\d\d)/.test(value)
  return isMetadata && bothDates && order(value.slice(0, wanted.length), operator, wanted)
}

function order<Value extends string | number>(a: Value, operator: string, b: Value): boolean {
  if (operator === '>') return a > b
  if (operator === '>=') return a >= b
  if (operator === '<') return a < b
  if (operator === '<=') return a <= b
  return a === b
}
