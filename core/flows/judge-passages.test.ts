import { expect, it } from 'vitest'
import { judgePassages } from './judge-passages.ts'

const text = 'aaaa bbbb cccc dddd'

it('passes where the found spans hold all of the expected ones, white space apart', () => {
  const found = [
    { start: 10, end: 14 },
    { start: 5, end: 9 },
  ]
  expect(judgePassages(text, [{ start: 5, end: 14 }], found)).toEqual({ passed: true, recall: 1, precision: 1, iou: 1 })
})

it('gives shares of what is found in part, and counts what is found twice once', () => {
  const found = [
    { start: 0, end: 7 },
    { start: 5, end: 7 },
  ]
  const verdict = judgePassages(text, [{ start: 5, end: 14 }], found)
  expect(verdict).toEqual({ passed: false, recall: 2 / 8, precision: 2 / 6, iou: 2 / 12 })
})

it('judges several expected passages together', () => {
  const expected = [
    { start: 0, end: 4 },
    { start: 15, end: 19 },
  ]
  expect(judgePassages(text, expected, [{ start: 0, end: 4 }])).toMatchObject({ passed: false, recall: 0.5 })
})

it('finds nothing in nothing', () => {
  expect(judgePassages(text, [], [])).toEqual({ passed: false, recall: 0, precision: 0, iou: 0 })
  expect(judgePassages(text, [{ start: 4, end: 5 }], [{ start: 0, end: 19 }]).passed).toBe(false)
})
