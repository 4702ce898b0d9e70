import { CircleCheck, CircleSlash } from 'lucide-react'
import { useModelWork, type ModelWork, type ModelWorkKind, type WorkEnd } from '../../state/model-work.ts'
import { hrefOf } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatDuration, formatRate, formatTimeLeft, shareOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'

/** Imports, exports, checks and downloads: under way and just ended. */
export function ModelWorks() {
  const works = useModelWork((state) => state.works)
  if (works.length === 0) return null
  return (
    <div className="job-cards">
      {works.map((work) => (
        <WorkCard key={work.id} work={work} />
      ))}
    </div>
  )
}

function WorkCard({ work }: { work: ModelWork }) {
  const { end, title } = work
  const putAway = (): void => useModelWork.getState().putAway(work.id)
  return (
    <section className="job-card" aria-label={title} data-status={end?.state}>
      {end?.state === 'failed' ? (
        <FailureNote
          failure={end.failure}
          title={failedTitles[work.kind](work)}
          onRetry={work.again}
          action={
            <Button look="quiet" small onPress={putAway}>
              Dismiss
            </Button>
          }
        />
      ) : (
        <>
          <div className="job-line">
            <h2>
              {end ? <EndIcon end={end} /> : null}
              {end?.state === 'done' ? end.title : title}
            </h2>
            {end?.state === 'done' && work.kind === 'import' && work.modelId ? (
              <a className="quiet-link" href={hrefOf({ page: 'models', modelId: work.modelId })}>
                Show
              </a>
            ) : null}
            <Button look="quiet" small onPress={() => (end ? putAway() : work.controller.abort())}>
              {end ? 'Dismiss' : 'Cancel'}
            </Button>
          </div>
          {end ? (
            <p className="job-facts">{(end.state === 'done' ? end.notes : [end.note]).join(' ')}</p>
          ) : (
            <Progress work={work} />
          )}
        </>
      )}
      <span className="visually-hidden" role="status">
        {end?.state === 'done' ? `${end.title}. ${end.notes.join(' ')}` : ''}
      </span>
    </section>
  )
}

function Progress({ work }: { work: ModelWork }) {
  const { title, done, total, step, unit } = work
  const amount = (value: number): string =>
    unit === 'bytes' ? formatBytes(value) : formatDuration(Math.max(1, value * 1000))
  const reached = total === null ? `${amount(done)}, total not known` : `${amount(done)} of ${amount(total)}`
  const counts = work.from === null ? waitingFor[work.kind] : reached
  const speed = unit === 'bytes' ? speedOf(work) : null
  return (
    <>
      <Meter share={shareOf(done, total ?? undefined)} label={title} valueText={counts} />
      <p className="job-facts number">
        {counts}
        {speed ? ` · ${formatRate(speed.bytesPerSecond / 1e6, 'MB')}` : ''}
        {speed && speed.leftMs !== null ? ` · ${formatTimeLeft(speed.leftMs)}` : ''}
      </p>
      <p className="job-now">{work.from === null ? '' : step}</p>
    </>
  )
}

/** Null until there is enough to tell. */
export function speedOf(
  { from, done, total }: Pick<ModelWork, 'from' | 'done' | 'total'>,
  now: number = Date.now(),
): { bytesPerSecond: number; leftMs: number | null } | null {
  const elapsedMs = from ? now - from.at : 0
  if (!from || elapsedMs < 1000 || done <= from.done) return null
  const bytesPerSecond = ((done - from.done) / elapsedMs) * 1000
  return { bytesPerSecond, leftMs: total === null ? null : ((total - done) / bytesPerSecond) * 1000 }
}

function EndIcon({ end }: { end: WorkEnd }) {
  if (end.state === 'cancelled') return <CircleSlash size={15} aria-hidden className="soft" />
  return <CircleCheck size={15} aria-hidden className="tone-success" />
}

/** Until the first progress comes. */
const waitingFor: Record<ModelWorkKind, string> = {
  import: 'Looking at its files …',
  export: 'Looking at its files …',
  verify: 'Looking at its files …',
  measure: 'Loading the model …',
  download: 'Asking for its files …',
}

const failedTitles: Record<ModelWorkKind, (work: ModelWork) => string> = {
  import: ({ title }) => `${title.replace(/^Importing /, '')} was not imported`,
  export: ({ modelId }) => `${modelId ?? 'The model'} was not exported`,
  verify: ({ modelId }) => `${modelId ?? 'The model'} is not as it should be`,
  measure: ({ modelId }) => `${modelId ?? 'The model'} was not measured`,
  download: ({ modelId }) => `${modelId ?? 'The model'} was not downloaded; what came is kept`,
}
