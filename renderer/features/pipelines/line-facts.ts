import type { Bot } from '../../../core/contract/bots.ts'
import type { Release, ReleaseEvent, ReleaseLine } from '../../../core/contract/releases.ts'
import { core } from '../../state/client.ts'

/** A line with everything that is said of it. */
export interface LineFacts {
  line: ReleaseLine
  /** Newest first, drafts before them. */
  releases: Release[]
  /** Newest first. */
  events: ReleaseEvent[]
  bots: LineBots
}

export interface LineBots {
  /** Answered by whatever is in production. */
  following: Bot[]
  /** Answered by one release of the line, whatever is in production. */
  pinned: { bot: Bot; release: Release }[]
}

export async function readLine(lineId: ReleaseLine['id'], signal: AbortSignal): Promise<LineFacts> {
  const [{ line, releases }, { events }, { bots }] = await Promise.all([
    core().lines.get({ lineId }, { signal }),
    core().lines.history({ lineId }, { signal }),
    core().bots.list(undefined, { signal }),
  ])
  return { line, releases, events, bots: botsOf(line, releases, bots) }
}

export async function readLines(signal: AbortSignal): Promise<LineFacts[]> {
  const { lines } = await core().lines.list(undefined, { signal })
  return Promise.all(lines.map(({ id }) => readLine(id, signal)))
}

export function botsOf(line: Pick<ReleaseLine, 'id'>, releases: readonly Release[], bots: readonly Bot[]): LineBots {
  return {
    following: bots.filter(({ release }) => release.kind === 'production' && release.lineId === line.id),
    pinned: bots.flatMap((bot) => {
      const { release: choice } = bot
      const release = choice.kind === 'pinned' ? releases.find(({ id }) => id === choice.releaseId) : undefined
      return release ? [{ bot, release }] : []
    }),
  }
}
