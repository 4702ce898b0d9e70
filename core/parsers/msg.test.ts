import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { burn, type Entry } from '@kenjiuno/msgreader/lib/Burner.js'
import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { msgParser } from './msg.ts'
import { behavesAsParser, checkParsedDocument, encode, expectDocumentOrAppError, prose } from './parsers.suite.ts'

type Storage = { [name: string]: Uint8Array | Storage }

/** A compound file with these storages and streams. */
function makeCompound(root: Storage): Uint8Array {
  const entries: Entry[] = []
  const add = (name: string, content: Uint8Array | Storage, type: number): number => {
    const index = entries.length
    if (content instanceof Uint8Array) {
      entries.push({ name, type: 2, length: content.length, binaryProvider: () => content })
    } else {
      const children: number[] = []
      entries.push({ name, type, length: 0, children })
      for (const [child, inner] of Object.entries(content)) children.push(add(child, inner, 1))
    }
    return index
  }
  add('Root Entry', root, 5)
  return new Uint8Array(burn(entries))
}

const wide = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'utf16le'))
const text = (tag: string, value: string): Storage => ({ [`__substg1.0_${tag}001F`]: wide(value) })
/** MS-OXMSG 2.4: fixed-length properties after a header. */
const properties = (headerLength: number, ...values: [tag: number, value: bigint][]): Storage => {
  const buffer = Buffer.alloc(headerLength + 16 * values.length)
  values.forEach(([tag, value], index) => {
    buffer.writeUInt32LE(tag, headerLength + 16 * index)
    buffer.writeBigUInt64LE(value, headerLength + 16 * index + 8)
  })
  return { '__properties_version1.0': new Uint8Array(buffer) }
}
/** 100 ns since 1601. */
const fileTime = (date: string): bigint => (BigInt(Date.parse(date)) + 11_644_473_600_000n) * 10_000n
const message = (subject: string, body: string): Storage => ({
  ...properties(32, [0x0039_0040, fileTime('2024-05-03T08:11:12Z')]),
  ...text('001A', 'IPM.Note'),
  ...text('0037', subject),
  ...text('0C1A', 'Ann'),
  ...text('5D01', 'ann@example.org'),
  ...text('1000', body),
  '__recip_version1.0_#00000000': {
    ...properties(8, [0x0c15_0003, 1n]),
    ...text('3001', 'Bob'),
    ...text('39FE', 'bob@example.org'),
  },
})

behavesAsParser(msgParser, {
  name: 'a.msg',
  bytes: makeCompound(message('The piers', `${prose}\r\n\r\n> Are they sound?`)),
  holds: ['The piers', 'From: Ann <ann@example.org>', prose],
})

const parser = msgParser.create({}, { log: silentLog })
const read = async (bytes: Uint8Array): Promise<ParsedDocument> => {
  const document = await parser.parse({ name: 'a.msg', bytes })
  checkParsedDocument(document)
  return document
}

describe('msg', () => {
  it('reads header lines, and gives them as metadata', async () => {
    const document = await read(makeCompound(message('The piers', 'Sound.')))
    expect(document.text).toBe(
      'The piers\n\nFrom: Ann <ann@example.org>\nTo: Bob <bob@example.org>\nDate: Fri, 03 May 2024 08:11:12 GMT\n\nSound.',
    )
    expect(document.metadata).toMatchObject({ subject: 'The piers', sent: '2024-05-03T08:11:12Z' })
  })

  it('passes over what is named as a text and is of another type', async () => {
    const { '__substg1.0_0037001F': _subject, '__substg1.0_0C1A001F': _sender, ...bare } = message('', 'Sound.')
    const bytes = { ...bare, '__substg1.0_00370102': encode('x'), '__substg1.0_0C1A0102': encode('y') }
    expect((await read(makeCompound(bytes))).text).toContain('Sound.')
  })

  it('reads HTML where there is no text', async () => {
    const { '__substg1.0_1000001F': _body, ...bare } = message('The piers', '')
    const html = encode('<html><body><p>North <b>pier</b></p><img src="cid:logo"></body></html>')
    const document = await read(makeCompound({ ...bare, '__substg1.0_10130102': html }))
    expect(document.text).toContain('\n\nNorth pier')
  })

  it('lists and opens attachments, messages among them', async () => {
    const bytes = makeCompound({
      ...message('The piers', 'See below.'),
      '__attach_version1.0_#00000000': {
        ...properties(8),
        ...text('3707', 'sums.csv'),
        '__substg1.0_37010102': encode('a,b'),
      },
      '__attach_version1.0_#00000001': {
        ...properties(8),
        ...text('3001', 'Older words'),
        '__substg1.0_3701000D': message('Older words', 'Hello.'),
      },
    })
    const document = await read(bytes)
    expect(document.attachments?.map(({ member, name }) => [member, name])).toEqual([
      ['1', 'sums.csv'],
      ['2', 'Older words.msg'],
    ])
    const input = { name: 'a.msg', bytes }
    expect(new TextDecoder().decode(await parser.open?.(input, '1'))).toBe('a,b')
    const inner = await parser.open?.(input, '2')
    expect((await read(inner ?? new Uint8Array())).title).toBe('Older words')
    await expect(parser.open?.(input, '3')).rejects.toMatchObject({ code: 'file-missing' })
  })

  it('says that a body is encrypted', async () => {
    const locked = { ...message('The piers', ''), ...text('001A', 'IPM.Note.SMIME') }
    expect((await read(makeCompound(locked))).warnings).toHaveLength(1)
  })

  it('refuses a file whose first entry is not its root', async () => {
    const bytes = makeCompound(message('The piers', prose))
    const type = (new DataView(bytes.buffer).getInt32(0x30, true) + 1) * 512 + 0x42
    expect(bytes[type]).toBe(5)
    for (const other of [0, 1, 2]) {
      const copy = bytes.slice()
      copy[type] = other
      await expect(read(copy)).rejects.toMatchObject({ code: 'file-corrupt' })
    }
  })

  it('refuses chains and trees that run in a circle', async () => {
    const bytes = makeCompound(message('The piers', prose.repeat(40)))
    // Each number of the header, the allocation tables and the directory, set to small and to wild values.
    for (let at = 24; at + 4 <= bytes.length; at += 116) {
      for (const value of [0, 1, 2, 0x7fff_ffff]) {
        const copy = Buffer.from(bytes)
        copy.writeInt32LE(value, at)
        await expectDocumentOrAppError(parser, 'a.msg', new Uint8Array(copy))
      }
    }
  })
})

const samples = join(import.meta.dirname, '../../../shared/data/documents')
describe.skipIf(!existsSync(samples))('real messages (needs ../shared/data)', () => {
  it.each(globSync('**/*.msg', { cwd: samples }))('%s', async (name) => {
    const document = await read(new Uint8Array(readFileSync(join(samples, name))))
    expect(document.text).toMatch(/^From: /m)
    expect(document.metadata).toHaveProperty('date')
    expect(document.warnings).toHaveLength(name.includes('encrypted') ? 1 : 0)
  })
})
