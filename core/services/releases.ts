import { userInfo } from 'node:os'
import { AppError } from '../contract/errors.ts'
import type { Pipeline } from '../contract/pipeline.ts'
import type { Release, ReleaseChoice, ReleaseEvent, ReleaseGate, ReleaseLine } from '../contract/releases.ts'
import type { ReleaseLibrary } from '../library/releases.ts'
import { canonicalJson } from '../shared/hash.ts'
import { parseGate } from '../shared/gates.ts'
import type { LineId, ReleaseId } from '../shared/ids.ts'
import { defaultPipeline } from './default-pipeline.ts'
import { checkRunSettings } from './evaluation-metrics.ts'
import { checkPipeline } from './pipelines.ts'

/** Pipelines over time: lines, the drafts in them, and which release is meant. */
export interface Releases {
  /** Makes the line that is always there, where it is not. */
  ensureStandard(): void
  /** What a new collection starts with. */
  standardPipeline(): Pipeline
  /** With a draft. Errors: name-taken, item-missing. */
  createLine(request: { name: string; description: string; from?: ReleaseId | undefined; who: string }): {
    line: ReleaseLine
    draft: Release
  }
  /** Errors: item-missing, name-taken, input-invalid, implementation-unknown. */
  updateLine(
    id: LineId,
    change: {
      name?: string | undefined
      description?: string | undefined
      gate?: ReleaseGate | undefined
      who: string
    },
  ): ReleaseLine
  /** Errors: item-missing, implementation-unknown, input-invalid. */
  createDraft(request: {
    lineId: LineId
    from?: ReleaseId | undefined
    pipeline?: Pipeline | undefined
    note: string
    who: string
  }): Release
  /** Errors: item-missing, implementation-unknown, input-invalid. */
  edit(id: ReleaseId, change: { pipeline?: Pipeline | undefined; note?: string | undefined }): Release
  /** Errors: item-missing, input-invalid. */
  discard(id: ReleaseId, who: string, reason: string): boolean
  /** The release that is meant now. Errors: item-missing. */
  resolve(choice: ReleaseChoice): Release
}

export interface ReleaseParts {
  library: ReleaseLibrary
  /** How many ask with exactly this release. */
  pinnedTo(id: ReleaseId): number
  /** Runs `action` in one transaction. */
  together<Result>(action: () => Result): Result
}

export function createReleases({ library, pinnedTo, together }: ReleaseParts): Releases {
  const note = (release: Release, event: Pick<ReleaseEvent, 'action' | 'who'> & { reason?: string }): void =>
    library.addEvent(release.lineId, { ...eventOf(release), ...event })

  /** A draft of what is named, of what is in production, or, in a line without any, of what the product came with. */
  const beginAs = (line: ReleaseLine, from: ReleaseId | undefined): Release | null =>
    from === undefined ? (line.production ?? library.standard()?.production ?? null) : library.get(from)

  const draftIn = (
    line: ReleaseLine,
    { from, pipeline, note: text, who }: Omit<Parameters<Releases['createDraft']>[0], 'lineId'>,
  ): Release => {
    const base = beginAs(line, from)
    const draft = library.createDraft({
      lineId: line.id,
      pipeline: pipeline ?? base?.pipeline ?? defaultPipeline,
      note: text,
      basedOn: base?.id ?? null,
    })
    note(draft, { action: 'draft-created', who: nameOf(who) })
    return draft
  }

  return {
    ensureStandard() {
      together(() => {
        if (library.standard()) return
        const taken = new Set(library.lines().map(({ name }) => name.toLowerCase()))
        const name = taken.has('standard') ? 'Standard of Quarry' : 'Standard'
        const about = 'What new collections and new bots start with.'
        const line = library.createLine(name, about, { isStandard: true })
        const text = 'Everything on this machine, without a language model.'
        const draft = library.createDraft({ lineId: line.id, pipeline: defaultPipeline, note: text, basedOn: null })
        const release = library.makeCandidate(draft.id, null)
        library.setStage(release.id, 'production')
        note(release, { action: 'production', who: 'Quarry', reason: 'What the product came with.' })
      })
    },
    standardPipeline: () => library.standard()?.production?.pipeline ?? defaultPipeline,
    createLine: ({ name, description, from, who }) =>
      together(() => {
        if (from !== undefined) library.get(from)
        const { id } = library.createLine(name, description)
        const draft = draftIn(library.line(id), { from, note: '', who })
        return { line: library.line(id), draft }
      }),
    updateLine(id, { who, ...change }) {
      const before = library.line(id)
      if (change.gate) checkGate(change.gate)
      return together(() => {
        const after = library.updateLine(id, change)
        if (canonicalJson(before.gate) !== canonicalJson(after.gate)) {
          const event = {
            ...eventOf(null),
            action: 'gate-changed',
            who: nameOf(who),
            reason: wordsOf(after.gate),
          } as const
          library.addEvent(id, event)
        }
        return after
      })
    },
    createDraft({ lineId, ...request }) {
      const line = library.line(lineId)
      if (request.pipeline) checkPipeline(request.pipeline)
      return together(() => draftIn(line, request))
    },
    edit(id, change) {
      const release = library.get(id)
      if (release.stage !== 'draft') {
        throw new AppError(
          'input-invalid',
          `${titleOf(release)} is ${stageWords[release.stage]} and never changes. Make a draft of it, and change that.`,
          { details: { stage: release.stage } },
        )
      }
      if (change.pipeline) checkPipeline(change.pipeline)
      return library.edit(id, change)
    },
    discard(id, who, reason) {
      const release = library.get(id)
      if (release.stage === 'production' || release.stage === 'retired' || release.promotion) {
        const state = release.promotion ? 'on its way into production' : stageWords[release.stage]
        throw new AppError('input-invalid', `${titleOf(release)} is ${state} and stays in the history.`, {
          details: { stage: release.stage },
        })
      }
      const users = pinnedTo(id)
      if (users > 0) {
        const asking = users === 1 ? 'A bot is' : `${users} bots are`
        throw new AppError(
          'input-invalid',
          `${asking} pinned to ${lowerTitleOf(release)}. Choose another release there first.`,
        )
      }
      return together(() => {
        note(release, { action: 'discarded', who: nameOf(who), reason })
        return library.remove(id)
      })
    },
    resolve(choice) {
      if (choice.kind === 'pinned') return library.get(choice.releaseId)
      const line = library.line(choice.lineId)
      if (line.production) return line.production
      throw new AppError(
        'item-missing',
        `Nothing of the pipeline "${line.name}" is in production yet. Promote a release of it, or choose another pipeline.`,
        { details: { lineId: line.id } },
      )
    },
  }
}

const stageWords = {
  draft: 'a draft',
  candidate: 'a candidate',
  production: 'in production',
  retired: 'retired',
} as const

/** 'Release 3 of "Standard"', 'A draft of "Standard"'. */
export function titleOf({ number, line }: Pick<Release, 'number' | 'line'>): string {
  return number === null ? `A draft of "${line}"` : `Release ${number} of "${line}"`
}

/** The same within a sentence. */
export function lowerTitleOf(release: Pick<Release, 'number' | 'line'>): string {
  const title = titleOf(release)
  return title.charAt(0).toLowerCase() + title.slice(1)
}

/** Nobody said who: whoever is logged in on this machine. */
export function nameOf(who: string): string {
  if (who.trim() !== '') return who.trim()
  try {
    return userInfo().username
  } catch {
    // An account without a name, as in some containers.
    return 'somebody'
  }
}

/** The parts of an event that a release gives. */
export function eventOf(release: Release | null): Omit<ReleaseEvent, 'number' | 'at' | 'action' | 'who'> {
  return {
    releaseId: release?.id ?? null,
    releaseNumber: release?.number ?? null,
    fromNumber: null,
    reason: '',
    isOverride: false,
    runId: release?.runId ?? null,
    gate: null,
  }
}

/**
 * Rules that can be read, about metrics that the gate's measurements have; a filter and a judge that there are. Errors:
 * input-invalid, implementation-unknown.
 */
function checkGate({ rules, noLoss, settings }: ReleaseGate): void {
  const named = rules.map((rule) => {
    const parsed = parseGate(rule)
    if (parsed) return parsed.metric
    throw new AppError(
      'input-invalid',
      `"${rule}" is no rule. Write a metric, a comparison and a number, such as recall@5>=0.9.`,
      { details: { rule } },
    )
  })
  checkRunSettings({ ...settings, metrics: [...settings.metrics, ...named, ...noLoss] })
}

function wordsOf({ datasetId, rules, noLoss }: ReleaseGate): string {
  if (datasetId === null) return 'No gate: every promotion is signed for.'
  const parts = [...rules, ...(noLoss.length > 0 ? [`no loss in ${noLoss.join(', ')}`] : [])]
  return parts.length === 0 ? 'Candidates are measured; nothing is asked of the figures.' : parts.join('; ')
}
