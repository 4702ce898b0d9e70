import { describe, expect, it } from 'vitest'
import { caseChangeSchema, type ExpectedSpan, type TestCase } from '../../../core/contract/datasets.ts'
import { changeOf, draftOf, readTags } from './case-draft.ts'

const passage: ExpectedSpan = {
  documentId: null,
  path: 'boats.md',
  start: 0,
  end: 0,
  text: 'towed to the slip in May',
  grade: 2,
  judgedStart: 120,
  lost: 'document-missing',
}
const testCase: TestCase = {
  id: 'q1',
  question: 'When is Petrel towed?',
  expected: [passage, { ...passage, text: 'in May', judgedStart: 138 }],
  relevant: [{ documentId: null, path: 'boats.md', grade: 1 }],
  answer: null,
  answerable: true,
  tags: ['boats', 'winter'],
  split: 'all',
  state: 'proposed',
  origin: 'manual',
  notes: '',
  createdAt: 0,
  stale: null,
}

describe('a draft of a case', () => {
  it('changes nothing as it is opened', () => {
    expect(changeOf(testCase, draftOf(testCase))).toBeNull()
    expect(changeOf({ ...testCase, answer: 'In May.' }, draftOf({ ...testCase, answer: 'In May.' }))).toBeNull()
  })

  it('gives only what differs', () => {
    const draft = { ...draftOf(testCase), answer: 'In May.', tags: 'winter;boats', state: 'accepted' as const }
    expect(changeOf(testCase, draft)).toEqual({ answer: 'In May.', tags: ['winter', 'boats'], state: 'accepted' })
  })

  it('takes an answer away where it is emptied', () => {
    const answered = { ...testCase, answer: 'In May.' }
    expect(changeOf(answered, { ...draftOf(answered), answer: '  ' })).toEqual({ answer: null })
  })

  it('gives passages that stay back by the place where they were judged, as the contract takes them', () => {
    const change = changeOf(testCase, { ...draftOf(testCase), expected: [passage] })
    expect(change).toEqual({
      expected: [{ path: 'boats.md', text: 'towed to the slip in May', start: 120, grade: 2 }],
    })
    expect(caseChangeSchema.safeParse(change).success).toBe(true)
  })

  it('notices one passage in place of another', () => {
    const other = { ...passage, documentId: 'doc_1' as never, text: 'the tide', judgedStart: 9, lost: null }
    const change = changeOf(testCase, { ...draftOf(testCase), expected: [passage, other] })
    expect(change?.expected?.[1]).toEqual({ path: 'boats.md', text: 'the tide', start: 9, grade: 2 })
    expect(caseChangeSchema.safeParse(change).success).toBe(true)
  })

  it('takes documents away', () => {
    expect(changeOf(testCase, { ...draftOf(testCase), relevant: [] })).toEqual({ relevant: [] })
  })

  it.each([
    ['', []],
    [' boats ;; winter;boats', ['boats', 'winter']],
    ['one, with a comma', ['one, with a comma']],
  ])('reads tags: %j', (text, tags) => expect(readTags(text)).toEqual(tags))
})
