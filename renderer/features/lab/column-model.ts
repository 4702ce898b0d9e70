import type { CutText, LabFault, LabHit } from '../../../core/contract/lab.ts'
import { formatScore } from '../../ui/format.ts'
import type { NamedSpan } from '../../ui/text-blocks.ts'

/** The columns' names, as people speak of them. */
export const columnLetters = ['A', 'B', 'C', 'D'] as const

/** How many tones neighbouring chunks take turns in. */
const tones = 4

export const faultWords: Record<LabFault['kind'], { one: string; many: string; cut: string }> = {
  sentence: { one: 'cut sentence', many: 'cut sentences', cut: 'cuts a sentence' },
  row: { one: 'cut row', many: 'cut rows', cut: 'cuts a row' },
  table: { one: 'cut table', many: 'cut tables', cut: 'cuts a table' },
  code: { one: 'cut code', many: 'cut code', cut: 'cuts code' },
}
export const faultOrder = ['sentence', 'row', 'table', 'code'] as const

/** Chunks as spans over the text: coloured in turn, faults and what a question finds said where they begin. */
export function spansOf(cut: CutText, hits: readonly LabHit[] | null): NamedSpan[] {
  const faults = faultsByChunk(cut)
  const found = new Map(hits?.map((hit) => [hit.ordinal, hit]))
  return cut.starts.map((start, ordinal) => {
    const hit = found.get(ordinal)
    const fault = faults.get(ordinal)
    const label = [
      String(ordinal + 1),
      ...(hit ? [`rank ${hit.rank}`, formatScore(hit.score)] : []),
      ...(fault ? [faultWords[fault[0]!].cut] : []),
    ].join(' · ')
    return {
      id: ordinal,
      label,
      start,
      end: cut.ends[ordinal] ?? start,
      tone: hits && !hit ? `rest-${ordinal % 2}` : `chunk-${ordinal % tones}`,
      ...(fault ? { flag: 'cut' } : {}),
      ...(hit ? { lifted: true } : {}),
    }
  })
}

/** The kinds of what is cut where a chunk begins, the smallest first. */
export function faultsByChunk(cut: CutText): Map<number, LabFault['kind'][]> {
  const faults = new Map<number, LabFault['kind'][]>()
  for (const { ordinal, kind } of cut.faults) {
    const kinds = faults.get(ordinal)
    if (kinds) kinds.push(kind)
    else faults.set(ordinal, [kind])
  }
  for (const kinds of faults.values()) kinds.sort((a, b) => faultOrder.indexOf(a) - faultOrder.indexOf(b))
  return faults
}

/** The chunks that hold a place; where none does the one before it; none before the first. */
export function chunksAt({ starts, ends }: Pick<CutText, 'starts' | 'ends'>, place: number): number[] {
  let low = 0
  let high = starts.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (starts[middle]! <= place) low = middle + 1
    else high = middle
  }
  const holding: number[] = []
  // Overlaps are of neighbours: a few chunks back nothing reaches this far any more.
  for (let ordinal = low - 1; ordinal >= Math.max(0, low - farthest); ordinal--) {
    if (ends[ordinal]! > place) holding.unshift(ordinal)
  }
  return holding.length > 0 || low === 0 ? holding : [low - 1]
}

const farthest = 16

/** The chunk that a column shows for a place: of several that hold it the one that was found, else the first. */
export function chunkFor(cut: CutText, hits: readonly LabHit[] | null, place: number): number | null {
  const holding = chunksAt(cut, place)
  return holding.find((ordinal) => hits?.some((hit) => hit.ordinal === ordinal)) ?? holding[0] ?? null
}

/** The fault of this kind (or of any) after or before a chunk, going round. */
export function nextFault(
  cut: CutText,
  from: number,
  step: 1 | -1,
  kind: LabFault['kind'] | null = null,
): LabFault | undefined {
  const faults = cut.faults.filter((fault) => kind === null || fault.kind === kind)
  if (step === 1) return faults.find(({ ordinal }) => ordinal > from) ?? faults[0]
  return faults.findLast(({ ordinal }) => ordinal < from) ?? faults.at(-1)
}

/** The hit after or before a chunk in the order of ranks, going round. */
export function nextHit(hits: readonly LabHit[], ordinal: number | null, step: 1 | -1): LabHit | undefined {
  const here = hits.findIndex((hit) => hit.ordinal === ordinal)
  if (here < 0) return step === 1 ? hits[0] : hits.at(-1)
  return hits[(here + step + hits.length) % hits.length]
}

/** A stretch of the overview: `from` and `to` are columns of `width`. */
export interface Bar {
  from: number
  to: number
  tone: string
}

/**
 * The whole text as a row of bars: chunks in turn where they are wide enough to be told apart, and what stands out. Each
 * list is in order.
 */
export function overviewOf(
  cut: CutText,
  hits: readonly LabHit[] | null,
  textLength: number,
  width: number,
): { chunks: Bar[]; hits: Bar[]; faults: number[] } {
  const scale = textLength === 0 ? 0 : width / textLength
  const chunks: Bar[] = []
  for (const [ordinal, start] of cut.starts.entries()) {
    const from = start * scale
    const to = (cut.ends[ordinal] ?? start) * scale
    const last = chunks.at(-1)
    // Narrower than this neighbours run together.
    if (to - from < narrowest) {
      if (last?.tone === 'many' && from - last.to < narrowest) last.to = Math.max(last.to, to)
      else chunks.push({ from, to, tone: 'many' })
    } else chunks.push({ from, to, tone: `chunk-${ordinal % tones}` })
  }
  return {
    chunks,
    hits: (hits ?? []).map(({ start, end, rank }) => ({
      from: start * scale,
      to: Math.max(end * scale, start * scale + narrowest),
      tone: `rank-${rank}`,
    })),
    faults: [...new Set(cut.faults.map(({ ordinal }) => Math.round((cut.starts[ordinal] ?? 0) * scale)))],
  }
}

const narrowest = 2
