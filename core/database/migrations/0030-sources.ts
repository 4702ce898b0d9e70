/**
 * Sources that are kept in step with the disk: how each is refreshed, what its files looked like when they were last
 * read, further places of the same content, files that wait for approval. Edits of chunks and tags are a person's work
 * and precious; an index remembers the pipeline that it was built with, so that one can go back to it.
 */
export const name = '0030-sources'

export const sql = `
CREATE TABLE sources_next (
  id TEXT PRIMARY KEY,
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('folder', 'zip', 'files', 'upload')),
  location TEXT NOT NULL, -- absolute path of the folder or archive, '' for files and uploads
  options TEXT NOT NULL DEFAULT '{}', -- JSON, see contract/sources.ts
  created_at INTEGER NOT NULL,
  synced_at INTEGER, -- when the last sync ended well
  result TEXT, -- JSON: counts of the last sync
  error TEXT, -- JSON: why the last sync could not be done, null after one that could
  UNIQUE (collection_id, kind, location)
) STRICT;
INSERT INTO sources_next (id, collection_id, kind, location, created_at)
  SELECT id, collection_id, kind, location, created_at FROM sources WHERE kind <> 'file';
-- Files that were named one by one are one source of their collection.
INSERT INTO sources_next (id, collection_id, kind, location, created_at)
  SELECT min(id), collection_id, 'files', '', min(created_at) FROM sources WHERE kind = 'file' GROUP BY collection_id;
CREATE TEMP TABLE source_of AS
  SELECT d.id AS document_id, n.id AS source_id FROM documents d
  JOIN sources s ON s.id = d.source_id
  JOIN sources_next n ON n.id = s.id OR (s.kind = 'file' AND n.kind = 'files' AND n.collection_id = s.collection_id);
DROP TABLE sources; -- sets documents.source_id to null
ALTER TABLE sources_next RENAME TO sources;
UPDATE documents SET source_id = (SELECT source_id FROM temp.source_of o WHERE o.document_id = documents.id);
DROP TABLE temp.source_of;

ALTER TABLE documents ADD COLUMN parent_id TEXT REFERENCES documents(id) ON DELETE CASCADE; -- of an attachment: its message
ALTER TABLE documents ADD COLUMN member TEXT; -- JSON array: the way into the file at 'location', outermost first
ALTER TABLE documents ADD COLUMN modified_ms REAL; -- of the file when it was last listed
ALTER TABLE documents ADD COLUMN approval TEXT CHECK (approval IN ('waiting', 'rejected')); -- null: approved
ALTER TABLE documents ADD COLUMN vanished INTEGER NOT NULL DEFAULT 0; -- 1: the last sync did not find its file; taken out at the end of it
ALTER TABLE documents ADD COLUMN tried_with TEXT; -- of a failed one: fingerprint of the parsers there were
ALTER TABLE documents ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}'; -- JSON, see contract/parsed-document.ts
ALTER TABLE documents ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'; -- JSON array, set by people
CREATE INDEX documents_by_parent ON documents(parent_id);
CREATE INDEX documents_by_content ON documents(collection_id, size, content_hash);

ALTER TABLE document_versions ADD COLUMN has_lines INTEGER NOT NULL DEFAULT 0;

-- Further places of a document's content: the same bytes under another path.
CREATE TABLE document_paths (
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  identity TEXT NOT NULL,
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  source_id TEXT REFERENCES sources(id) ON DELETE SET NULL,
  location TEXT NOT NULL,
  member TEXT,
  path TEXT NOT NULL,
  name TEXT NOT NULL,
  size INTEGER NOT NULL,
  modified_ms REAL,
  vanished INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (collection_id, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX document_paths_by_document ON document_paths(document_id);
CREATE INDEX document_paths_by_source ON document_paths(source_id);

CREATE TABLE chunk_edits (
  id TEXT PRIMARY KEY,
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('disable', 'edit', 'add')),
  anchor TEXT NOT NULL, -- the text of the document that it is about
  start_offset INTEGER NOT NULL, -- where that text stood last, UTF-16 code units
  text TEXT, -- what is indexed instead; null for 'disable'
  lost INTEGER NOT NULL DEFAULT 0, -- 1 when the anchor is not in the document any more
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX chunk_edits_by_document ON chunk_edits(document_id);

ALTER TABLE jobs ADD COLUMN added INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;

-- Derived.
ALTER TABLE indexes ADD COLUMN pipeline TEXT; -- JSON: what it was built with; null before this migration
ALTER TABLE indexes ADD COLUMN retired_at INTEGER;
ALTER TABLE chunks ADD COLUMN place TEXT; -- 'sheet Costs, B2:F30', 'slide 4', 'lines 10-24'
ALTER TABLE chunks ADD COLUMN edited TEXT; -- indexed instead of 'text'
ALTER TABLE chunks ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0; -- 1: shown, never found
ALTER TABLE chunks ADD COLUMN edit_id TEXT; -- the edit that made it what it is
`
