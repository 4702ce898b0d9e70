import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { mhtmlParser } from './mhtml.ts'
import { behavesAsParser, checkParsedDocument, prose } from './parsers.suite.ts'

/** An archive as browsers write it: a page, then what it needs. */
function archive(html: string | Uint8Array, encoding: 'base64' | 'quoted-printable', type = 'text/html'): Uint8Array {
  const page = Buffer.from(html)
  const body =
    encoding === 'base64'
      ? (page.toString('base64').match(/.{1,76}/g) ?? []).join('\r\n')
      : Array.from(page, (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`)
          .join('')
          .replaceAll(/(?:=..){25}/g, '$&=\r\n')
  return new Uint8Array(
    Buffer.from(
      [
        'From: <Saved by Blink>',
        'Snapshot-Content-Location: https://harbour.example/piers',
        'Subject: =?utf-8?Q?The_p=C3=AFers?=',
        'Date: Sat, 9 Mar 2024 08:30:00 +0100',
        'MIME-Version: 1.0',
        'Content-Type: multipart/related;',
        '\ttype="text/html";',
        '\tboundary="----Boundary--x----"',
        '',
        '',
        '------Boundary--x----',
        `Content-Type: ${type}`,
        'Content-ID: <frame-1@mhtml.blink>',
        `Content-Transfer-Encoding: ${encoding}`,
        'Content-Location: https://harbour.example/piers',
        '',
        body,
        '------Boundary--x----',
        'Content-Type: text/css',
        '',
        'p { color: red }',
        '------Boundary--x----',
        'Content-Type: text/html',
        '',
        '<p>An advertisement in a frame</p>',
        '------Boundary--x------',
        '',
      ].join('\r\n'),
    ),
  )
}

const page = `<html><body><h1>Piers</h1><p>${prose}</p><table><tr><th>a<th>b<tr><td>1<td>2</table></body></html>`

behavesAsParser(mhtmlParser, {
  name: 'a.mhtml',
  bytes: archive(page, 'quoted-printable'),
  holds: ['Piers', 'a | b\n1 | 2', prose],
})

const read = async (bytes: Uint8Array): Promise<ParsedDocument> => {
  const parser = mhtmlParser.create({ content: 'page' }, { log: silentLog })
  const document = await parser.parse({ name: 'a.mht', bytes })
  checkParsedDocument(document)
  return document
}

describe('mhtml', () => {
  it.each(['base64', 'quoted-printable'] as const)('reads the page alone, in %s', async (encoding) => {
    const document = await read(archive(page, encoding))
    expect(document.text).toContain(prose)
    expect(document.text).not.toMatch(/color|advertisement/)
    expect(document.title).toBe('The pïers')
    expect(document.metadata).toEqual({ url: 'https://harbour.example/piers', saved: '2024-03-09T07:30:00Z' })
  })

  it('believes the encoding that the part or the page states', async () => {
    const latin = Buffer.from('<html><body>Café am Hafen</body></html>', 'latin1')
    expect((await read(archive(latin, 'base64', 'text/html; charset="iso-8859-1"'))).text).toBe('Café am Hafen')
    const stated = Buffer.from(
      '<html><head><meta charset="iso-8859-1"></head><body>Café am Hafen</body></html>',
      'latin1',
    )
    expect((await read(archive(stated, 'quoted-printable'))).text).toBe('Café am Hafen')
  })

  it('goes on to the frames where the page itself has no text', async () => {
    const frames = '<html><frameset><frame src="cid:x"></frameset></html>'
    expect((await read(archive(frames, 'base64'))).text).toBe('An advertisement in a frame')
  })

  it('reads what there is of a file that ends too early', async () => {
    const bytes = archive(`<html><body><p>${prose}</p>`, 'base64')
    const text = Buffer.from(bytes).toString('latin1')
    const end = text.indexOf('------Boundary--x----', text.lastIndexOf('Content-Location'))
    expect((await read(bytes.slice(0, end))).text).toContain('harbour of the old town')
  })

  it('says so where there is no page', async () => {
    const parser = mhtmlParser.create({ content: 'page' }, { log: silentLog })
    const bytes = new TextEncoder().encode('From: <Saved by Blink>\r\nContent-Type: text/plain\r\n\r\nhello')
    await expect(parser.parse({ name: 'a.mht', bytes })).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})
