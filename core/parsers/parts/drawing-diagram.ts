import { drawingLine } from './drawing-text.ts'
import { attributeOf } from './xml-pieces.ts'
import { elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/** The texts of a SmartArt diagram, from the top of its tree down (DrawingML diagrams, ECMA-376 part 1, 21.4.3). */
export function diagramTexts(model: XmlNode): string[] {
  const points = new Map(elementsOf(elementAt(model, 'ptLst'), 'pt').map((one) => [attributeOf(one, 'modelId'), one]))
  const childrenOf = new Map<string | undefined, { place: number; child: string | undefined }[]>()
  for (const connection of elementsOf(elementAt(model, 'cxnLst'), 'cxn')) {
    // Other kinds of connections lead to how the diagram is drawn.
    if ((attributeOf(connection, 'type') ?? 'parOf') !== 'parOf') continue
    const parent = attributeOf(connection, 'srcId')
    const place = Number(attributeOf(connection, 'srcOrd') ?? 0)
    const known = childrenOf.get(parent) ?? []
    known.push({ place, child: attributeOf(connection, 'destId') })
    childrenOf.set(parent, known)
  }
  const texts: string[] = []
  const [start] = [...points].find(([, point]) => attributeOf(point, 'type') === 'doc') ?? []
  const waiting = [start]
  const seen = new Set<string | undefined>()
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const text = drawingLine(elementAt(points.get(id), 't'))
    if (text !== '') texts.push(text)
    const children = (childrenOf.get(id) ?? []).toSorted((a, b) => b.place - a.place)
    waiting.push(...children.map(({ child }) => child))
  }
  return texts
}
