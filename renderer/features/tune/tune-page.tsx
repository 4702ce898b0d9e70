import type { TuneId } from '../../../core/shared/ids.ts'
import { NewTune } from './new-tune.tsx'
import { TuneList } from './tune-list.tsx'
import { TuneView } from './tune-view.tsx'

/** Searches for a better pipeline: all of them, a new one, or one with what it found. */
export function TunePage({ tuneId }: { tuneId: TuneId | 'new' | null }) {
  if (tuneId === 'new') return <NewTune />
  return tuneId ? <TuneView key={tuneId} tuneId={tuneId} /> : <TuneList />
}
