import type { Pipeline } from '../../../core/contract/pipeline.ts'
import { same } from '../../ui/schema-fields.ts'

export interface Effect {
  /** Chunks are made anew, in an index beside the present one. */
  newIndex: boolean
  /** Files are read anew, in place. */
  rereads: boolean
}

/** What applying `next` in place of `present` sets going. */
export function effectOf(present: Pipeline, next: Pipeline): Effect {
  const cutting = ({ chunker, rules, embedder, index }: Pipeline): unknown => ({
    chunker,
    embedder,
    index,
    rules: rules.flatMap(({ paths, types, chunker: own }) => (own ? [{ paths, types, chunker: own }] : [])),
  })
  const reading = ({ parsers, cleaning, rules }: Pipeline): unknown => ({
    parsers,
    cleaning,
    rules: rules.flatMap(({ paths, types, parsers: own, cleaning: steps }) =>
      own || steps ? [{ paths, types, parsers: own, cleaning: steps }] : [],
    ),
  })
  return {
    newIndex: !same(cutting(present), cutting(next)),
    rereads: !same(reading(present), reading(next)),
  }
}

/** Says in sentences what will happen. */
export function effectSentences({ newIndex, rereads }: Effect, documents: string): string[] {
  const sentences: string[] = []
  if (newIndex) {
    sentences.push(
      `Builds a new index beside the present one, over ${documents}.`,
      'Questions are answered from the present one until the new one is complete. You can cancel until then and go back afterwards.',
    )
  }
  if (rereads) {
    sentences.push(
      `Reads the documents anew that this concerns, of ${documents}. Each one answers as it is now until it is done.`,
    )
    if (!newIndex) sentences.push('This makes no new index: to undo it, change the settings back.')
  }
  if (sentences.length === 0) sentences.push('Changes nothing about the chunks.')
  return sentences
}
