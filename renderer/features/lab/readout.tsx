import type { LabHit } from '../../../core/contract/lab.ts'
import { formatNumberOf, formatScore } from '../../ui/format.ts'
import { faultsByChunk, faultWords } from './column-model.ts'
import type { ColumnView } from './lab-bench.tsx'

/** What a column has at the place that is looked at: its chunk in numbers. */
export function Readout({ view: { cut, hits }, ordinal }: { view: ColumnView; ordinal: number | null }) {
  if (!cut || ordinal === null) {
    return (
      <div className="lab-readout">
        <p className="soft">{cut ? 'Point at a chunk, or use the arrow keys.' : ''}</p>
      </div>
    )
  }
  const tokens = cut.tokens[ordinal] ?? 0
  const length = (cut.ends[ordinal] ?? 0) - (cut.starts[ordinal] ?? 0)
  const path = cut.paths[cut.pathOf[ordinal] ?? -1] ?? []
  const faults = faultsByChunk(cut).get(ordinal) ?? []
  const hit = hits?.find((candidate) => candidate.ordinal === ordinal)
  const context = cut.contexts.find((candidate) => candidate.ordinal === ordinal)
  return (
    <div className="lab-readout">
      <p className="lab-readout-facts">
        <strong className="number">{ordinal + 1}</strong>{' '}
        <span className="soft number">
          of {cut.starts.length} · {tokens > 0 ? formatNumberOf(tokens, 'token') : formatNumberOf(length, 'character')}
        </span>
        {hit ? <span className="lab-rank number">rank {hit.rank}</span> : null}
        {faults.map((kind) => (
          <span key={kind} className="lab-cut">
            {faultWords[kind].cut}
          </span>
        ))}
      </p>
      <p className="lab-readout-path soft" title={path.join(' › ')}>
        {hit ? <Scores hit={hit} /> : path.length > 0 ? path.join(' › ') : context ? null : 'Under no heading'}
        {!hit && context ? <span> + “{context.text.replaceAll(/\s+/g, ' ')}”</span> : null}
      </p>
    </div>
  )
}

function Scores({ hit }: { hit: LabHit }) {
  const { score, scoreKind, textRank, textScore, vectorRank, vectorScore } = hit
  const kinds = { bm25: 'BM25', cosine: 'cosine', fusion: 'fused', none: 'score' } as const
  return (
    <span className="number">
      {kinds[scoreKind]} {formatScore(score)}
      {scoreKind === 'fusion' && textScore !== null ? ` · words ${ordinal(textRank)}` : ''}
      {scoreKind === 'fusion' && vectorScore !== null ? ` · meaning ${ordinal(vectorRank)}` : ''}
    </span>
  )
}

function ordinal(rank: number | null): string {
  return rank === null ? 'found' : `rank ${rank}`
}
