import type { Release } from '../../../core/contract/releases.ts'
import { core } from '../../state/client.ts'
import { useReleasing } from '../../state/releases.ts'
import { useRead } from '../../state/use-read.ts'
import { releaseName, stageWords } from '../../ui/release-words.ts'
import type { SelectEntry } from '../../ui/select-field.tsx'

/** Every release of every line, for a list to choose from. */
export function useReleaseEntries(): { entries: SelectEntry[]; releases: Release[] } {
  const tick = useReleasing()
  const { value } = useRead(async (signal) => {
    const { lines } = await core().lines.list(undefined, { signal })
    return Promise.all(lines.map(({ id }) => core().lines.get({ lineId: id }, { signal })))
  }, tick)
  const releases = value?.flatMap((line) => line.releases) ?? []
  const entries = releases.map((release) => ({
    id: release.id,
    label: `${release.line}: ${releaseName(release).toLowerCase()}`,
    hint: [stageWords(release), release.note].filter(Boolean).join(' · '),
  }))
  return { entries, releases }
}
