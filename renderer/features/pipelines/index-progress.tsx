import type { Release } from '../../../core/contract/releases.ts'
import { core } from '../../state/client.ts'
import { useJobs } from '../../state/jobs.ts'
import { useReleasing } from '../../state/releases.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf, shareOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { releaseName } from '../../ui/release-words.ts'

/** How far the indexes of a release are, collection by collection. */
export function IndexProgress({ release, isWaiting = false }: { release: Release; isWaiting?: boolean }) {
  const tick = useReleasing(isWaiting)
  const { value, failure, retry } = useRead(
    (signal) => core().releases.indexes({ releaseId: release.id }, { signal }),
    `${release.id} ${tick}`,
  )
  const indexes = value?.indexes ?? []
  return (
    <section className={isWaiting ? 'release-card' : undefined} aria-labelledby="release-indexes">
      <h2 id="release-indexes">{isWaiting ? `${releaseName(release)} is on its way` : 'Indexes'}</h2>
      {isWaiting ? (
        <p>
          Its indexes are being built beside the present ones. Bots stay on the old release until they are complete;
          then they are answered by {releaseName(release).toLowerCase()}, all at once.
        </p>
      ) : (
        <p className="soft run-line">
          Which collections can be asked with it. An index is built when a bot that is answered by it asks a collection.
        </p>
      )}
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {value && indexes.length === 0 ? <p className="soft">There is no collection yet.</p> : null}
      <ul className="release-indexes">
        {indexes.map((index) => (
          <li key={index.collectionId}>
            <a
              href={hrefOf({ page: 'library', collectionId: index.collectionId, documentId: null, span: null })}
              className="release-index-name"
            >
              {index.collection}
            </a>
            <IndexState index={index} />
          </li>
        ))}
      </ul>
    </section>
  )
}

type IndexOf = Awaited<ReturnType<ReturnType<typeof core>['releases']['indexes']>>['indexes'][number]

function IndexState({ index: { state, waiting, jobId, collection } }: { index: IndexOf }) {
  const job = useJobs((jobs) => jobs.active.find(({ id }) => id === jobId))
  if (jobId !== null) {
    const { done = 0, total, unit = 'files' } = job?.progress ?? {}
    const words = job
      ? `${done}${total === undefined ? '' : ` of ${total}`} ${unit}`
      : `${formatNumberOf(waiting, 'document')} to go`
    return (
      <>
        <span className="number">being built, {words}</span>
        <span className="release-index-meter">
          <Meter share={shareOf(done, total)} label={`Index of ${collection}`} valueText={words} />
        </span>
      </>
    )
  }
  return <span className={tones[state]}>{stateWords(state, waiting)}</span>
}

const tones = {
  ready: 'tone-success',
  behind: 'tone-warning',
  missing: 'soft',
  'reads-otherwise': 'tone-warning',
} as const

function stateWords(state: IndexOf['state'], waiting: number): string {
  switch (state) {
    case 'ready':
      return 'ready'
    case 'behind':
      return `${formatNumberOf(waiting, 'document')} not in it yet`
    case 'missing':
      return 'none yet'
    case 'reads-otherwise':
      return 'reads documents otherwise than the collection: make it the collection’s pipeline first'
  }
}
