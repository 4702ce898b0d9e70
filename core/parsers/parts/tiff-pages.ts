import { readPictureHeader } from './picture-header.ts'

/** The same TIFF file with this page (from 0) as its first: most programs read that one alone. Errors: file-corrupt. */
export function selectTiffPage(bytes: Uint8Array, page: number): Uint8Array {
  const { pages } = readPictureHeader(bytes, page)
  const copy = bytes.slice()
  const view = new DataView(copy.buffer)
  view.setUint32(4, pages[page] ?? 0, copy[0] === 0x49)
  return copy
}
