import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from 'better-sqlite3'
import { migrations } from '../database/migrations/list.ts'
import { migrate } from '../database/migrate.ts'
import { openSqlite } from '../database/sqlite.ts'
import type { DatasetId } from '../shared/ids.ts'
import { contentOf, createDatasetLibrary, type DatasetLibrary, type StoredCase, unplacedJudgement } from './datasets.ts'

let database: Database
let datasets: DatasetLibrary
let id: DatasetId

beforeEach(() => {
  database = openSqlite(':memory:')
  migrate(database, migrations, () => {})
  datasets = createDatasetLibrary(database)
  id = datasets.create('Boats', '', null).id
})
afterEach(() => database.close())

const testCase = (caseId: string, change: Partial<StoredCase> = {}): StoredCase => ({
  id: caseId,
  question: `What about ${caseId}?`,
  answer: null,
  answerable: true,
  tags: [],
  split: 'all',
  state: 'accepted',
  origin: 'import',
  notes: '',
  createdAt: 1,
  judgements: [unplacedJudgement({ path: 'a.md', grade: 1, text: 'words', start: 3 })],
  ...change,
})

const contents = () => datasets.cases(id, {}, -1, 0).map(contentOf)

describe('versions', () => {
  it('puts together the cases of every earlier version, whatever was done since', () => {
    const versions = [contents()]
    const step = (changes: Parameters<DatasetLibrary['commit']>[1]): void => {
      datasets.commit(id, changes, 'a step')
      versions.push(contents())
    }
    step({ add: [testCase('one'), testCase('two'), testCase('__proto__')] })
    step({ replace: [testCase('two', { question: 'Another?', tags: ['x'], judgements: [] })] })
    step({ remove: ['one', '__proto__'] })
    step({ add: [testCase('one', { question: 'Again?' }), testCase('17')] })
    step({ replace: [testCase('one', { state: 'rejected' }), testCase('two', { split: 'train' })], remove: ['17'] })
    expect(datasets.get(id).version).toBe(versions.length - 1)
    versions.forEach((cases, number) => expect(datasets.casesAt(id, number)).toEqual(cases))
    expect(contents().map((each) => each.id)).toEqual(['two', 'one'])
  })

  it('makes none where nothing changes', () => {
    datasets.commit(id, { add: [testCase('one')] }, 'added')
    expect(datasets.commit(id, { replace: [testCase('one')] }, 'the same')).toBe(0)
    expect(datasets.commit(id, { remove: ['nobody'] }, 'nothing')).toBe(0)
    expect(datasets.get(id).version).toBe(1)
  })

  it('has no version from the future', () => {
    expect(() => datasets.casesAt(id, 1)).toThrow(expect.objectContaining({ code: 'item-missing' }))
  })
})

describe('the hash', () => {
  it('is that of the cases in order, and comes back when they do', () => {
    datasets.commit(id, { add: [testCase('one'), testCase('two')] }, 'added')
    const before = datasets.get(id).hash
    datasets.commit(id, { replace: [testCase('two', { state: 'rejected' })] }, 'rejected')
    expect(datasets.get(id).hash).not.toBe(before)
    datasets.commit(id, { replace: [testCase('two')] }, 'undone')
    expect(datasets.get(id).hash).toBe(before)

    const other = datasets.create('The same', '', null).id
    datasets.commit(other, { add: [testCase('one', { createdAt: 99 }), testCase('two')] }, 'added')
    expect(datasets.get(other).hash).toBe(before)
    const turned = datasets.create('The other way', '', null).id
    datasets.commit(turned, { add: [testCase('two'), testCase('one')] }, 'added')
    expect(datasets.get(turned).hash).not.toBe(before)
  })

  it('does not depend on where the words stand now', () => {
    datasets.commit(id, { add: [testCase('one')] }, 'added')
    const before = datasets.get(id).hash
    const [unplaced] = datasets.unplaced(id)
    datasets.place([{ row: unplaced!.row, documentId: null, placedVersion: null, start: 40, end: 45, lost: null }])
    expect(datasets.get(id).hash).toBe(before)
    expect(datasets.getCase(id, 'one').judgements[0]).toMatchObject({ start: 40, judgedStart: 3 })
  })
})

describe('bad input', () => {
  it('takes no id twice, and then nothing of the whole step', () => {
    datasets.commit(id, { add: [testCase('one')] }, 'added')
    for (const add of [
      [testCase('two'), testCase('two')],
      [testCase('three'), testCase('one')],
    ]) {
      expect(() => datasets.commit(id, { add }, 'added')).toThrow(expect.objectContaining({ code: 'name-taken' }))
    }
    expect(contents().map((each) => each.id)).toEqual(['one'])
    expect(datasets.get(id).version).toBe(1)
  })

  it('takes no name twice, in whatever case', () => {
    expect(() => datasets.create('bOATS ', '', null)).toThrow(expect.objectContaining({ code: 'name-taken' }))
  })

  it('leaves nothing half done on a full disk', () => {
    datasets.commit(id, { add: [testCase('one')] }, 'added')
    database.pragma(`max_page_count = ${(database.pragma('page_count', { simple: true }) as number) + 4}`)
    const many = Array.from({ length: 2000 }, (_, index) => testCase(`case ${index}`))
    expect(() => datasets.commit(id, { add: many }, 'added')).toThrow(expect.objectContaining({ code: 'SQLITE_FULL' }))
    expect(contents().map((each) => each.id)).toEqual(['one'])
    expect(datasets.get(id).version).toBe(1)
  })
})

it('filters by state, split, tag, staleness and words of the question', () => {
  datasets.commit(
    id,
    {
      add: [
        testCase('one', { tags: ['tide'], split: 'train' }),
        testCase('two', { tags: ['tide', 'boat'], state: 'proposed' }),
        testCase('three', { judgements: [], question: 'How HIGH is 100%?' }),
      ],
    },
    'added',
  )
  const [first] = datasets.unplaced(id)
  datasets.place([{ ...first!, documentId: null, placedVersion: null, start: null, end: null, lost: 'text-missing' }])
  const ids = (filter: Parameters<DatasetLibrary['cases']>[1]): string[] => {
    const found = datasets.cases(id, filter, -1, 0).map((each) => each.id)
    expect(datasets.count(id, filter)).toBe(found.length)
    return found
  }
  expect(ids({ tag: 'tide' })).toEqual(['one', 'two'])
  expect(ids({ tag: 'tide', state: 'proposed' })).toEqual(['two'])
  expect(ids({ split: 'train' })).toEqual(['one'])
  expect(ids({ stale: true })).toEqual(['one'])
  expect(ids({ stale: false })).toEqual(['two', 'three'])
  expect(ids({ search: '100% high' })).toEqual(['three'])
  expect(datasets.get(id)).toMatchObject({
    cases: 3,
    states: { accepted: 2, proposed: 1 },
    splits: { all: 2, train: 1 },
    tags: { tide: 2, boat: 1 },
    stale: 1,
  })
})
