import { z } from 'zod'

/**
 * What a model wants around texts, in order: ids of special tokens, and the places of the texts. Types are those of
 * BERT's `token_type_ids`.
 */
export interface SpecialTokens {
  /** Around one text: [CLS] A [SEP] with most models, A alone with static ones. */
  single: TemplatePiece[]
  /** Around a question and a passage: [CLS] A [SEP] B [SEP] with BERT. */
  pair: TemplatePiece[]
}

export type TemplatePiece = { text: 'A' | 'B'; type: number } | { id: number; type: number }

/** From a parsed `tokenizer.json` (format: https://huggingface.co/docs/tokenizers). */
export function specialTokensOf(tokenizerFile: unknown): SpecialTokens {
  const processor = fileSchema.safeParse(tokenizerFile).data?.post_processor
  const steps = processor?.processors ?? (processor ? [processor] : [])
  const step = steps.findLast(({ type }) => type !== 'ByteLevel')
  if (!step) return { single: [textPiece('A')], pair: [textPiece('A'), textPiece('B')] }
  if (step.cls && step.sep) {
    const [start, end] = [step.cls[1], step.sep[1]]
    const roberta = step.type === 'RobertaProcessing'
    const token = (id: number, type = 0): TemplatePiece => ({ id, type })
    const second = roberta ? 0 : 1
    return {
      single: [token(start), textPiece('A'), token(end)],
      pair: [
        ...[token(start), textPiece('A'), token(end)],
        ...(roberta ? [token(end)] : []),
        ...[textPiece('B', second), token(end, second)],
      ],
    }
  }
  const pieces = (list: z.infer<typeof pieceSchema>[] | undefined, absent: TemplatePiece[]): TemplatePiece[] =>
    list?.flatMap(({ SpecialToken: special, Sequence: text }): TemplatePiece[] => {
      if (text) return [textPiece(text.id, text.type_id)]
      const ids = special ? (step.special_tokens?.[special.id]?.ids ?? []) : []
      return ids.map((id) => ({ id, type: special?.type_id ?? 0 }))
    }) ?? absent
  const single = pieces(step.single, [textPiece('A')])
  return { single, pair: pieces(step.pair, [...single, textPiece('B')]) }
}

/** How many special tokens there are besides the texts. */
export function specialCount(template: readonly TemplatePiece[]): number {
  return template.filter((piece) => 'id' in piece).length
}

/** The tokens of a text, or of two, with what the template puts around them. */
export function applyTemplate(
  template: readonly TemplatePiece[],
  texts: { A: ArrayLike<number>; B?: ArrayLike<number> },
): { ids: Int32Array; types: Int32Array } {
  const length = template.reduce((sum, piece) => sum + ('id' in piece ? 1 : (texts[piece.text]?.length ?? 0)), 0)
  const ids = new Int32Array(length)
  const types = new Int32Array(length)
  let place = 0
  for (const piece of template) {
    const own = 'id' in piece ? [piece.id] : (texts[piece.text] ?? [])
    ids.set(own, place)
    types.fill(piece.type, place, place + own.length)
    place += own.length
  }
  return { ids, types }
}

function textPiece(text: 'A' | 'B', type = 0): TemplatePiece {
  return { text, type }
}

const pieceSchema = z.object({
  SpecialToken: z.object({ id: z.string(), type_id: z.int().min(0).default(0) }).optional(),
  Sequence: z.object({ id: z.enum(['A', 'B']), type_id: z.int().min(0).default(0) }).optional(),
})
const processorSchema = z.object({
  type: z.string(),
  single: z.array(pieceSchema).optional(),
  pair: z.array(pieceSchema).optional(),
  special_tokens: z.record(z.string(), z.object({ ids: z.array(z.int().min(0)) })).optional(),
  cls: z.tuple([z.string(), z.int().min(0)]).optional(),
  sep: z.tuple([z.string(), z.int().min(0)]).optional(),
})
const fileSchema = z.object({
  post_processor: processorSchema.extend({ processors: z.array(processorSchema).optional() }).nullish(),
})
