import { describe, expect, it } from 'vitest'
import { freeName, nameFromFiles, wordsOf } from './bot-names.ts'

describe('names of bots', () => {
  it.each([
    ['employee-handbook_2024.pdf', 'Employee handbook 2024'],
    ['Skerry Point', 'Skerry Point'],
    ['12 files', ''],
    ['v1.2 notes.md', 'V1.2 notes'],
    ['', ''],
  ])('of %j: %j', (file, name) => expect(nameFromFiles(file)).toBe(name))

  it('are not those of others', () => {
    expect(freeName('Station', ['station', 'Station 2'])).toBe('Station 3')
    expect(freeName('Other', ['Station'])).toBe('Other')
  })

  it('lists of words are read as people write them', () => {
    expect(wordsOf(' English, Deutsch;; English\nItaliano ')).toEqual(['English', 'Deutsch', 'Italiano'])
  })
})
