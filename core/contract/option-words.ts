/** How options of a pipeline and their values are read, on every page and in every sentence. */

/** 'maxTokens' → 'Max tokens'. */
export function labelOf(name: string): string {
  const words = name
    .replace(/[-_]+/g, ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .trim()
    .toLowerCase()
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** 'chunker.options.maxTokens' → 'Max tokens'; 'chunker' → 'Chunker'; 'parsers.pdf.ocr' → 'Pdf ocr'. */
export function shortLabel(path: string): string {
  const steps = path.split('.')
  return labelOf(steps[0] === 'parsers' ? steps.slice(1).join(' ') : (steps.at(-1) ?? path))
}

/** A value of an option as it is read: true → 'on', null, [] and no words at all → 'none', a choice → its id. */
export function valueWords(value: unknown): string {
  if (value === true) return 'on'
  if (value === false) return 'off'
  if (value === null || value === undefined || value === '') return 'none'
  if (typeof value === 'string') return value
  if (Array.isArray(value) && value.every(isNamed)) return value.map(valueWords).join(' + ') || 'none'
  if (typeof value === 'object' && 'id' in value && typeof value.id === 'string') return value.id
  return JSON.stringify(value)
}

const isNamed = (value: unknown): boolean =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && 'id' in value)

/** {'chunker.options.maxTokens': 128, 'retriever.options.vectorWeight': 0.5} → 'Max tokens 128, vector weight 0.5' */
export function assignmentWords(assignment: Readonly<Record<string, unknown>>): string {
  const words = Object.entries(assignment).map(([path, value]) => `${shortLabel(path)} ${quoted(valueWords(value))}`)
  return words.map((part, index) => (index === 0 ? part : part.charAt(0).toLowerCase() + part.slice(1))).join(', ')
}

/** Several words, such as a filter, within a sentence. */
function quoted(words: string): string {
  return words.includes(' ') ? `“${words}”` : words
}
