import { describe, expect, it } from 'vitest'
import { openZip } from './zip.ts'
import { streamZip } from './zip-stream.ts'

async function* filesOf(files: Record<string, string[]>) {
  for (const [name, texts] of Object.entries(files)) yield { name, pieces: piecesOf(texts) }
}
async function* piecesOf(texts: string[]) {
  for (const text of texts) yield Buffer.from(text)
}
async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces))
}

describe('an archive that is streamed', () => {
  const files = { 'a.txt': ['one ', 'two'], 'empty.txt': [], 'ü/日本.md': ['x'.repeat(100_000)], 'z.bin': ['\u0000'] }

  it.each([undefined, 1, 50_000])('is read again, also with the large form from %s on', async (zip64From) => {
    await using archive = await openZip(await collect(streamZip(filesOf(files), zip64From)))
    expect(archive.members.map(({ member }) => member)).toEqual(Object.keys(files))
    for (const [name, texts] of Object.entries(files)) {
      const bytes = await archive.read(name, { maxBytes: 1e6 })
      expect(Buffer.from(bytes).toString()).toBe(texts.join(''))
    }
  })

  it('is the same each time', async () => {
    expect(await collect(streamZip(filesOf(files)))).toEqual(await collect(streamZip(filesOf(files))))
  })

  it('may be empty', async () => {
    await using archive = await openZip(await collect(streamZip(filesOf({}))))
    expect(archive.members).toEqual([])
  })
})
