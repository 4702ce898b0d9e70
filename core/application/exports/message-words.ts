import type { Citation } from '../../contract/ask.ts'
import type { AnswerMessage, QuestionMessage } from '../../contract/conversations.ts'

/** '2026-11-30 14:05 UTC'. */
export function timeOf(milliseconds: number): string {
  return `${new Date(milliseconds).toISOString().slice(0, 16).replace('T', ' ')} UTC`
}

/** What a question was narrowed down to; undefined where it was asked of everything. */
export function scopeOf({ scope }: QuestionMessage): string | undefined {
  const names = [...scope.documents.map(({ name }) => name), ...scope.tags.map((tag) => `#${tag}`)]
  return names.length === 0 ? undefined : `Asked of ${names.join(', ')}`
}

/** What has to be known of an answer beside its text, a sentence each. */
export function remarksOn(answer: AnswerMessage): string[] {
  const { state, error, rewritten, passageMode, lowRelevance, note, invented } = answer
  return [
    ...(state === 'stopped' ? ['This answer was stopped before it was complete.'] : []),
    ...(state === 'answering' ? ['This answer was not complete when it was exported.'] : []),
    ...(state === 'failed' ? [`There is no answer: ${error?.message ?? 'something went wrong.'}`] : []),
    ...(rewritten === null ? [] : [`Understood as: ${rewritten}`]),
    ...(passageMode === 'whole-document' ? ['Answered from the whole document.'] : []),
    ...(lowRelevance ? ['What was found has little to do with the question. Read this answer with care.'] : []),
    ...(note === null ? [] : [note]),
    ...(invented > 0 ? [`Made-up citations taken out: ${invented}.`] : []),
  ]
}

export function unsupportedIn({ text, unsupported }: AnswerMessage): string[] {
  return unsupported.map(({ start, end }) => text.slice(start, end).trim()).filter((sentence) => sentence !== '')
}

/** 'handbook.pdf, page 3, Leave > Annual leave'. */
export function placeOf({ document, page, place, headings }: Citation): string {
  const at = place ?? (page === null ? undefined : `page ${page}`)
  return [document, at, headings.join(' > ')].filter((part) => part).join(', ')
}

export function releaseOf({ release }: AnswerMessage): string | undefined {
  if (!release) return undefined
  return `${release.line}, ${release.number === null ? 'a draft' : `release ${release.number}`}`
}
