/** What is being typed to narrow a question: '@board' or '#draft', from `start` to the caret. */
export interface Mention {
  kind: 'document' | 'tag'
  query: string
  start: number
  end: number
}

const mostLength = 80

/**
 * The mention that the caret is in, or null. It begins at the start or after a space, so that addresses and colours in a
 * text are none; a document's name may have spaces in it, but not two in a row, and none at once after the sign.
 */
export function mentionAt(text: string, caret: number): Mention | null {
  const before = text.slice(Math.max(0, caret - mostLength), caret)
  const found = /(?:^|\s)(@(?:\S(?:[^\n@#]*))?|#[^\s#@]*)$/u.exec(before)?.[1]
  if (found === undefined || /\s\s/.test(found)) return null
  const kind = found.startsWith('@') ? 'document' : 'tag'
  return { kind, query: found.slice(1), start: caret - found.length, end: caret }
}

/** The text without the mention, and where the caret is then. */
export function withoutMention(text: string, { start, end }: Mention): { text: string; caret: number } {
  const before = text.slice(0, start)
  // One of the two spaces around it goes with it.
  const after = /(^|\s)$/.test(before) ? text.slice(end).replace(/^ /, '') : text.slice(end)
  return { text: before + after, caret: before.length }
}
