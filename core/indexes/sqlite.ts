import { z } from 'zod'
import type { Database, Statement } from 'better-sqlite3'
import { AppError } from '../contract/errors.ts'
import {
  type IndexDefinition,
  type IndexDependencies,
  type IndexFilter,
  type IndexHit,
  type IndexStore,
  rarityOf,
} from './index-store.ts'
import { createVectorCodes, isDirection } from './parts/vector-codes.ts'
import { analyseQuery, analyseWord, indexedText } from './text-analysis.ts'
import type { QueryTerm } from './text-analysis.ts'

/**
 * Full text in FTS5, vectors in a table that sqlite-vec's distance function is run over, in the workspace's own database.
 * Text scores are FTS5's BM25 (k1 1.2, b 0.75; https://sqlite.org/fts5.html#the_bm25_function) over words stemmed by
 * Porter's algorithm, with accents removed. Vector search is exact: results are those of comparing every vector. In a large
 * index short codes say first which vectors need no comparing (`parts/vector-codes.ts`). Vectors are in an ordinary table,
 * because sqlite-vec's own (vec0) keeps a thousand of them in one value of a megabyte: taking one out costs a walk through
 * it, and its space comes back late.
 *
 * There is no option for the codes: results are the same, and an option with a default would change the fingerprint of
 * every index there is. The version stays for the same reason: codes are made of what is stored.
 */
export const sqliteIndex: IndexDefinition<Record<string, never>> = {
  id: 'sqlite',
  label: 'SQLite',
  summary: 'Full text and exact vector search in the workspace’s own database file. Good up to some 100,000 passages.',
  version: 1,
  options: z.object({}).strict(),
  create: (_options, dependencies) => createSqliteIndex(dependencies),
}

/** Up to so many vectors each of them is compared: codes would save nothing that could be measured. */
const fewChunks = 2000

function createSqliteIndex({ database, indexId, dimensions }: IndexDependencies): IndexStore {
  if (!Number.isSafeInteger(indexId) || !Number.isSafeInteger(dimensions) || dimensions < 1) {
    throw new RangeError(`An index needs a whole number and dimensions: ${indexId}, ${dimensions}.`)
  }
  const tables = {
    members: `index_${indexId}_members`,
    text: `index_${indexId}_text`,
    vectors: `index_${indexId}_vectors`,
    codes: `index_${indexId}_codes`,
  }
  const statement = prepareOnce(database)
  const codes = createVectorCodes({ database, statement, dimensions, tables })
  const within = `IN (SELECT chunk_id FROM ${tables.members}
    WHERE document_id IN (SELECT value FROM json_each(:documents)))`

  const matchText = (expression: string, limit: number, filter?: IndexFilter): IndexHit[] => {
    if (expression === '' || limit < 1) return []
    const documents = documentsOf(filter)
    // FTS5 gives -BM25 as `rank`, best first.
    const rows = statement(
      `SELECT rowid AS chunkId, -rank AS score FROM ${tables.text} WHERE ${tables.text} MATCH :expression
       ${documents === undefined ? '' : `AND rowid ${within}`} ORDER BY rank LIMIT :limit`,
    ).all(parameters({ expression, limit: BigInt(Math.trunc(limit)) }, documents)) as IndexHit[]
    return sortHits(rows)
  }

  const countChunks = (): number => statement(`SELECT count(*) FROM ${tables.members}`).pluck().get() as number
  const countMatches = (expression: string): number =>
    statement(`SELECT count(*) FROM ${tables.text} WHERE ${tables.text} MATCH ?`).pluck().get(expression) as number

  /** In the caller's transaction where there is one: at a savepoint FTS5 writes out what it holds, every time. */
  const together = (action: () => void): void => {
    if (database.inTransaction) action()
    else database.transaction(action)()
  }
  const removeOne = (chunkId: number): void => {
    const id = BigInt(chunkId)
    const member = statement(`DELETE FROM ${tables.members} WHERE chunk_id = ? RETURNING has_vector AS hasVector`)
    const known = member.get(id) as { hasVector: number } | undefined
    if (!known) return
    statement(`DELETE FROM ${tables.text} WHERE rowid = ?`).run(id)
    if (known.hasVector) statement(`DELETE FROM ${tables.vectors} WHERE rowid = ?`).run(id)
  }

  const inDocuments = (documents: string | undefined): string =>
    `SELECT chunk_id FROM ${tables.members}
     ${documents === undefined ? '' : 'WHERE document_id IN (SELECT value FROM json_each(:documents))'}`

  /** An index of before gets its codes with the first search that needs them. False where it cannot be written to. */
  const haveCodes = (): boolean => {
    if (codes.exists()) return true
    if (database.readonly) return false
    try {
      together(() => {
        takeOverVectors(database, tables.vectors)
        codes.create()
      })
      return true
    } catch (error) {
      // A full disk: answers come without codes, too, and the next search tries again.
      if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_')) return false
      throw error
    }
  }

  /** The chunks that need comparing, or undefined where that is all of them. */
  const candidatesFor = (vector: Float32Array, limit: number, documents?: string): number[] | undefined => {
    const read = statement(`${inDocuments(documents)} LIMIT 1 OFFSET ${fewChunks}`)
    if (read.get(parameters({}, documents)) === undefined || !haveCodes()) return undefined
    const among =
      documents === undefined ? undefined : (statement(inDocuments(documents)).pluck().all({ documents }) as number[])
    return codes.candidates(vector, limit, among)?.map(({ chunkId }) => chunkId)
  }

  return {
    create() {
      database.exec(`
        CREATE TABLE IF NOT EXISTS ${tables.members} (
          chunk_id INTEGER PRIMARY KEY, document_id TEXT NOT NULL, has_vector INTEGER NOT NULL) STRICT;
        CREATE INDEX IF NOT EXISTS ${tables.members}_document ON ${tables.members} (document_id);
        CREATE VIRTUAL TABLE IF NOT EXISTS ${tables.text} USING fts5(
          body, content = '', contentless_delete = 1,
          tokenize = "porter unicode61 remove_diacritics 2 categories 'L* N* M* Co'");
        CREATE TABLE IF NOT EXISTS ${tables.vectors} (
          chunk_id INTEGER PRIMARY KEY, embedding BLOB NOT NULL) STRICT`)
      together(() => {
        takeOverVectors(database, tables.vectors)
        codes.create()
      })
      // By itself FTS5 writes a segment anew for every tenth of it that is taken out. `optimize` does that once.
      const config = `SELECT v FROM ${tables.text}_config WHERE k = 'deletemerge'`
      if (database.prepare(config).pluck().get() !== 0)
        database.exec(`INSERT INTO ${tables.text} (${tables.text}, rank) VALUES ('deletemerge', 0)`)
    },

    drop() {
      for (const table of Object.values(tables)) database.exec(`DROP TABLE IF EXISTS ${table}`)
      codes.forget()
    },

    add(entries) {
      const addMember = statement(`INSERT INTO ${tables.members} VALUES (?, ?, ?)`)
      const addText = statement(`INSERT INTO ${tables.text} (rowid, body) VALUES (?, ?)`)
      const addVector = statement(`INSERT INTO ${tables.vectors} (rowid, embedding) VALUES (?, ?)`)
      together(() => {
        for (const entry of entries) {
          checkVector(entry.vector, dimensions)
          const hasVector = isDirection(entry.vector)
          // A table of vec0 that was not taken over yet takes whole numbers only as BigInt.
          const id = BigInt(entry.chunkId)
          removeOne(entry.chunkId)
          addMember.run(id, entry.documentId, hasVector ? 1n : 0n)
          addText.run(id, indexedText(entry.text))
          if (hasVector) addVector.run(id, bytesOf(entry.vector))
        }
        codes.update(entries.map(({ chunkId }) => chunkId))
      })
    },

    remove(chunkIds) {
      together(() => {
        chunkIds.forEach(removeOne)
        codes.update(chunkIds)
      })
    },

    searchText(query, limit, filter) {
      return matchText(expressionsOf(query, 'words').join(' OR '), limit, filter)
    },

    searchPhrases(query, limit, filter) {
      return matchText(expressionsOf(query, 'phrases').join(' OR '), limit, filter)
    },

    textParts(query, kind, limit, filter) {
      const expressions = expressionsOf(query, kind)
      const hits = matchText(expressions.join(' OR '), limit, filter).map(({ chunkId }) => ({
        chunkId,
        parts: expressions.map(() => 0),
      }))
      const partsOf = new Map(hits.map(({ chunkId, parts }) => [chunkId, parts]))
      const among = JSON.stringify([...partsOf.keys()])
      const chunks = countChunks()
      const frequencies = expressions.map((expression, term) => {
        const frequency = countMatches(expression)
        const rarity = rarityOf(chunks, frequency)
        // The plus keeps SQLite from looking up one chunk after the other, each time through all that have the term.
        const rows = statement(
          `SELECT rowid AS chunkId, -rank AS score FROM ${tables.text}
           WHERE ${tables.text} MATCH :expression AND +rowid IN (SELECT value FROM json_each(:among))`,
        ).all({ expression, among }) as IndexHit[]
        for (const { chunkId, score } of rows) partsOf.get(chunkId)![term] = score / rarity
        return frequency
      })
      return { chunks, frequencies, hits }
    },

    searchVector(vector, limit, filter) {
      checkVector(vector, dimensions)
      if (!isDirection(vector) || limit < 1) return []
      const documents = documentsOf(filter)
      const wanted = Math.trunc(limit)
      const candidates = candidatesFor(vector, wanted, documents)
      const among = candidates ? 'IN (SELECT value FROM json_each(:candidates))' : documents === undefined ? '' : within
      const values = { vector: bytesOf(vector), limit: BigInt(wanted) }
      const rows = statement(
        `SELECT rowid AS chunkId, 1 - vec_distance_cosine(embedding, :vector) AS score FROM ${tables.vectors}
         ${among === '' ? '' : `WHERE rowid ${among}`} ORDER BY score DESC, rowid LIMIT :limit`,
      ).all(
        candidates ? { ...values, candidates: JSON.stringify(candidates) } : parameters(values, documents),
      ) as IndexHit[]
      // An index of before may hold what is no direction.
      return sortHits(rows.filter(({ score }) => Number.isFinite(score)))
    },

    vectors(chunkIds) {
      const read = statement(`SELECT embedding FROM ${tables.vectors} WHERE rowid = ?`).pluck()
      return new Map(
        chunkIds.flatMap((chunkId) => {
          const bytes = read.get(BigInt(chunkId)) as Buffer | undefined
          // Copied: the bytes need not begin where a float may begin.
          return bytes ? [[chunkId, new Float32Array(Uint8Array.from(bytes).buffer)] as const] : []
        }),
      )
    },

    termStatistics(words) {
      const frequencies = words.map((word) => {
        const term = analyseWord(word)
        return term ? countMatches(quote(term)) : 0
      })
      return { chunks: countChunks(), frequencies }
    },

    size() {
      const bytes = (sql: string): number => statement(sql).pluck().get() as number
      return (
        bytes(`SELECT coalesce(sum(length(block)), 0) FROM ${tables.text}_data`) +
        bytes(`SELECT coalesce(sum(length(embedding)), 0) FROM ${tables.vectors}`) +
        codes.size()
      )
    },

    optimize() {
      database.exec(`INSERT INTO ${tables.text} (${tables.text}) VALUES ('optimize')`)
    },
  }
}

/**
 * Indexes of before kept their vectors in a table of vec0, which answers the same statements, only slowly. The caller holds
 * the transaction.
 */
function takeOverVectors(database: Database, table: string): void {
  const kind = database.prepare<[string], string>('SELECT sql FROM sqlite_master WHERE name = ?').pluck().get(table)
  if (!kind?.startsWith('CREATE VIRTUAL')) return
  database.exec(`
    CREATE TABLE ${table}_next (chunk_id INTEGER PRIMARY KEY, embedding BLOB NOT NULL) STRICT;
    INSERT INTO ${table}_next SELECT rowid, embedding FROM ${table};
    DROP TABLE ${table};
    ALTER TABLE ${table}_next RENAME TO ${table}`)
}

/** What a query looks for, one by one, as FTS5 reads it. */
function expressionsOf(query: string, kind: 'words' | 'phrases'): string[] {
  const { terms, phrases } = analyseQuery(query)
  return kind === 'words' ? terms.map(quote) : phrases.map((phrase) => `"${phrase}"`)
}

/** Terms hold letters, digits and marks only, so that quotes make each of them plain text to FTS5. */
function quote(term: QueryTerm): string {
  return `"${term.text}"${term.prefix ? '*' : ''}`
}

function documentsOf(filter: IndexFilter | undefined): string | undefined {
  return filter?.documentIds === undefined ? undefined : JSON.stringify(filter.documentIds)
}

function parameters(values: Record<string, unknown>, documents: string | undefined): Record<string, unknown> {
  return documents === undefined ? values : { ...values, documents }
}

/** Best first; equal scores in the order of the chunks, so that two runs give one ranking. */
function sortHits(hits: IndexHit[]): IndexHit[] {
  return hits.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId)
}

function checkVector(vector: Float32Array, dimensions: number): void {
  if (vector.length === dimensions) return
  throw new AppError(
    'model-invalid',
    `A vector of ${vector.length} numbers does not fit an index of ${dimensions}. Index the collection again with its ` +
      'present model.',
    { details: { expected: dimensions, given: vector.length } },
  )
}

function bytesOf(vector: Float32Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

/** Statements are prepared when first used, not at creation: the tables may not exist before. */
function prepareOnce(database: Database): (sql: string) => Statement {
  const prepared = new Map<string, Statement>()
  return (sql) => {
    let found = prepared.get(sql)
    if (!found) prepared.set(sql, (found = database.prepare(sql)))
    return found
  }
}
