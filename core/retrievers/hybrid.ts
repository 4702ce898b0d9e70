import { z } from 'zod'
import { throwIfAborted } from '../shared/abort.ts'
import { minMax, ranked, reciprocalRanks, weightedSum } from './fusion.ts'
import type { Leg, Scores } from './fusion.ts'
import type {
  Candidate,
  ChunkPlace,
  FoundBy,
  Rejected,
  Retriever,
  RetrieverDefinition,
  RetrieverDependencies,
  RetrievalQuery,
} from './retriever.ts'

const optionsSchema = z.object({
  fusion: z
    .enum(['convex', 'rrf'])
    .default('convex')
    .describe('How text and vector results become one list: by their scores (convex), or by their ranks alone (RRF).'),
  candidates: z
    .int()
    .min(10)
    .max(1000)
    .default(200)
    .describe('Passages taken from each search before they are combined.'),
  vectorWeight: z
    .number()
    .min(0)
    .max(1)
    .default(0.25)
    .describe('Share of the vector search, 0 to 1; less where the model does not know the words of the question.'),
  phraseWeight: z
    .number()
    .min(0)
    .max(2)
    .default(0.2)
    .describe('What neighbouring words of the question add where a passage has them side by side. 0: nothing.'),
  feedbackWeight: z
    .number()
    .min(0)
    .max(2)
    .default(0.4)
    .describe('How much passages rise that are like the best ones found. 0: not at all.'),
  feedbackPassages: z.int().min(1).max(50).default(3).describe('How many of the best passages that looks at.'),
  rankConstant: z.int().min(1).max(1000).default(60).describe('RRF only: higher makes the first ranks count less.'),
  mergeNeighbours: z
    .boolean()
    .default(true)
    .describe('Passages that follow one another in a document, or overlap, become one result.'),
  maxMergedChunks: z.int().min(1).max(50).default(4).describe('A merged result has at most this many passages.'),
  perDocument: z
    .int()
    .min(0)
    .max(1000)
    .default(3)
    .describe('Results from one document at most, so that others are seen too. 0: no limit.'),
  leastShare: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      'Results that score less than this share of the best one are left out, so that less text is read. 0: none.',
    ),
})
type Options = z.infer<typeof optionsSchema>

/**
 * Words, phrases and vectors together. Text alone and vectors alone are modes of the same retriever: pure BM25 and pure
 * cosine, for comparison.
 */
export const hybridRetriever: RetrieverDefinition<Options> = {
  id: 'hybrid',
  label: 'Text and vectors',
  summary: 'Finds passages by their words and by their meaning and weighs both. The default for everything.',
  version: 1,
  options: optionsSchema,
  create: createHybridRetriever,
}

interface Found {
  scores: Scores
  scoreKind: Candidate['scoreKind']
  text: Leg
  vector: Leg
}

function createHybridRetriever(options: Options, dependencies: RetrieverDependencies): Retriever {
  return {
    async retrieve(query, { signal } = {}) {
      throwIfAborted(signal)
      if (query.k < 1) return []
      const found = await search(query, options, dependencies, signal)
      throwIfAborted(signal)
      return group(found, query, options, dependencies)
    },
  }
}

async function search(
  query: RetrievalQuery,
  options: Options,
  dependencies: RetrieverDependencies,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { text, mode, filter } = query
  const limit = Math.max(options.candidates, query.k)
  const textLeg = mode === 'vector' ? [] : clean(await dependencies.searchText(text, limit, filter))
  throwIfAborted(signal)
  if (mode === 'text') return { scores: rawScores(textLeg), scoreKind: 'bm25', text: textLeg, vector: [] }

  const { vector, coverage } = await dependencies.embedQuery(text)
  throwIfAborted(signal)
  const vectorLeg = clean(await dependencies.searchVector(vector, limit, filter))
  if (mode === 'vector') return { scores: rawScores(vectorLeg), scoreKind: 'cosine', text: [], vector: vectorLeg }
  throwIfAborted(signal)

  // Squared: a question of which the model knows a third (another language) says far less than a third to it.
  const trust = Number.isFinite(coverage) ? Math.min(1, Math.max(0, coverage)) ** 2 : 0
  const vectorShare = textLeg.length === 0 ? 1 : vectorLeg.length === 0 ? 0 : options.vectorWeight * trust
  const phrases =
    options.phraseWeight > 0 && textLeg.length > 0
      ? clean((await dependencies.searchPhrases?.(text, limit, filter)) ?? [])
      : []
  const words = withPhrases(textLeg, phrases, options.phraseWeight)
  const normalise = (leg: Leg): Scores =>
    options.fusion === 'rrf' ? reciprocalRanks(leg, options.rankConstant) : minMax(leg)
  const fused = weightedSum([
    { scores: normalise(words), weight: 1 - vectorShare },
    { scores: normalise(vectorLeg), weight: vectorShare },
  ])
  const scores = options.fusion === 'convex' ? await withFeedback(fused, trust, options, dependencies) : fused
  return { scores, scoreKind: 'fusion', text: textLeg, vector: vectorLeg }
}

/** BM25 over the words plus a part of BM25 over pairs of neighbouring words. */
function withPhrases(words: Leg, phrases: Leg, weight: number): Leg {
  if (phrases.length === 0) return words
  const known = new Set(words.map(({ chunkId }) => chunkId))
  return ranked(
    weightedSum([
      { scores: rawScores(words), weight: 1 },
      // A chunk with a phrase has its words too; one that is not among the word results would lack their part.
      { scores: rawScores(phrases.filter(({ chunkId }) => known.has(chunkId))), weight },
    ]),
  )
}

/**
 * Pseudo-relevance feedback by vectors (Rocchio, 1971, with no weight on the question itself): what is close to the mean
 * of the best results rises. Only re-orders what was found.
 */
async function withFeedback(
  scores: Scores,
  trust: number,
  options: Options,
  { vectors }: RetrieverDependencies,
): Promise<Scores> {
  const weight = options.feedbackWeight * trust
  if (!vectors || !(weight > 0) || scores.size < 2) return scores
  const order = ranked(scores).slice(0, options.candidates)
  const known = await vectors(order.map(({ chunkId }) => chunkId))
  const centre = weightedCentre(order.slice(0, options.feedbackPassages), known)
  if (!centre) return scores
  const likeness = order.flatMap(({ chunkId }) => {
    const vector = known.get(chunkId)
    return vector ? [{ chunkId, score: dot(centre, vector) }] : []
  })
  return weightedSum([
    { scores, weight: 1 },
    { scores: minMax(likeness), weight },
  ])
}

function weightedCentre(best: Leg, vectors: ReadonlyMap<number, Float32Array>): Float64Array | undefined {
  let centre: Float64Array | undefined
  for (const { chunkId, score } of best) {
    const vector = vectors.get(chunkId)
    if (!vector || !(score > 0)) continue
    centre ??= new Float64Array(vector.length)
    for (let index = 0; index < vector.length; index++) centre[index]! += score * vector[index]!
  }
  return centre
}

function dot(a: Float64Array, b: Float32Array): number {
  let sum = 0
  for (let index = 0; index < b.length; index++) sum += a[index]! * b[index]!
  return sum
}

/**
 * From scored chunks to results: neighbours merged, small chunks of one larger passage too, few from one document, the
 * best `k`.
 */
function group(
  found: Found,
  query: RetrievalQuery,
  options: Options,
  { places, rejected }: RetrieverDependencies,
): Candidate[] {
  const order = ranked(found.scores)
  const placeOf = new Map(places(order.map(({ chunkId }) => chunkId)).map((place) => [place.chunkId, place]))
  const text = positions(found.text)
  const vector = positions(found.vector)
  const chunkAt = new Map([...placeOf.values()].map((place) => [address(place, 0), place.chunkId]))
  const least = options.leastShare > 0 ? (order[0]?.score ?? 0) * options.leastShare : -Infinity
  // Neighbours are joined only among the results that stand a chance of being shown.
  const eligible = new Set(order.slice(0, 2 * query.k).flatMap((hit) => (hit.score < least ? [] : [hit.chunkId])))
  const taken = new Set<number>()
  const resultsOf = new Map<string, number>()
  const candidates: Candidate[] = []
  const answers = createAnswers(options, placeOf)
  const scored = (chunkId: number, score: number, { documentId }: ChunkPlace): Omit<Candidate, 'chunkIds'> => {
    const [textHit, vectorHit] = [text.get(chunkId), vector.get(chunkId)]
    return {
      chunkId,
      documentId,
      score,
      scoreKind: found.scoreKind,
      foundBy: foundBy(textHit !== undefined, vectorHit !== undefined),
      ...(textHit ? { textScore: textHit.score, textRank: textHit.rank } : {}),
      ...(vectorHit ? { vectorScore: vectorHit.score, vectorRank: vectorHit.rank } : {}),
    }
  }
  for (const { chunkId, score } of order) {
    if (candidates.length >= query.k || score < least) break
    const place = placeOf.get(chunkId)
    // A chunk that was removed meanwhile has no place.
    if (!place || taken.has(chunkId)) continue
    if (answers.take(place)) {
      taken.add(chunkId)
      continue
    }
    const count = resultsOf.get(place.documentId) ?? 0
    if (options.perDocument > 0 && count >= options.perDocument) continue
    const isFree = (id: number): boolean => eligible.has(id) && !taken.has(id) && !placeOf.get(id)?.answer
    const chunkIds =
      options.mergeNeighbours && !place.answer
        ? withNeighbours(place, chunkAt, isFree, options.maxMergedChunks)
        : [chunkId]
    for (const id of chunkIds) taken.add(id)
    resultsOf.set(place.documentId, count + 1)
    const candidate: Candidate = { ...scored(chunkId, score, place), chunkIds }
    candidates.push(candidate)
    answers.open(candidate, place)
  }
  rejected?.(
    order.flatMap(({ chunkId, score }): Rejected[] => {
      const place = placeOf.get(chunkId)
      if (!place || taken.has(chunkId)) return []
      const isFull = options.perDocument > 0 && (resultsOf.get(place.documentId) ?? 0) >= options.perDocument
      return [
        {
          ...scored(chunkId, score, place),
          reason: score < least ? 'least-share' : isFull ? 'document-limit' : 'rank',
        },
      ]
    }),
  )
  return candidates
}

/** Results that are larger than what was found in them. */
interface Answers {
  open(candidate: Candidate, place: ChunkPlace): void
  /** Whether a chunk's answer is in an open result, or overlaps one and makes it larger: it is then one more hit in it. */
  take(place: ChunkPlace): boolean
}

function createAnswers(
  { mergeNeighbours, maxMergedChunks }: Pick<Options, 'mergeNeighbours' | 'maxMergedChunks'>,
  placeOf: ReadonlyMap<number, ChunkPlace>,
): Answers {
  const ordinal = (id: number): number => placeOf.get(id)?.ordinal ?? 0
  const byDocument = new Map<string, { candidate: Candidate; start: number; end: number }[]>()
  return {
    open(candidate, { documentId, answer }) {
      if (!answer) return
      const known = byDocument.get(documentId)
      if (known) known.push({ candidate, ...answer })
      else byDocument.set(documentId, [{ candidate, ...answer }])
    },
    take({ chunkId, documentId, answer }) {
      if (!answer) return false
      const { start, end } = answer
      const open = byDocument.get(documentId) ?? []
      const grows = ({ candidate }: { candidate: Candidate }): boolean =>
        mergeNeighbours && candidate.chunkIds.length < maxMergedChunks
      const home =
        open.find((result) => start >= result.start && end <= result.end) ??
        open.find((result) => start < result.end && end > result.start && grows(result))
      if (!home) return false
      home.start = Math.min(home.start, start)
      home.end = Math.max(home.end, end)
      home.candidate.chunkIds = [...home.candidate.chunkIds, chunkId].sort((a, b) => ordinal(a) - ordinal(b))
      return true
    },
  }
}

/** The run of eligible chunks around a chunk, in document order, grown one by one on alternating sides. */
function withNeighbours(
  place: ChunkPlace,
  chunkAt: ReadonlyMap<string, number>,
  isFree: (chunkId: number) => boolean,
  limit: number,
): number[] {
  const run = [place.chunkId]
  const open = { before: true, after: true }
  let [before, after] = [-1, 1]
  const next = (offset: number): number | undefined => {
    const id = chunkAt.get(address(place, offset))
    return id !== undefined && isFree(id) ? id : undefined
  }
  while (run.length < limit && (open.before || open.after)) {
    if (open.after) {
      const id = next(after++)
      if (id === undefined) open.after = false
      else run.push(id)
    }
    if (open.before && run.length < limit) {
      const id = next(before--)
      if (id === undefined) open.before = false
      else run.unshift(id)
    }
  }
  return run
}

function address(place: ChunkPlace, offset: number): string {
  return `${place.ordinal + offset} ${place.documentId}`
}

function foundBy(text: boolean, vector: boolean): FoundBy {
  return text && vector ? 'both' : vector ? 'vector' : 'text'
}

function positions(leg: Leg): Map<number, { score: number; rank: number }> {
  return new Map(leg.map(({ chunkId, score }, index) => [chunkId, { score, rank: index + 1 }]))
}

/** One score that is not a number would spoil every comparison in a sort. */
function clean(leg: Leg): Leg {
  return leg.filter(({ score }) => Number.isFinite(score))
}

function rawScores(leg: Leg): Scores {
  return new Map(leg.map(({ chunkId, score }) => [chunkId, score]))
}
