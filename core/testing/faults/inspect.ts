import type { Database } from 'better-sqlite3'

/**
 * What is wrong with a workspace, in words; empty where nothing is. Holds at every moment, also right after a process
 * was killed: pages and references of the database, whole documents, each content once, an index that has exactly the
 * chunks it should have, counts of jobs that agree with their events.
 */
export function problemsOf(database: Database): string[] {
  const problems: string[] = []
  const none = (what: string, sql: string): void => {
    const rows = database.prepare(sql).all()
    if (rows.length > 0) problems.push(`${what}: ${rows.length}, such as ${JSON.stringify(rows[0]).slice(0, 300)}`)
  }
  const equal = (what: string, sql: string): void => {
    const [a, b] = database.prepare(sql).raw().get() as [number, number]
    if (a !== b) problems.push(`${what}: ${a} against ${b}`)
  }
  const integrity = database.pragma('integrity_check', { simple: true })
  if (integrity !== 'ok') problems.push(`integrity_check: ${String(integrity)}`)
  const foreign = database.pragma('foreign_key_check') as unknown[]
  if (foreign.length > 0) problems.push(`foreign_key_check: ${JSON.stringify(foreign[0])}`)

  none('ready and never read', `SELECT id, path FROM documents WHERE status = 'ready' AND version = 0`)
  none(
    'a version row that is not the present one, or none',
    `SELECT d.path, d.version, (SELECT group_concat(number) FROM document_versions v WHERE v.document_id = d.id) AS rows
     FROM documents d WHERE rows IS NOT CASE WHEN d.version > 0 THEN CAST(d.version AS TEXT) END`,
  )
  none(
    'content that two documents have',
    `SELECT group_concat(path) AS paths FROM documents WHERE version > 0 AND parent_id IS NULL AND approval IS NULL
     GROUP BY collection_id, content_hash HAVING count(*) > 1`,
  )
  none(
    'a file that is two things',
    `SELECT identity FROM document_paths p JOIN documents d USING (collection_id, identity)`,
  )
  none(
    'a document without its chunks in the active index',
    `SELECT d.path FROM documents d JOIN indexes i ON i.collection_id = d.collection_id AND i.state = 'active'
     WHERE d.version > 0 AND NOT EXISTS
       (SELECT 1 FROM chunks k WHERE k.document_id = d.id AND k.index_id = i.id AND k.version = d.version)`,
  )
  none(
    'chunks of another version',
    `SELECT k.id, d.path FROM chunks k JOIN documents d ON d.id = k.document_id WHERE k.version <> d.version`,
  )
  none(
    'chunks with gaps',
    `SELECT document_id FROM chunks GROUP BY index_id, document_id HAVING count(*) <> max(ordinal) + 1`,
  )
  none(
    'more than one active index',
    `SELECT collection_id FROM indexes WHERE state = 'active' GROUP BY 1 HAVING count(*) > 1`,
  )
  problems.push(...slices(database))

  for (const { id } of database.prepare<[], { id: number }>('SELECT id FROM indexes').all()) {
    const members = `index_${id}_members`
    none(
      `index ${id}, members without a chunk`,
      `SELECT * FROM ${members} m WHERE NOT EXISTS
         (SELECT 1 FROM chunks k WHERE k.id = m.chunk_id AND k.index_id = ${id} AND k.document_id = m.document_id)`,
    )
    none(
      `index ${id}, chunks that are not in it`,
      `SELECT id FROM chunks WHERE index_id = ${id} AND disabled = 0 AND id NOT IN (SELECT chunk_id FROM ${members})`,
    )
    none(
      `index ${id}, members without full text`,
      `SELECT chunk_id FROM ${members} WHERE chunk_id NOT IN (SELECT rowid FROM index_${id}_text)`,
    )
    equal(
      `index ${id}, rows of full text and members`,
      `SELECT (SELECT count(*) FROM index_${id}_text), (SELECT count(*) FROM ${members})`,
    )
    none(
      `index ${id}, members without their vector`,
      `SELECT chunk_id FROM ${members} WHERE has_vector = 1 AND chunk_id NOT IN (SELECT rowid FROM index_${id}_vectors)`,
    )
    equal(
      `index ${id}, vectors and members with one`,
      `SELECT (SELECT count(*) FROM index_${id}_vectors), (SELECT count(*) FROM ${members} WHERE has_vector = 1)`,
    )
    equal(
      `index ${id}, codes and vectors`,
      `SELECT (SELECT coalesce(sum(length(facts)), 0) / 12 FROM index_${id}_codes), (SELECT count(*) FROM index_${id}_vectors)`,
    )
    none(
      `index ${id}, vectors without a code`,
      `SELECT chunk_id FROM index_${id}_vectors WHERE chunk_id / 64 NOT IN (SELECT block FROM index_${id}_codes)`,
    )
    database.exec(`INSERT INTO index_${id}_text (index_${id}_text) VALUES ('integrity-check')`)
  }
  const known = database.prepare<[], number>('SELECT id FROM indexes').pluck().all()
  for (const name of database
    .prepare<[], string>(`SELECT name FROM sqlite_master WHERE name GLOB 'index_*_members'`)
    .pluck()
    .all()) {
    if (!known.includes(Number(/\d+/.exec(name)?.[0]))) problems.push(`tables of an index that is not there: ${name}`)
  }

  const ends = (outcome: string): string =>
    `(SELECT count(*) FROM job_events e WHERE e.job_id = j.id AND e.data ->> '$.type' = 'document-end'
      AND e.data ->> '$.outcome' ${outcome})`
  const listed = (field: string): string =>
    `(SELECT coalesce(sum(e.data ->> '$.${field}'), 0) FROM job_events e WHERE e.job_id = j.id
      AND e.data ->> '$.type' = 'source-listed')`
  none(
    'counts of a job that are not those of its events',
    `SELECT * FROM (SELECT j.id, kind, status, total, ready, unchanged, failed, removed, ${ends(`= 'ready'`)} AS readyEvents,
       ${ends(`IN ('unchanged', 'moved')`)} + ${listed('unchanged')} AS unchangedEvents,
       ${ends(`= 'failed'`)} + ${listed('failed')} AS failedEvents, ${ends(`= 'removed'`)} AS removedEvents FROM jobs j)
     WHERE (kind IN ('ingest', 'sync', 'reindex') AND
         (ready <> readyEvents OR unchanged <> unchangedEvents OR failed <> failedEvents OR removed <> removedEvents))
       OR ready + unchanged + failed > total OR (status = 'done' AND ready + unchanged + failed <> total)`,
  )
  none(
    'an item that is finished twice, or none of the job',
    `SELECT job_id, data ->> '$.documentId' AS document FROM job_events WHERE data ->> '$.type' = 'document-end'
       AND document IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1`,
  )
  none(
    'events with gaps',
    `SELECT job_id FROM job_events GROUP BY job_id HAVING count(*) <> max(number) OR min(number) <> 1`,
  )
  return problems
}

/** Chunks whose text is not the slice of the document that they say they are. */
function slices(database: Database): string[] {
  const problems: string[] = []
  const chunks = database.prepare<[string], { id: number; start_offset: number; end_offset: number; text: string }>(
    'SELECT id, start_offset, end_offset, text FROM chunks WHERE document_id = ? AND edit_id IS NULL',
  )
  const versions = database
    .prepare<[], { document_id: string; text: string }>(
      `SELECT document_id, text || coalesce((SELECT group_concat(p.text, '' ORDER BY p.piece) FROM document_text_pieces p
         WHERE p.document_id = v.document_id AND p.number = v.number), '') AS text FROM document_versions v`,
    )
    .all()
  for (const { document_id: id, text } of versions) {
    for (const chunk of chunks.all(id)) {
      if (text.slice(chunk.start_offset, chunk.end_offset) === chunk.text) continue
      problems.push(`a chunk that is no slice of its document: ${chunk.id} of ${id}`)
    }
  }
  return problems
}
