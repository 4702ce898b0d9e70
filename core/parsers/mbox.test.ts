import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import type { Progress } from '../shared/progress.ts'
import { silentLog } from '../shared/log.ts'
import { chooseParser } from './choose-parser.ts'
import { mboxParser } from './mbox.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

const message = (subject: string, text: string): string =>
  `From ann@example.org Fri May  3 10:11:12 2024\nFrom: Ann <ann@example.org>\nSubject: ${subject}\n\n${text}\n\n`

behavesAsParser(mboxParser, {
  name: 'a.mbox',
  bytes: encode(message('The piers', prose) + message('The lighthouse', 'It is lit.')),
  holds: ['The piers', prose, 'The lighthouse'],
})

const parser = mboxParser.create({}, { log: silentLog })
const read = async (source: string): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.mbox', bytes: encode(source) })
  checkParsedDocument(document)
  return document
}

describe('mbox', () => {
  it('makes a page of each message, named by its subject', async () => {
    const document = await read(message('One', 'First.') + message('', 'Second.'))
    expect(document.pages.map(({ kind, label }) => [kind, label])).toEqual([
      ['message', 'One'],
      ['message', 'Message 2'],
    ])
    expect(document.text.slice(document.pages[1]?.start)).toContain('Second.')
  })

  it('parts messages where they begin and nowhere else', async () => {
    const document = await read(message('One', 'Ships\nFrom here on\n\nFrom now on, too.\n\n>From the pier\n>>From it'))
    expect(document.pages).toHaveLength(1)
    expect(document.text).toContain('From now on, too.')
    expect(document.text).toContain('From the pier')
    expect(document.elements.at(-1)).toMatchObject({ kind: 'quote' })
  })

  it('opens the attachments of each message', async () => {
    const withFile = message('Two', 'x').replace(
      'Subject: Two\n\nx',
      'Subject: Two\nContent-Type: text/csv; name=sums.csv\nContent-Disposition: attachment\n\na,b',
    )
    const source = message('One', 'x') + withFile
    const { attachments } = await read(source)
    expect(attachments).toEqual([{ member: '2/1', name: 'sums.csv', size: expect.any(Number) as number }])
    const input = { name: 'a.mbox', bytes: encode(source) }
    expect(new TextDecoder().decode(await parser.open?.(input, '2/1')).trim()).toBe('a,b')
    for (const member of ['1/1', '3/1', '2', 'x']) {
      await expect(parser.open?.(input, member)).rejects.toMatchObject({ code: 'file-missing' })
    }
  })

  it('leaves out a message that cannot be read, and says so', async () => {
    const broken = `From x Fri May  3 10:11:12 2024\nX-Nothing: 1\n\nbody\n\n`
    const document = await read(message('One', 'First.') + broken + message('Three', 'Third.'))
    expect(document.warnings).toEqual(['1 message could not be read and was left out.'])
    expect(document.pages).toHaveLength(2)
  })

  it('says how far it is', async () => {
    const steps: Progress[] = []
    const bytes = encode(message('One', 'x').repeat(3))
    await parser.parse({ name: 'a.mbox', bytes }, { onProgress: (progress) => steps.push(progress) })
    expect(steps.map(({ done, total }) => [done, total])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ])
  })

  it('is found by content where a file has no extension', () => {
    const bytes = encode(message('One', 'x'))
    expect(chooseParser('INBOX', bytes, bytes.length).parserId).toBe('mbox')
  })
})
