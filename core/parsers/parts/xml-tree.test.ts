import { describe, expect, it } from 'vitest'
import { descendants, elementAt, parseXml, textOf } from './xml-tree.ts'

const read = (source: string) => parseXml(new TextEncoder().encode(source))

describe('parseXml', () => {
  it('gives a tree with local names, qualified attributes and text in order', () => {
    const root = read('<?xml version="1.0"?><a:r xmlns:a="x"><a:p r:id="7">one <b>two</b><![CDATA[<3>]]></a:p></a:r>')
    expect(root.name).toBe('r')
    expect(elementAt(root, 'p')?.attributes['r:id']).toBe('7')
    expect(textOf(root)).toBe('one two<3>')
    expect([...descendants(root, 'b')].map(textOf)).toEqual(['two'])
  })

  it.each(['', 'no xml', '<a><b></a>', '<a>', '<a>&unknown;</a>'])('throws on %j', (source) => {
    expect(() => read(source)).toThrow()
  })

  it('does not expand entities that a document declares', () => {
    expect(() => read('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')).toThrow()
  })
})
