import type { Rejected, Trace } from '../../../core/contract/traces.ts'
import { type PassageLink, useInspector } from '../../state/inspector.ts'
import { Button } from '../../ui/button.tsx'
import { formatPages, formatScore } from '../../ui/format.ts'
import { rejectionLabels, scoreKindLabels } from './trace-words.ts'

/** What was found and not given to whatever answered, and why. */
export function RejectedList({ trace: { rejected, collectionId } }: { trace: Trace }) {
  const links = rejected.map((each, index): PassageLink => ({
    label: `Not used ${index + 1}`,
    collectionId,
    documentId: each.documentId,
    name: each.document,
    span: { start: each.start, end: each.end },
  }))
  return (
    <div className="metric-scroll" role="region" aria-label="Found and not used" tabIndex={0}>
      <table className="plain-table rejected-table">
        <thead>
          <tr>
            <th scope="col">Chunk</th>
            <th scope="col">Why not</th>
            <th scope="col" className="table-numeric">
              Score
            </th>
            <th scope="col" className="table-numeric">
              BM25
            </th>
            <th scope="col" className="table-numeric">
              Cosine
            </th>
            <th scope="col" className="table-numeric">
              Rerank
            </th>
          </tr>
        </thead>
        <tbody>
          {rejected.map((each, index) => (
            <tr key={`${each.chunkId} ${each.reason}`}>
              <td className="rejected-chunk">
                <Button look="quiet" small onPress={() => useInspector.getState().open(links, index)}>
                  {[each.document, formatPages(each.page)].filter(Boolean).join(', ')}
                </Button>
                <span className="rejected-text soft">{each.text.replace(/\s+/g, ' ').slice(0, 160)}</span>
              </td>
              <td>{rejectionLabels[each.reason]}</td>
              <td className="table-numeric number">{scoreText(each)}</td>
              <td className="table-numeric number">{each.textScore === null ? '' : formatScore(each.textScore)}</td>
              <td className="table-numeric number">{each.vectorScore === null ? '' : formatScore(each.vectorScore)}</td>
              <td className="table-numeric number">{each.rerankScore === null ? '' : formatScore(each.rerankScore)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function scoreText({ score, scoreKind }: Rejected): string {
  return scoreKind === 'none' ? '' : `${scoreKindLabels[scoreKind]} ${formatScore(score)}`
}
