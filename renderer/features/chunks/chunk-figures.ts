import type { ChunkEdit, ShownChunk } from '../../../core/contract/chunks.ts'
import { formatCount, formatNumberOf } from '../../ui/format.ts'

export interface Figures {
  chunks: number
  tokens: number
  least: number
  median: number
  most: number
  /** Where chunks are measured in characters nothing is tokenised. */
  unit: 'token' | 'character'
}

/** What a document's chunks are, in numbers. */
export function figuresOf(chunks: readonly Pick<ShownChunk, 'tokens' | 'text'>[]): Figures {
  const unit = chunks.length > 0 && chunks.every((chunk) => chunk.tokens === 0) ? 'character' : 'token'
  const sizes = chunks.map((chunk) => sizeOf(chunk, unit)).sort((a, b) => a - b)
  return {
    chunks: sizes.length,
    tokens: sizes.reduce((sum, size) => sum + size, 0),
    least: sizes[0] ?? 0,
    median: sizes[Math.floor(sizes.length / 2)] ?? 0,
    most: sizes.at(-1) ?? 0,
    unit,
  }
}

/** '42 chunks of 12–256 tokens'. */
export function figuresText({
  chunks,
  least,
  most,
  unit = 'token',
}: Pick<Figures, 'chunks' | 'least' | 'most'> & { unit?: Figures['unit'] }): string {
  if (chunks === 0) return 'no chunks'
  const range = least === most ? formatNumberOf(most, unit) : `${formatCount(least)}–${formatCount(most)} ${unit}s`
  return `${formatNumberOf(chunks, 'chunk')} of ${range}`
}

/** In the unit of the figures. */
export function sizesOf(chunks: readonly Pick<ShownChunk, 'tokens' | 'text'>[]): number[] {
  const { unit } = figuresOf(chunks)
  return chunks.map((chunk) => sizeOf(chunk, unit))
}

function sizeOf(chunk: Pick<ShownChunk, 'tokens' | 'text'>, unit: Figures['unit']): number {
  return unit === 'token' ? chunk.tokens : chunk.text.length
}

export type ChunkState = 'off' | 'edited' | 'added'

/** What people made of a chunk. */
export function statesOf(chunk: ShownChunk, edits: readonly ChunkEdit[]): ChunkState[] {
  const own = edits.find((edit) => edit.id === chunk.editId)
  const states: ChunkState[] = []
  if (chunk.disabled) states.push('off')
  if (own?.kind === 'add') states.push('added')
  if (chunk.edited !== null && chunk.edited !== chunk.text) states.push('edited')
  return states
}
