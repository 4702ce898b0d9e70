import type { Block } from './blocks.ts'
import type { Group } from './groups.ts'
import type { Measure } from './measure.ts'

/** Runs of sentences up to a size; a heading begins one and does not end one. None goes over a page header or footer. */
export function piecesOf(sentences: readonly Block[], measure: Measure, max: number): Group[] {
  const pieces: Group[] = []
  sentences.forEach((sentence, index) => {
    const open = pieces.at(-1)
    const before = sentences[index - 1]
    const joins =
      open !== undefined &&
      !sentence.afterGap &&
      (before?.kind === 'heading' ||
        (sentence.kind !== 'heading' && measure.size(sentences[open.first]!.start, sentence.end) <= max))
    if (joins) open.last = index
    else pieces.push({ first: index, last: index })
  })
  return pieces
}
