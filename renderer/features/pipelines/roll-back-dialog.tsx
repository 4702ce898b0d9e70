import { useState } from 'react'
import type { Release, ReleaseLine } from '../../../core/contract/releases.ts'
import type { ReleaseId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { noteStart } from '../../state/jobs.ts'
import { useNotices } from '../../state/notices.ts'
import { releaseName } from '../../ui/release-words.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { SignDialog } from './sign-dialog.tsx'

/** To which release, by whom, and why. */
export function RollBackDialog({
  line,
  releases,
  to = null,
  onClose,
}: {
  line: ReleaseLine
  releases: readonly Release[]
  /** Chosen already. */
  to?: ReleaseId | null
  onClose(): void
}) {
  const retired = releases.filter(({ stage }) => stage === 'retired')
  const [chosen, setChosen] = useState<string | null>(to)
  const target = retired.find(({ id }) => id === chosen) ?? retired[0]
  return (
    <SignDialog
      title={`Roll ${line.name} back?`}
      action="Roll back"
      onClose={onClose}
      onSign={async ({ who, reason }) => {
        if (!target) return
        const { line: now, jobIds } = await core().lines.rollBack({ lineId: line.id, to: target.id, who, reason })
        for (const jobId of jobIds) await noteStart(jobId)
        useNotices
          .getState()
          .say(
            now.production?.id === target.id
              ? `${releaseName(target)} answers again.`
              : `${releaseName(target)} answers again as soon as its indexes are complete.`,
          )
      }}
    >
      <SelectField
        label="Back to"
        value={target?.id ?? null}
        entries={retired.map((release) => ({ id: release.id, label: releaseName(release), hint: release.note }))}
        onChange={setChosen}
      />
      <p>
        Bots that follow this pipeline are answered by {target ? releaseName(target).toLowerCase() : 'it'} again, at
        once where its indexes are still there.{' '}
        {line.production ? `${releaseName(line.production)} is retired and` : 'What is there'} can be taken again in the
        same way. Bots that stay on one release notice nothing.
      </p>
    </SignDialog>
  )
}
