import iconv from 'iconv-lite'
import type { Metadata } from '../../contract/parsed-document.ts'
import { collapse } from './document-builder.ts'

/** Name of the stream of a compound file that `readSummaryInformation` reads. */
export const summaryStream = '\u0005SummaryInformation'

/** What an old Office file says of itself (MS-OLEPS property set, MS-OSHARED 2.3.3.2.1). Empty where it is damaged. */
export function readSummaryInformation(bytes: Uint8Array | undefined): Metadata {
  const metadata: Metadata = {}
  if (!bytes || bytes.length < 48) return metadata
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const section = view.getUint32(44, true)
    const places = new Map<number, number>()
    const count = Math.min(view.getUint32(section + 4, true), 200)
    for (let index = 0; index < count; index++) {
      const at = section + 8 + index * 8
      places.set(view.getUint32(at, true), section + view.getUint32(at + 4, true))
    }
    const codePage = places.has(1) ? view.getUint16(places.get(1)! + 4, true) : 1252
    for (const [number, key] of Object.entries(textKeys)) {
      const text = textAt(view, places.get(Number(number)), codePage)
      if (text !== '') metadata[key] = text
    }
    const keywords = textAt(view, places.get(5), codePage).split(/[,;]/).map(collapse).filter(Boolean)
    if (keywords.length > 0) metadata['keywords'] = keywords.slice(0, 100)
    const [created, modified] = [dateAt(view, places.get(12)), dateAt(view, places.get(13))]
    if (created !== undefined) metadata['created'] = created
    if (modified !== undefined) metadata['modified'] = modified
    const date = modified ?? created
    if (date !== undefined) metadata['date'] = date
  } catch (error) {
    // Offsets that lead outside; what was read before is good.
    if (!(error instanceof RangeError)) throw error
  }
  return metadata
}

const textKeys: Record<number, string> = { 2: 'title', 3: 'subject', 4: 'author', 6: 'description' }

function textAt(view: DataView, place: number | undefined, codePage: number): string {
  if (place === undefined || view.getUint32(place, true) !== 30) return ''
  const length = Math.min(view.getUint32(place + 4, true), 2000, view.byteLength - place - 8)
  const source = Buffer.from(view.buffer, view.byteOffset + place + 8, Math.max(0, length))
  const name = codePage === 65001 ? 'utf-8' : codePage === 1200 ? 'utf-16le' : `cp${codePage}`
  const text = iconv.decode(source, iconv.encodingExists(name) ? name : 'cp1252')
  return collapse(text.replace(/\0[\s\S]*$/, ''))
}

/** FILETIME: steps of 100 ns since 1601. */
function dateAt(view: DataView, place: number | undefined): string | undefined {
  if (place === undefined || view.getUint32(place, true) !== 64) return undefined
  const steps = view.getBigUint64(place + 4, true)
  const milliseconds = Number(steps / 10_000n) - 11_644_473_600_000
  if (milliseconds < -2_208_988_800_000 || milliseconds > 253_402_300_000_000) return undefined
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z')
}
