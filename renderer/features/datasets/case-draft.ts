import type {
  CaseChange,
  CaseState,
  ExpectedSpan,
  RelevantDocument,
  TestCase,
} from '../../../core/contract/datasets.ts'

/** A case as it stands in the form: what a person typed, read when it is saved. */
export interface CaseDraft {
  question: string
  answer: string
  answerable: boolean
  tags: string
  split: string
  state: CaseState
  notes: string
  expected: ExpectedSpan[]
  relevant: RelevantDocument[]
}

export function draftOf(testCase: TestCase): CaseDraft {
  const { question, answer, answerable, tags, split, state, notes, expected, relevant } = testCase
  return { question, answer: answer ?? '', answerable, tags: tags.join('; '), split, state, notes, expected, relevant }
}

/** What of a case the draft changes; null where it changes nothing. An empty answer is none. */
export function changeOf(testCase: TestCase, draft: CaseDraft): CaseChange | null {
  const change: CaseChange = {}
  const tags = readTags(draft.tags)
  const answer = draft.answer.trim() === '' ? null : draft.answer
  if (draft.question.trim() !== testCase.question) change.question = draft.question
  if (answer !== testCase.answer) change.answer = answer
  if (draft.answerable !== testCase.answerable) change.answerable = draft.answerable
  if (tags.join('\n') !== testCase.tags.join('\n')) change.tags = tags
  if (draft.split.trim() !== testCase.split) change.split = draft.split
  if (draft.state !== testCase.state) change.state = draft.state
  if (draft.notes !== testCase.notes) change.notes = draft.notes
  if (!sameSpans(draft.expected, testCase.expected)) change.expected = draft.expected.map(givenBack)
  if (draft.relevant.length !== testCase.relevant.length) {
    change.relevant = draft.relevant.map(({ path, grade }) => ({ path, grade }))
  }
  return Object.keys(change).length > 0 ? change : null
}

/** 'boats; winter; boats' → ['boats', 'winter']. */
export function readTags(text: string): string[] {
  const tags = text.split(/[;\n]/).map((tag) => tag.trim())
  return [...new Set(tags.filter((tag) => tag !== ''))]
}

function sameSpans(a: readonly ExpectedSpan[], b: readonly ExpectedSpan[]): boolean {
  const key = ({ path, text, judgedStart }: ExpectedSpan): string => JSON.stringify([path, text, judgedStart])
  return a.map(key).join() === b.map(key).join()
}

/** By where it was judged: so it is known again, and kept where it is lost now. */
function givenBack({ path, text, judgedStart, grade }: ExpectedSpan): NonNullable<CaseChange['expected']>[number] {
  return { path, text, start: judgedStart, grade }
}
