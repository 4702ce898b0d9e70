import { SaxesParser } from 'saxes'
import { throwIfAborted } from '../../shared/abort.ts'
import { localName } from './xml-tree.ts'

/** What a reader of XML events wants to hear. Names come without their namespace prefix. */
export interface XmlEvents {
  open(name: string, attributes: Record<string, string>): void
  close(name: string): void
  text(text: string): void
  /** Asked after each piece; true ends the reading early. */
  isEnough?(): boolean
}

/** How the reading of a part of a workbook ended. */
export type XmlEnding = 'whole' | 'enough' | 'damaged'

export interface XmlStreamOptions {
  signal?: AbortSignal | undefined
  /** Bytes that may still be unpacked from this workbook; counted down here. The reading ends where none are left. */
  budget: { bytes: number }
  /** Called after each piece. */
  onPiece?: () => void
}

/**
 * Reads XML from pieces of bytes as events (saxes: no entity is ever loaded or expanded), so that the size of a sheet
 * costs time but no memory. What was read before a damaged place has been told by then. Cancels with an AppError.
 */
export async function readXmlEvents(
  pieces: Iterable<Uint8Array>,
  events: XmlEvents,
  { signal, budget, onPiece }: XmlStreamOptions,
): Promise<XmlEnding> {
  const parser = new SaxesParser<{ position: false; xmlns: false }>({ position: false, xmlns: false })
  let problem: Error | undefined
  let depth = 0
  parser.on('error', (error) => {
    // Control characters are no XML, but some programs write them; they are read past.
    if (!/disallowed character/.test(error.message)) throw (problem ??= error)
  })
  parser.on('opentag', ({ name, attributes }) => {
    if (++depth > deepestNesting) throw (problem ??= new Error('The part is nested too deep.'))
    events.open(localName(name), attributes)
  })
  parser.on('closetag', ({ name }) => {
    depth--
    events.close(localName(name))
  })
  parser.on('text', (text) => events.text(text))
  parser.on('cdata', (text) => events.text(text))
  let decoder: TextDecoder | undefined
  let unpacked = 0
  const source = pieces[Symbol.iterator]()
  for (;;) {
    let piece: Uint8Array | undefined
    try {
      const next = source.next()
      piece = next.done ? undefined : next.value
    } catch {
      return 'damaged'
    }
    try {
      if (!piece) {
        parser.write(decoder?.decode() ?? '').close()
        return 'whole'
      }
      decoder ??= new TextDecoder(wideMark(piece))
      parser.write(decoder.decode(piece, { stream: true }))
    } catch (error) {
      if (problem === undefined) throw error
      return 'damaged'
    }
    budget.bytes -= piece.length
    if (budget.bytes <= 0 || events.isEnough?.()) return 'enough'
    onPiece?.()
    unpacked += piece.length
    if (unpacked > bytesPerTurn) {
      unpacked = 0
      // Lets a cancellation that waits in the queue be heard.
      await new Promise((resolve) => setImmediate(resolve))
    }
    throwIfAborted(signal)
  }
}

const deepestNesting = 1000
const bytesPerTurn = 4 * 1024 * 1024

/** Office writes UTF-8; UTF-16 is allowed and then begins with its mark. */
function wideMark([first, second]: Uint8Array): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}
