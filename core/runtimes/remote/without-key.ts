const pieceLength = 8

/**
 * A text in which no eight letters in a row are from the key: servers repeat it in their errors, whole, encoded in an
 * address, or its two ends.
 */
export function withoutKey(text: string, key: string | undefined): string {
  if (key === undefined || key === '') return text
  const forms = [key, encodeURIComponent(key), Buffer.from(key).toString('base64').replaceAll('=', '')]
  const pieces = new Set(forms.flatMap((form) => piecesOf(form)))
  const length = Math.min(pieceLength, key.length)
  let result = ''
  for (let at = 0; at < text.length;) {
    let end = at
    // As far as one piece follows the other.
    for (let from = at; from <= end && pieces.has(text.slice(from, from + length)); from += 1) end = from + length
    result += end > at ? '…' : text[at]
    at = Math.max(end, at + 1)
  }
  return result
}

function piecesOf(form: string): string[] {
  if (form.length <= pieceLength) return [form]
  return Array.from({ length: form.length - pieceLength + 1 }, (_, at) => form.slice(at, at + pieceLength))
}
