import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { DocumentId, UploadId } from '../../../core/shared/ids.ts'
import { emptyState, fromQuery, longestInAddress, toQuery, type LabState } from './address.ts'

const documentId = 'doc_1' as DocumentId
const state = (change: Partial<LabState>): LabState => ({ ...emptyState(), ...change })

it('says what is not usual, and nothing else', () => {
  expect(toQuery(emptyState())).toBe('')
  expect(toQuery(state({ subject: { kind: 'document', documentId }, columns: [{ id: 'fixed', options: {} }] }))).toBe(
    'document=doc_1&column=fixed',
  )
})

it('comes back as it was, whatever people type', () => {
  const subject = fc.oneof(
    fc.constant({ kind: 'document' as const, documentId }),
    fc.record({ kind: fc.constant('file' as const), path: fc.string({ minLength: 1 }) }),
    fc.record({ kind: fc.constant('upload' as const), uploadId: fc.constant('upl_1' as UploadId), name: fc.string() }),
    fc.record({ kind: fc.constant('text' as const), text: fc.string({ minLength: 1, maxLength: longestInAddress }) }),
    fc.constant({ kind: 'kept-text' as const }),
    fc.constant(null),
  )
  const column = fc.record({
    id: fc.constantFrom('recursive', 'parent-child'),
    options: fc.dictionary(fc.stringMatching(/^[a-zA-Z]{1,8}$/), fc.oneof(fc.integer(), fc.string(), fc.boolean())),
  })
  const any: fc.Arbitrary<LabState> = fc.record({
    subject,
    collectionId: fc.constant(null),
    columns: fc.array(column, { maxLength: 4 }),
    question: fc.string(),
    mode: fc.constantFrom('hybrid' as const, 'text' as const, 'vector' as const),
    k: fc.integer({ min: 1, max: 50 }),
    expected: fc.option(
      fc.record({ start: fc.nat(1000), length: fc.integer({ min: 1, max: 99 }) }).map(({ start, length }) => ({
        start,
        end: start + length,
      })),
    ),
  })
  fc.assert(
    fc.property(any, (given) => {
      // JSON has no prototype to pollute: a plain comparison of values.
      expect(JSON.parse(JSON.stringify(fromQuery(toQuery(given))))).toEqual(JSON.parse(JSON.stringify(given)))
    }),
  )
})

it('keeps long texts out', () => {
  const text = 'x'.repeat(longestInAddress + 1)
  expect(toQuery(state({ subject: { kind: 'text', text } }))).toBe('kept=text')
})

it('passes over what it cannot read', () => {
  const read = fromQuery('column=fixed {&column=&column=recursive [1]&k=0&mode=loud&expect=9-3&expect=x')
  expect(read).toEqual(
    state({
      columns: [
        { id: 'fixed', options: {} },
        { id: 'recursive', options: {} },
      ],
    }),
  )
})
