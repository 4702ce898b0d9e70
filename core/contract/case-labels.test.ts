import { describe, expect, it } from 'vitest'
import { caseLabelsCsv, parseCaseLabels } from './case-labels.ts'

describe('labels of cases', () => {
  it('are read from CSV and JSON, whatever the words for yes and no', () => {
    expect(parseCaseLabels('\uFEFFCase, Label\r\na,YES\r\nb,wrong\r\n\r\n', 'x.csv')).toEqual({ a: true, b: false })
    expect(parseCaseLabels(' {"a": true, "b": false}', 'x.json')).toEqual({ a: true, b: false })
  })

  it('come back as they were written', () => {
    const labels = { plain: true, 'with, "comma"': false }
    expect(parseCaseLabels(caseLabelsCsv(labels), 'x.csv')).toEqual(labels)
  })

  it('are refused with the place and what to do', () => {
    const refused = (text: string) => () => parseCaseLabels(text, 'x.csv')
    expect(refused('id,label\na,yes')).toThrow('x.csv has no column "case". Its first line must be: case,label')
    expect(refused('case,label\na,perhaps')).toThrow('x.csv, line 2: "perhaps" is no label')
    expect(refused('case,label\na,yes\na,no')).toThrow('x.csv, line 3: the case "a" is there twice')
    expect(refused('{"a": 1}')).toThrow('true or false for each case; "a" has neither')
    expect(refused('{"a": ')).toThrow('true or false for each case.')
    expect(refused('')).toThrow('x.csv has no')
  })
})
