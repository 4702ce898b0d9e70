import type { Prompt } from '../../../core/contract/pipeline.ts'

export type PromptPlace = 'system' | 'user'
export type PromptTexts = Pick<Prompt, PromptPlace>

/** What the core says of a variable. */
export interface PromptVariable {
  name: string
  summary: string
  places: PromptPlace[]
  isRequired: boolean
}

export interface PromptPiece {
  text: string
  /** 'misplaced': it is known, and may not stand in this text. */
  kind: 'text' | 'variable' | 'misplaced' | 'unknown'
}

const variable = /\{\{([^{}]*)\}\}/g

/** A text in pieces that join to it, variables told apart. */
export function piecesOf(text: string, place: PromptPlace, variables: readonly PromptVariable[]): PromptPiece[] {
  const pieces: PromptPiece[] = []
  let from = 0
  for (const found of text.matchAll(variable)) {
    if (found.index > from) pieces.push({ text: text.slice(from, found.index), kind: 'text' })
    const known = variables.find(({ name }) => name === found[1]?.trim())
    const kind = known ? (known.places.includes(place) ? 'variable' : 'misplaced') : 'unknown'
    pieces.push({ text: found[0], kind })
    from = found.index + found[0].length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), kind: 'text' })
  return pieces
}

/** What is wrong with one of the texts, as sentences; the core has the last word. */
export function problemsOf(text: string, place: PromptPlace, variables: readonly PromptVariable[]): string[] {
  const pieces = piecesOf(text, place, variables)
  const of = (kind: PromptPiece['kind']): string[] => [
    ...new Set(pieces.filter((piece) => piece.kind === kind).map((piece) => piece.text)),
  ]
  const [unknown, misplaced, used] = [of('unknown'), of('misplaced'), of('variable')]
  const missing = variables.filter(
    ({ name, places, isRequired }) =>
      isRequired && places.includes(place) && !used.some((each) => each.slice(2, -2).trim() === name),
  )
  const other = place === 'system' ? 'the message' : 'the instructions'
  return [
    ...unknown.map((name) => `${name} is no variable: the model would not get anything for it.`),
    ...misplaced.map((name) => `${name} belongs in ${other}, not here.`),
    ...missing.map(({ name }) => `{{${name}}} is missing: without it the model does not get the ${name}.`),
    ...(text.trim() === '' ? ['It is empty.'] : []),
  ]
}

/** `text` with `name` as a variable in place of what is selected; and where the caret is then. */
export function withVariable(text: string, name: string, start: number, end: number): { text: string; caret: number } {
  const put = `{{${name}}}`
  return { text: text.slice(0, start) + put + text.slice(end), caret: start + put.length }
}
