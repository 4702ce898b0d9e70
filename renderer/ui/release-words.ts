import type { Release, ReleaseEvent, ReleaseStage } from '../../core/contract/releases.ts'
import { formatWhen } from './format.ts'

/** 'Release 3', 'Draft of today 14:02'. */
export function releaseName({ number, createdAt }: Pick<Release, 'number' | 'createdAt'>): string {
  return number === null ? `Draft of ${formatWhen(createdAt)}` : `Release ${number}`
}

export const stageLabels: Record<ReleaseStage, string> = {
  draft: 'Draft',
  candidate: 'Candidate',
  production: 'In production',
  retired: 'Retired',
}

/** 'In production', 'Going into production'. */
export function stageWords({ stage, promotion }: Pick<Release, 'stage' | 'promotion'>): string {
  return promotion ? 'Going into production' : stageLabels[stage]
}

/** What happened, as a sentence without who, when and why. */
export function eventSentence({ action, releaseNumber, fromNumber }: ReleaseEvent): string {
  const release = releaseNumber === null ? 'A draft' : `Release ${releaseNumber}`
  const before = fromNumber === null ? '' : `, in place of release ${fromNumber}`
  switch (action) {
    case 'draft-created':
      return 'A draft was begun'
    case 'discarded':
      return `${release} was discarded`
    case 'candidate':
      return `${release} became a candidate`
    case 'production':
      return `${release} went into production${before}`
    case 'rolled-back':
      return `${release} was put back into production${before}`
    case 'promotion-stopped':
      return `${release} did not go into production: its indexes were not completed`
    case 'gate-changed':
      return 'The gate was changed'
  }
}

/** How the release that is in production came there; undefined where the history does not say. */
export function cameIntoProduction(
  releaseId: string | undefined,
  events: readonly ReleaseEvent[],
): ReleaseEvent | undefined {
  return events.find(
    (event) => event.releaseId === releaseId && (event.action === 'production' || event.action === 'rolled-back'),
  )
}
