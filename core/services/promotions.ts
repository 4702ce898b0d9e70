import { AppError, type ErrorData } from '../contract/errors.ts'
import { type GateResult, isUndecided, type Release, type ReleaseLine } from '../contract/releases.ts'
import type { Promotion, ReleaseIndexLibrary, ReleasePair } from '../library/release-indexes.ts'
import type { ReleaseLibrary } from '../library/releases.ts'
import type { CollectionId, JobId, LineId, ReleaseId, RunId } from '../shared/ids.ts'
import type { ReleaseGates } from './release-gate.ts'
import type { ReleaseIndexes } from './release-indexes.ts'
import { eventOf, nameOf, titleOf } from './releases.ts'

/**
 * Drafts become candidates, candidates go into production, and what was there can come back. Where a line is asked in
 * collections that need an index of the new release, the switch waits until all of them are there.
 */
export interface Promotions {
  /** Errors: see contract. */
  propose(id: ReleaseId, request: { runId: RunId; who: string; reason: string }): Release
  promote(
    id: ReleaseId,
    request: { who: string; reason: string; override: boolean },
  ): Promise<{ line: ReleaseLine; gate: GateResult; jobIds: JobId[] }>
  rollBack(
    id: LineId,
    request: { to?: ReleaseId | undefined; who: string; reason: string },
  ): Promise<{ line: ReleaseLine; jobIds: JobId[] }>
  /** Switches what is ready, and starts again what an earlier process left. */
  resume(): void
  /** See ReleaseIndexParts. The caller holds the transaction. */
  indexEnded(pair: ReleasePair, outcome: 'done' | 'cancelled' | ErrorData): void
}

export interface PromotionParts {
  releaseLibrary: ReleaseLibrary
  releaseIndexLibrary: ReleaseIndexLibrary
  releaseIndexes: Pick<ReleaseIndexes, 'start' | 'isReady' | 'readsOtherwise' | 'tidy'>
  gates: Pick<ReleaseGates, 'check' | 'requireEvidence' | 'requireModels'>
  /** Runs `action` in one transaction. */
  together<Result>(action: () => Result): Result
}

export function createPromotions(parts: PromotionParts): Promotions {
  const { releaseLibrary: library, releaseIndexLibrary, releaseIndexes, gates, together } = parts

  /** Collections whose questions would find nothing if the switch came now. Those that cannot be asked either way do not count. */
  const unready = (release: Release): CollectionId[] =>
    releaseIndexLibrary
      .collectionsOf(release.lineId)
      .filter(
        (collectionId) =>
          !releaseIndexes.isReady({ releaseId: release.id, collectionId }) &&
          releaseIndexes.readsOtherwise(collectionId, release.pipeline, '') === undefined,
      )

  /** The switch itself, and the note of it. The caller holds the transaction. */
  const switchTo = ({ lineId, releaseId, action, who, reason, isOverride, gate }: Promotion): void => {
    const { production } = library.line(lineId)
    releaseIndexLibrary.endPromotion(lineId)
    if (production) library.setStage(production.id, 'retired')
    library.setStage(releaseId, 'production')
    const event = eventOf(library.get(releaseId))
    library.addEvent(lineId, {
      ...event,
      action,
      fromNumber: production?.number ?? null,
      who,
      reason,
      isOverride,
      gate,
    })
  }

  const settle = (promotion: Promotion): void => {
    if (unready(library.get(promotion.releaseId)).length === 0) switchTo(promotion)
  }

  const stop = ({ lineId, releaseId, who }: Promotion, reason: string): void => {
    releaseIndexLibrary.endPromotion(lineId)
    library.addEvent(lineId, { ...eventOf(library.get(releaseId)), action: 'promotion-stopped', who, reason })
  }

  /** At once where nothing is to be built; otherwise the jobs that come first. The caller holds the transaction. */
  const begin = (promotion: Promotion): JobId[] => {
    const release = library.get(promotion.releaseId)
    releaseIndexLibrary.startPromotion(promotion)
    const jobIds = releaseIndexes.start(release, releaseIndexLibrary.collectionsOf(release.lineId))
    settle(promotion)
    return jobIds
  }

  /** A promotion must not make a collection unanswerable that was not. Errors: pipeline-mismatch. */
  const requireReading = (release: Release, production: Release | null): void => {
    for (const id of releaseIndexLibrary.collectionsOf(release.lineId)) {
      const otherwise = releaseIndexes.readsOtherwise(id, release.pipeline, titleOf(release))
      if (otherwise === undefined) continue
      if (production && releaseIndexes.readsOtherwise(id, production.pipeline, '') !== undefined) continue
      throw new AppError('pipeline-mismatch', otherwise, { details: { collectionId: id } })
    }
  }

  const requirePromotable = (release: Release): void => {
    const title = titleOf(release)
    const pending = releaseIndexLibrary.promotion(release.lineId)
    const refuse = (message: string): never => {
      throw new AppError('input-invalid', message, { details: { stage: release.stage } })
    }
    if (release.stage === 'draft') refuse(`${title} is not a candidate yet. Measure it and propose it first.`)
    if (release.stage === 'production') refuse(`${title} is in production already.`)
    if (release.stage === 'retired') refuse(`${title} was in production before. Roll back to it instead.`)
    if (pending?.releaseId === release.id)
      refuse(`${title} is on its way into production already. Wait for its indexes.`)
    if (pending) {
      const other = titleOf(library.get(pending.releaseId))
      refuse(`${other} is on its way into production. Wait for that, or cancel the jobs that build its indexes.`)
    }
  }

  const targetOf = (line: ReleaseLine, to: ReleaseId | undefined): Release => {
    if (to !== undefined) {
      const target = library.get(to)
      if (target.lineId === line.id && target.stage === 'retired') return target
      throw new AppError(
        'input-invalid',
        `${titleOf(target)} was never in production in "${line.name}" before what is there now. Choose a retired release.`,
      )
    }
    const [last] = library
      .releases(line.id)
      .filter(({ stage }) => stage === 'retired')
      .toSorted((a, b) => b.changedAt - a.changedAt || (b.number ?? 0) - (a.number ?? 0))
    if (last) return last
    throw new AppError(
      'input-invalid',
      `There is nothing to go back to in "${line.name}": no other release was ever in production.`,
    )
  }

  return {
    propose(id, { runId, who, reason }) {
      return together(() => {
        const release = library.get(id)
        if (release.stage !== 'draft') {
          throw new AppError('input-invalid', `${titleOf(release)} is not a draft any more.`, {
            details: { stage: release.stage },
          })
        }
        gates.requireEvidence(release, runId)
        const candidate = library.makeCandidate(id, runId)
        library.addEvent(candidate.lineId, {
          ...eventOf(candidate),
          action: 'candidate',
          who: nameOf(who),
          reason,
        })
        return candidate
      })
    },
    async promote(id, { who, reason, override }) {
      requirePromotable(library.get(id))
      await gates.requireModels(library.get(id))
      const gate = await gates.check(id)
      if (!gate.passed && !override) {
        const failed = gate.checks.filter(({ passed }) => !passed).map(({ detail }) => detail)
        const title = titleOf(library.get(id))
        const verdict = isUndecided(gate) ? 'cannot be judged by its gate yet' : 'does not pass its gate'
        const why = [...new Set(failed)].join(' ')
        throw new AppError('gate-failed', `${title} ${verdict}. ${why}`, { details: { gate } })
      }
      const isOverride = !gate.passed
      if (isOverride && (who.trim() === '' || reason.trim() === '')) {
        throw new AppError(
          'input-invalid',
          'Who signs for a release that does not pass its gate gives a name and a reason.',
        )
      }
      const jobIds = together(() => {
        // Somebody else may have been quicker while it was looked at.
        const release = library.get(id)
        requirePromotable(release)
        requireReading(release, library.line(release.lineId).production)
        const by = { who: nameOf(who), reason, isOverride, gate }
        return begin({ lineId: release.lineId, releaseId: id, action: 'production', ...by })
      })
      releaseIndexes.tidy()
      return { line: library.line(library.get(id).lineId), gate, jobIds }
    },
    async rollBack(id, { to, who, reason }) {
      await gates.requireModels(targetOf(library.line(id), to))
      const jobIds = together(() => {
        const line = library.line(id)
        const target = targetOf(line, to)
        requireReading(target, line.production)
        const pending = releaseIndexLibrary.promotion(id)
        if (pending) stop(pending, `${nameOf(who)} rolled the pipeline back instead.`)
        const by = { who: nameOf(who), reason, isOverride: false, gate: null }
        return begin({ lineId: id, releaseId: target.id, action: 'rolled-back', ...by })
      })
      releaseIndexes.tidy()
      return { line: library.line(id), jobIds }
    },
    resume() {
      for (const promotion of releaseIndexLibrary.promotions()) together(() => settle(promotion))
    },
    indexEnded(pair, outcome) {
      for (const promotion of releaseIndexLibrary.promotions()) {
        if (promotion.releaseId !== pair.releaseId) continue
        const concerns = outcome !== 'done' && releaseIndexLibrary.isWanted(pair)
        if (!concerns) settle(promotion)
        else if (outcome === 'cancelled') stop(promotion, 'The job that built its index was cancelled.')
        else stop(promotion, `Its index could not be built: ${outcome.message}`)
      }
    },
  }
}
