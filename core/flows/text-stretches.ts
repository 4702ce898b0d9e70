import type { ParsedDocument } from '../contract/parsed-document.ts'

/**
 * Where a text is best divided to be shown piece by piece: between elements, about every `wanted` characters. An element
 * of more than four times that is divided too: between rows of a table, else at a line end, else anywhere.
 */
export function stretchStarts({ text, elements }: Pick<ParsedDocument, 'text' | 'elements'>, wanted = 1500): number[] {
  const longest = 4 * wanted
  const starts = [0]
  const begin = (place: number): void => {
    for (let open = starts.at(-1)!; place - open > longest; open = starts.at(-1)!)
      starts.push(breakIn(text, open, longest))
    if (place > starts.at(-1)!) starts.push(place)
  }
  for (const element of elements) {
    if (element.start >= text.length) break
    if (element.start - starts.at(-1)! >= wanted) begin(element.start)
    if (element.end - element.start <= longest) continue
    for (const row of element.rows ?? []) if (row.start - starts.at(-1)! >= wanted) begin(row.start)
  }
  begin(text.length)
  return starts.at(-1) === text.length && starts.length > 1 ? starts.slice(0, -1) : starts
}

/** A place in the second half of the `longest` characters after `from`. */
function breakIn(text: string, from: number, longest: number): number {
  const limit = from + longest
  const feed = text.lastIndexOf('\n', limit - 1)
  if (feed >= from + longest / 2) return feed + 1
  const isLowHalf = (text.charCodeAt(limit) & 0xfc00) === 0xdc00
  return isLowHalf ? limit - 1 : limit
}
