import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AppError } from '../contract/errors.ts'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { chooseParser } from './choose-parser.ts'
import { emailParser } from './email.ts'
import { behavesAsParser, checkParsedDocument, encode, prose } from './parsers.suite.ts'

const head = 'From: Ann <ann@example.org>\r\nTo: bob@example.org, "C, D" <cd@example.org>\r\nSubject: The piers\r\n'

behavesAsParser(emailParser, {
  name: 'a.eml',
  bytes: encode(`${head}Date: Fri, 3 May 2024 10:11:12 +0200\r\n\r\n${prose}\r\n\r\n> Are they sound?\r\n`),
  holds: ['The piers', 'From: Ann <ann@example.org>', prose],
})

const parser = emailParser.create({}, { log: silentLog })
const read = async (source: string | Uint8Array): Promise<ParsedDocument> => {
  const bytes = typeof source === 'string' ? encode(source) : source
  const document = await parser.parse({ name: 'a.eml', bytes })
  checkParsedDocument(document)
  return document
}
const outline = (document: ParsedDocument): string[] =>
  document.elements.map((element) => `${element.kind}: ${document.text.slice(element.start, element.end)}`)
const body = (document: ParsedDocument): string[] => outline(document).slice(2)
const multipart = (kind: string, ...parts: string[]): string =>
  `${head}MIME-Version: 1.0\r\nContent-Type: multipart/${kind}; boundary=cut\r\n\r\n` +
  `${parts.map((part) => `--cut\r\n${part}\r\n`).join('')}--cut--\r\n`

describe('email', () => {
  it('begins with the subject and a block of header lines, which are metadata too', async () => {
    const document = await read(
      `${head}Cc: =?utf-8?B?w4RubmE=?= <anna@example.org>\r\nDate: Fri, 3 May 2024 10:11:12 +0200 (CEST)\r\n` +
        'Message-ID: <1@example.org>\r\n\r\nSound.',
    )
    expect(outline(document)).toEqual([
      'heading: The piers',
      'paragraph: From: Ann <ann@example.org>\nTo: bob@example.org, C, D <cd@example.org>\n' +
        'Cc: Änna <anna@example.org>\nDate: Fri, 3 May 2024 10:11:12 +0200 (CEST)',
      'paragraph: Sound.',
    ])
    expect(document.title).toBe('The piers')
    expect(document.metadata).toEqual({
      title: 'The piers',
      subject: 'The piers',
      from: 'Ann <ann@example.org>',
      author: 'Ann <ann@example.org>',
      to: ['bob@example.org', 'C, D <cd@example.org>'],
      cc: ['Änna <anna@example.org>'],
      sent: '2024-05-03T08:11:12Z',
      date: '2024-05-03T08:11:12Z',
      'message-id': '<1@example.org>',
    })
  })

  it('leaves a date without a time zone as it is, and keeps what is no date out of the metadata', async () => {
    expect((await read('From: a@b.c\r\nDate: Tue, 01 Oct 2024 12:34:56\r\n\r\nx')).metadata?.['date']).toBe(
      '2024-10-01T12:34:56',
    )
    const odd = await read('From: a@b.c\r\nDate: some day 1\r\n\r\nx')
    expect(odd.metadata).not.toHaveProperty('date')
    expect(odd.text).toContain('Date: some day 1')
  })

  it('tells lists, signatures and what is quoted from what is written', async () => {
    const document = await read(
      `${head}\r\nYes:\r\n- north\r\n- south,\r\n  since May\r\n\r\nOn 3 May 2024, Bob wrote:\r\n> Are they\r\n> sound?\r\n\r\n` +
        '-- \r\nAnn\r\n\r\n_________\r\nFrom: Bob\r\nSent: 2 May\r\n\r\nOlder words.',
    )
    expect(body(document)).toEqual([
      'paragraph: Yes:',
      'list-item: - north',
      'list-item: - south,\nsince May',
      'quote: On 3 May 2024, Bob wrote:\nAre they\nsound?',
      'paragraph: --\nAnn',
      'quote: From: Bob\nSent: 2 May',
      'quote: Older words.',
    ])
  })

  it('reads HTML where plain text says less', async () => {
    const html = `Content-Type: text/html; charset=utf-8\r\n\r\n<h1>Report</h1><p>${prose}</p><ul><li>north</li></ul>`
    const stub = await read(multipart('alternative', 'Content-Type: text/plain\r\n\r\nSee the page.', html))
    expect(body(stub)).toEqual(['heading: Report', `paragraph: ${prose}`, 'list-item: - north'])
    expect(stub.elements[2]?.level).toBe(2)
    const whole = await read(multipart('alternative', `Content-Type: text/plain\r\n\r\n${prose}`, html))
    expect(body(whole)).toEqual([`paragraph: ${prose}`])
  })

  it('lists attachments without the pictures of the page, and opens them', async () => {
    const file = (headers: string, content: string): string => `${headers}\r\n\r\n${content}`
    const source = multipart(
      'mixed',
      file('Content-Type: text/html', '<p>See <img src="cid:logo"> below.</p>'),
      file('Content-Type: image/png; name=logo.png\r\nContent-ID: <logo>\r\nContent-Transfer-Encoding: base64', 'AAAA'),
      file('Content-Type: text/csv; name="../../sums.csv"\r\nContent-Disposition: attachment', 'a,b'),
      file('Content-Type: message/rfc822', 'From: x@y.z\r\nSubject: Older: words\r\n\r\nHello.'),
      file('Content-Type: application/pgp-signature; name=s.asc', 'x'),
    )
    const document = await read(source)
    expect(document.attachments).toEqual([
      { member: '1', name: 'sums.csv', size: 4 },
      { member: '2', name: 'Older_ words.eml', size: expect.any(Number) as number },
    ])
    const input = { name: 'a.eml', bytes: encode(source) }
    expect(new TextDecoder().decode(await parser.open?.(input, '1'))).toBe('a,b\n')
    const inner = await read((await parser.open?.(input, '2')) ?? '')
    expect(inner.title).toBe('Older: words')
    await expect(parser.open?.(input, '3')).rejects.toMatchObject({ code: 'file-missing' })
  })

  it('says that a body is encrypted', async () => {
    const pgp = '-----BEGIN PGP MESSAGE-----\r\n\r\nhIwDY32hYGCE8MkB\r\n-----END PGP MESSAGE-----'
    for (const source of [
      `${head}\r\n${pgp}\r\n`,
      multipart(
        'encrypted; protocol="application/pgp-encrypted"',
        `Content-Type: application/octet-stream\r\n\r\n${pgp}`,
      ),
      `${head}Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\r\n\r\nMIIB`,
    ]) {
      const document = await read(source)
      expect(document.warnings).toHaveLength(1)
      expect(document.text).toContain('Ann')
      expect(document.text).not.toMatch(/hIwD|MIIB/)
      expect(document.attachments).toBeUndefined()
    }
  })

  it('is found by content where a file has no extension, and not in a text file', () => {
    const bytes = encode(`Received: by x\r\n\tid 1\r\n${head}\r\nHello`)
    expect(chooseParser('1a2b3c', bytes, bytes.length).type).toBe('email')
    expect(chooseParser('notes.txt', bytes, bytes.length).type).toBe('text')
    const notes = encode('From: here\nTo: there\n\nA journey.')
    expect(chooseParser('notes', notes, notes.length).type).toBe('text')
  })

  it('is empty where nothing is left but the name of a header line', async () => {
    await expect(read('MIME-Version:')).rejects.toMatchObject({ code: 'file-empty' })
  })

  it('bounds parts in parts', async () => {
    let source = 'Content-Type: text/plain\r\n\r\ndeep'
    for (let depth = 0; depth < 2000; depth++) {
      source = `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}\r\n${source}\r\n--b${depth}--`
    }
    await expect(read(`${head}${source}`)).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})

const samples = join(import.meta.dirname, '../../../shared/data/documents')
describe.skipIf(!existsSync(samples))('real messages (needs ../shared/data)', () => {
  it.each(globSync('**/*.eml', { cwd: samples }))('%s', async (name) => {
    try {
      const document = await parser.parse({ name, bytes: new Uint8Array(readFileSync(join(samples, name))) })
      checkParsedDocument(document)
      expect(document.text).toMatch(/^From: /m)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      expect([name, error.code]).toEqual(['unstructured/eml/empty.eml', 'file-empty'])
    }
  })
})
