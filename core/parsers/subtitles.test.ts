import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'
import { subtitlesParser } from './subtitles.ts'

behavesAsParser(subtitlesParser, {
  name: 'a.srt',
  bytes: encode(`1\r\n00:00:01,000 --> 00:00:04,500\r\n${prose}\r\n\r\n2\r\n00:00:05,000 --> 00:00:06,000\r\nYes.\r\n`),
  holds: [prose, 'Yes.'],
})

const parser = subtitlesParser.create({}, { log: silentLog })
const read = async (source: string): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.vtt', bytes: encode(source) })
  checkParsedDocument(document)
  return document
}
const outline = ({ text, elements }: ParsedDocument): [number | undefined, number | undefined, string][] =>
  elements.map(({ time, start, end }) => [time?.startMs, time?.endMs, text.slice(start, end)])
const vtt = (...cues: string[]): string => `WEBVTT\n\n${cues.join('\n\n')}\n`

describe('subtitles', () => {
  it('joins the cues of a sentence and keeps the time of all', async () => {
    const document = await read(
      '1\n00:00:01,000 --> 00:00:02,000\nThe harbour of\nthe old town\n\n2\n01:00:02,100 --> 01:00:03,000\nLater.\n\n' +
        '3\n01:00:03,100 --> 01:00:04,000\nwas rebuilt.\n',
    )
    expect(outline(document)).toEqual([
      [1000, 2000, 'The harbour of the old town'],
      [3_602_100, 3_604_000, 'Later. was rebuilt.'],
    ])
  })

  it('begins a paragraph after a sentence once there are a few', async () => {
    const cue = (second: number): string =>
      `00:${String(second).padStart(2, '0')}.000 --> 00:${String(second + 1).padStart(2, '0')}.000\n${'A ship passes. '.repeat(7)}`
    const document = await read(vtt(...Array.from({ length: 9 }, (_, index) => cue(index * 2))))
    expect(outline(document).map(([startMs]) => startMs)).toEqual([0, 6000, 12_000])
  })

  it('names speakers, and begins a paragraph where another one speaks', async () => {
    const document = await read(
      vtt(
        '00:01.000 --> 00:02.000 align:left\n<v.loud Ann>Is the <i>pier</i> &amp; the <c.x>mole</c> sound?</v>',
        'cue 2\n00:02.000 --> 00:03.000\n<v Bob>Yes.\n<v Ann>Good.',
        '00:03.000 --> 00:04.000\n- And {\\an8}you?\n- Me too.',
      ),
    )
    expect(outline(document).map(([, , text]) => text)).toEqual([
      'Ann: Is the pier & the mole sound?',
      'Bob: Yes.',
      'Ann: Good.',
      '- And you?\n- Me too.',
    ])
  })

  it('leaves out notes, styles and what rolling captions repeat', async () => {
    const document = await read(
      vtt(
        'NOTE not for viewers',
        'STYLE\n::cue { color: red }',
        '00:01.000 --> 00:02.000\nthe piers',
        '00:02.000 --> 00:02.010\nthe piers',
        '00:02.010 --> 00:03.000\nthe piers\n<00:02.500><c>are measured</c>',
      ),
    )
    expect(document.text).toBe('the piers are measured')
    expect(document.elements[0]?.time).toEqual({ startMs: 1000, endMs: 3000 })
  })

  it('reads the header of WebVTT', async () => {
    const document = await read('WEBVTT - The piers\nKind: captions\nLanguage: en-GB\n\n00:01.000 --> 00:02.000\nx')
    expect(document.title).toBe('The piers')
    expect(document.metadata).toEqual({ title: 'The piers', language: 'en-GB' })
  })

  it('reads cues without the blank line between them', async () => {
    const document = await read('1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:09,000 --> 00:00:10,000\ntwo')
    expect(outline(document).map(([, , text]) => text)).toEqual(['one', 'two'])
  })

  it('reads what has no times as plain text, with a warning', async () => {
    const document = await read('Just words.\n\nMore words.')
    expect(document.elements).toHaveLength(2)
    expect(document.warnings).toHaveLength(1)
  })
})
