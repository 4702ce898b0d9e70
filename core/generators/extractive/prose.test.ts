import { describe, expect, it } from 'vitest'
import { isContents, isProse } from './prose.ts'

describe('a table of contents', () => {
  it.each([
    '1.1 Security fundamentals … 2 1.2 Current state of IBM i security … 2 1.3 DB2 for i security controls … 3',
    '3.1 Roles ........ 13',
    'Preface . . . . . . . . xi',
  ])('is %s', (text) => {
    expect(isContents(text)).toBe(true)
    expect(isProse(text)).toBe(false)
  })

  it.each([
    'Wait … 3 of them were late, and the boat left without them.',
    'The limit is 1.5 m.',
    'And so on … until 2019',
    '',
  ])('is not %j', (text) => expect(isContents(text)).toBe(false))
})

it.each([
  'The boats of the station carry twelve people each.',
  'Die Fähre nach Norderney fährt an Werktagen um sieben Uhr.',
  'OLAP とは何ですか。',
  '船只在冬天停留在岸上。',
  'Ada Lovelace wrote it.',
  'القوارب تبقى على الشاطئ في الشتاء',
])('sentences are prose: %s', (text) => expect(isProse(text)).toBe(true))

it.each([
  'Jim Bainbridge Hernando Bedoya Rob Bestgen Mike Cain Dan Cruikshank.',
  'ALTER TABLE BANK_SCHEMA.CUSTOMERS ACTIVATE ROW ACCESS CONTROL;',
  'Row and Column Access Control Support IBM DB2 Version Seven',
])('names, titles and commands are not: %s', (text) => expect(isProse(text)).toBe(false))
