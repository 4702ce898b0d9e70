import type { Database } from 'better-sqlite3'
import type { GateResult, ReleaseChoice } from '../contract/releases.ts'
import type { CollectionId, JobId, LineId, ReleaseId } from '../shared/ids.ts'

/** A collection that is asked with a release. */
export interface ReleasePair {
  releaseId: ReleaseId
  collectionId: CollectionId
}

/** The index that a pair is answered from, and the job that builds it or keeps it up. */
export interface ReleaseLink extends ReleasePair {
  indexId: number | null
  jobId: JobId | null
}

export interface Promotion {
  lineId: LineId
  releaseId: ReleaseId
  action: 'production' | 'rolled-back'
  who: string
  reason: string
  isOverride: boolean
  gate: GateResult | null
}

/** Who asks what with which release, in which indexes, and releases on their way into production. */
export interface ReleaseIndexLibrary {
  /** Instead of what this owner asked before. The caller holds the transaction. */
  setUses(owner: string, choice: ReleaseChoice, collectionIds: readonly CollectionId[]): void
  /** Nobody asks this collection any more. */
  forgetCollection(id: CollectionId): void
  /** How many ask with exactly this release. */
  pinnedTo(releaseId: ReleaseId): number
  /**
   * What is to be there and kept up: what is pinned, what is in production in a line that is asked, and what is about to
   * be. Optionally of one collection.
   */
  wanted(collectionId?: CollectionId): ReleasePair[]
  /** Collections that are asked with what is in production in a line. */
  collectionsOf(lineId: LineId): CollectionId[]
  isWanted(pair: ReleasePair): boolean
  /** Wanted, or of the release that was in production before and may go back. */
  isKept(indexId: number): boolean
  link(pair: ReleasePair): ReleaseLink | undefined
  linkOfJob(jobId: JobId): ReleaseLink | undefined
  setIndex(pair: ReleasePair, indexId: number): void
  setJob(pair: ReleasePair, jobId: JobId): void
  /** Links that nobody wants and that are not kept. */
  unwanted(): ReleaseLink[]
  unlink(pair: ReleasePair): void
  promotions(): Promotion[]
  promotion(lineId: LineId): Promotion | undefined
  startPromotion(promotion: Promotion): void
  endPromotion(lineId: LineId): void
}

/** A week, as with a collection's own indexes: long enough to notice that answers have become worse. */
const keptMs = 7 * 24 * 3600 * 1000

export function createReleaseIndexLibrary(database: Database): ReleaseIndexLibrary {
  const wantedPairs = `SELECT DISTINCT r.id AS release_id, u.collection_id FROM release_uses u JOIN releases r
    ON r.id = u.release_id OR (r.line_id = u.line_id AND (r.stage = 'production'
      OR EXISTS (SELECT 1 FROM promotions p WHERE p.release_id = r.id)))`
  const keptPairs = `${wantedPairs} UNION SELECT r.id, u.collection_id FROM release_uses u JOIN releases r
    ON r.line_id = u.line_id AND r.stage = 'retired' AND r.changed_at > @since
    AND NOT EXISTS (SELECT 1 FROM releases y WHERE y.line_id = r.line_id AND y.stage = 'retired'
      AND (y.changed_at, y.id) > (r.changed_at, r.id))`
  const deleteUses = database.prepare('DELETE FROM release_uses WHERE owner = ?')
  const deleteUsesOf = database.prepare('DELETE FROM release_uses WHERE collection_id = ?')
  const insertUse = database.prepare(
    'INSERT OR REPLACE INTO release_uses (owner, collection_id, line_id, release_id) VALUES (?, ?, ?, ?)',
  )
  const selectPinned = database
    .prepare<[string], number>('SELECT count(DISTINCT owner) FROM release_uses WHERE release_id = ?')
    .pluck()
  const selectWanted = database.prepare<{ collectionId: string | null }, PairRow>(
    `SELECT * FROM (${wantedPairs}) WHERE @collectionId IS NULL OR collection_id = @collectionId
     ORDER BY collection_id, release_id`,
  )
  const selectIsWanted = database
    .prepare<[string, string], number>(`SELECT 1 FROM (${wantedPairs}) WHERE release_id = ? AND collection_id = ?`)
    .pluck()
  const selectCollections = database
    .prepare<[string], string>('SELECT DISTINCT collection_id FROM release_uses WHERE line_id = ? ORDER BY 1')
    .pluck()
  const selectKept = database
    .prepare<{ indexId: number; since: number }, number>(
      `SELECT 1 FROM release_indexes l JOIN (${keptPairs}) k
         ON k.release_id = l.release_id AND k.collection_id = l.collection_id WHERE l.index_id = @indexId`,
    )
    .pluck()
  const selectUnwanted = database.prepare<{ since: number }, LinkRow>(
    `SELECT * FROM release_indexes WHERE (release_id, collection_id) NOT IN (${keptPairs})`,
  )
  const selectLink = database.prepare<[string, string], LinkRow>(
    'SELECT * FROM release_indexes WHERE release_id = ? AND collection_id = ?',
  )
  const selectOfJob = database.prepare<[string], LinkRow>('SELECT * FROM release_indexes WHERE job_id = ?')
  const upsertIndex = database.prepare(
    `INSERT INTO release_indexes (release_id, collection_id, index_id) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET index_id = excluded.index_id`,
  )
  const upsertJob = database.prepare(
    `INSERT INTO release_indexes (release_id, collection_id, job_id) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET job_id = excluded.job_id`,
  )
  const deleteLink = database.prepare('DELETE FROM release_indexes WHERE release_id = ? AND collection_id = ?')
  const selectPromotions = database.prepare<[], PromotionRow>('SELECT * FROM promotions ORDER BY created_at')
  const selectPromotion = database.prepare<[string], PromotionRow>('SELECT * FROM promotions WHERE line_id = ?')
  const insertPromotion = database.prepare(
    `INSERT INTO promotions (line_id, release_id, action, who, reason, is_override, gate, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const deletePromotion = database.prepare('DELETE FROM promotions WHERE line_id = ?')
  const since = (): number => Date.now() - keptMs

  return {
    setUses(owner, choice, collectionIds) {
      deleteUses.run(owner)
      const [lineId, releaseId] = choice.kind === 'pinned' ? [null, choice.releaseId] : [choice.lineId, null]
      for (const collectionId of collectionIds) insertUse.run(owner, collectionId, lineId, releaseId)
    },
    forgetCollection: (id) => void deleteUsesOf.run(id),
    pinnedTo: (releaseId) => selectPinned.get(releaseId) ?? 0,
    wanted: (collectionId) => selectWanted.all({ collectionId: collectionId ?? null }).map(toPair),
    collectionsOf: (lineId) => selectCollections.all(lineId) as CollectionId[],
    isWanted: ({ releaseId, collectionId }) => selectIsWanted.get(releaseId, collectionId) === 1,
    isKept: (indexId) => selectKept.get({ indexId, since: since() }) === 1,
    link({ releaseId, collectionId }) {
      const row = selectLink.get(releaseId, collectionId)
      return row && toLink(row)
    },
    linkOfJob(jobId) {
      const row = selectOfJob.get(jobId)
      return row && toLink(row)
    },
    setIndex: ({ releaseId, collectionId }, indexId) => void upsertIndex.run(releaseId, collectionId, indexId),
    setJob: ({ releaseId, collectionId }, jobId) => void upsertJob.run(releaseId, collectionId, jobId),
    unwanted: () => selectUnwanted.all({ since: since() }).map(toLink),
    unlink: ({ releaseId, collectionId }) => void deleteLink.run(releaseId, collectionId),
    promotions: () => selectPromotions.all().map(toPromotion),
    promotion(lineId) {
      const row = selectPromotion.get(lineId)
      return row && toPromotion(row)
    },
    startPromotion({ lineId, releaseId, action, who, reason, isOverride, gate }) {
      const said = gate && JSON.stringify(gate)
      insertPromotion.run(lineId, releaseId, action, who, reason, isOverride ? 1 : 0, said, Date.now())
    },
    endPromotion: (lineId) => void deletePromotion.run(lineId),
  }
}

interface PairRow {
  release_id: string
  collection_id: string
}

interface LinkRow extends PairRow {
  index_id: number | null
  job_id: string | null
}

interface PromotionRow {
  line_id: string
  release_id: string
  action: Promotion['action']
  who: string
  reason: string
  is_override: number
  gate: string | null
}

function toPair({ release_id, collection_id }: PairRow): ReleasePair {
  return { releaseId: release_id as ReleaseId, collectionId: collection_id as CollectionId }
}

function toLink(row: LinkRow): ReleaseLink {
  return { ...toPair(row), indexId: row.index_id, jobId: row.job_id as JobId | null }
}

function toPromotion(row: PromotionRow): Promotion {
  return {
    lineId: row.line_id as LineId,
    releaseId: row.release_id as ReleaseId,
    action: row.action,
    who: row.who,
    reason: row.reason,
    isOverride: row.is_override === 1,
    gate: row.gate === null ? null : (JSON.parse(row.gate) as GateResult),
  }
}
