import { useState } from 'react'
import { Label, Radio, RadioGroup } from 'react-aria-components'
import type { Release, ReleaseChoice } from '../../../core/contract/releases.ts'
import type { LineId, ReleaseId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useRead } from '../../state/use-read.ts'
import { hrefOf } from '../../state/route.ts'
import { FailureNote } from '../../ui/failure-note.tsx'
import { SelectField } from '../../ui/select-field.tsx'

/** Which release answers: what is in production in a line, whatever that is then, or one that stays. */
export function ReleaseField({ value, onChange }: { value: ReleaseChoice; onChange(value: ReleaseChoice): void }) {
  const lines = useRead((signal) => core().lines.list(undefined, { signal }), '')
  const all = lines.value?.lines ?? []
  const [viewedLine, setViewedLine] = useState<LineId | null>(null)
  const pinned = useRead(
    async (signal) =>
      value.kind === 'pinned' ? core().releases.get({ releaseId: value.releaseId }, { signal }) : null,
    value.kind === 'pinned' ? value.releaseId : '',
  )
  const lineId =
    viewedLine ?? (value.kind === 'production' ? value.lineId : (pinned.value?.lineId ?? all[0]?.id ?? null))
  const releases = useRead(
    async (signal) => (lineId ? (await core().lines.get({ lineId }, { signal })).releases : []),
    lineId,
  )
  const line = all.find(({ id }) => id === lineId)
  const numbered = (releases.value ?? []).filter(({ number }) => number !== null)
  const pinnedId = value.kind === 'pinned' ? value.releaseId : null
  const pin = (releaseId: ReleaseId | undefined): void => {
    if (releaseId) onChange({ kind: 'pinned', releaseId })
  }
  return (
    <div className="release-field">
      <RadioGroup
        value={value.kind}
        onChange={(kind) => {
          if (kind === 'pinned') pin(line?.production?.id ?? numbered[0]?.id)
          else if (lineId) onChange({ kind: 'production', lineId })
        }}
      >
        <Label>Which release answers</Label>
        <div className="choice-cards">
          <Radio value="production" className="choice-card">
            <span className="radio-dot" aria-hidden />
            <span className="choice-name">
              What is in production{line?.production ? ` (release ${line.production.number ?? ''} now)` : ''}
            </span>
          </Radio>
          <Radio value="pinned" className="choice-card">
            <span className="radio-dot" aria-hidden />
            <span className="choice-name">Always the same one</span>
          </Radio>
        </div>
      </RadioGroup>
      {lines.failure ? <FailureNote failure={lines.failure} onRetry={lines.retry} /> : null}
      <div className="release-choice">
        {all.length > 1 || value.kind === 'production' ? (
          <SelectField
            label="Line"
            value={lineId}
            entries={all.map(({ id, name, production }) => ({
              id,
              label: name,
              hint: production ? `release ${production.number ?? ''}` : 'nothing in production',
            }))}
            onChange={(id) => {
              setViewedLine(id as LineId)
              if (value.kind === 'production') onChange({ kind: 'production', lineId: id as LineId })
            }}
          />
        ) : null}
        {value.kind === 'pinned' ? (
          <SelectField
            label="Release"
            value={pinnedId}
            entries={withPinned(numbered, pinned.value).map((release) => ({
              id: release.id,
              label: `${release.line} ${release.number ?? 'draft'}`,
              hint: release.stage,
            }))}
            onChange={(id) => pin(id as ReleaseId)}
          />
        ) : null}
      </div>
      {lineId ? (
        <p className="field-help">
          Releases are made and compared on the page{' '}
          <a href={hrefOf({ page: 'pipelines', lineId, releaseId: pinnedId })}>Pipelines</a>.
        </p>
      ) : null}
    </div>
  )
}

/** The one that is chosen is there, whatever line is looked at. */
function withPinned(releases: Release[], pinned: Release | null): Release[] {
  return !pinned || releases.some(({ id }) => id === pinned.id) ? releases : [pinned, ...releases]
}
