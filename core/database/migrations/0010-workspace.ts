/** The first shape of a workspace. Precious tables first, derived tables (rebuildable from the precious ones) last. */
export const name = '0010-workspace'

export const sql = `
CREATE TABLE settings (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE collections (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL COLLATE NOCASE UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  pipeline TEXT NOT NULL, -- JSON, see contract/pipeline.ts
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE sources (
  id TEXT PRIMARY KEY,
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('folder', 'file', 'upload')),
  location TEXT NOT NULL, -- absolute path, or '' for uploads
  created_at INTEGER NOT NULL,
  UNIQUE (collection_id, kind, location)
) STRICT;

CREATE TABLE uploads (
  id TEXT PRIMARY KEY,
  path TEXT NOT NULL, -- relative, as dropped
  received INTEGER NOT NULL DEFAULT 0,
  complete INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  collection_id TEXT REFERENCES collections(id) ON DELETE SET NULL,
  input TEXT NOT NULL, -- JSON
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  error TEXT, -- JSON
  listed INTEGER NOT NULL DEFAULT 0, -- 1 once every item of the job is a row with its job_id
  total INTEGER,
  ready INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  chunks INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX jobs_by_status ON jobs(status);

CREATE TABLE job_events (
  job_id TEXT NOT NULL REFERENCES jobs(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  data TEXT NOT NULL, -- JSON, see contract/jobs.ts
  PRIMARY KEY (job_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE documents (
  id TEXT PRIMARY KEY,
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  source_id TEXT REFERENCES sources(id) ON DELETE SET NULL,
  job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL, -- the job that has it in hand, or had it last
  identity TEXT NOT NULL, -- what makes it the same document next time: absolute path, or 'upload:' and relative path
  location TEXT NOT NULL, -- absolute path of the bytes
  upload_id TEXT REFERENCES uploads(id) ON DELETE SET NULL,
  path TEXT NOT NULL, -- what a person sees
  name TEXT NOT NULL,
  type TEXT NOT NULL DEFAULT 'unknown',
  size INTEGER NOT NULL DEFAULT 0,
  status TEXT NOT NULL CHECK (status IN ('queued', 'reading', 'chunking', 'embedding', 'ready', 'failed')),
  reason TEXT, -- JSON, see contract/errors.ts
  title TEXT,
  pages INTEGER,
  warnings TEXT NOT NULL DEFAULT '[]',
  version INTEGER NOT NULL DEFAULT 0, -- number of the current version, 0 = never ready
  content_hash TEXT, -- SHA-256 of the bytes of the current version
  added_at INTEGER NOT NULL,
  indexed_at INTEGER,
  UNIQUE (collection_id, identity)
) STRICT;
CREATE INDEX documents_by_path ON documents(collection_id, path);
CREATE INDEX documents_by_job ON documents(job_id, status);

CREATE TABLE document_versions (
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  content_hash TEXT NOT NULL,
  parser TEXT NOT NULL, -- id and version of the parser, such as 'pdf@1'
  text TEXT NOT NULL,
  elements TEXT NOT NULL, -- JSON, see contract/parsed-document.ts
  pages TEXT NOT NULL, -- JSON
  created_at INTEGER NOT NULL,
  PRIMARY KEY (document_id, number)
) STRICT;

CREATE TABLE traces (
  id TEXT PRIMARY KEY,
  collection_id TEXT REFERENCES collections(id) ON DELETE SET NULL,
  question TEXT NOT NULL,
  refused INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms REAL NOT NULL,
  data TEXT NOT NULL -- JSON, see contract/ask.ts
) STRICT;
CREATE INDEX traces_by_time ON traces(started_at);

-- Derived: everything below can be rebuilt from document_versions.

CREATE TABLE indexes (
  id INTEGER PRIMARY KEY,
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  fingerprint TEXT NOT NULL, -- hash of the ingest half of the pipeline
  dimensions INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('building', 'active', 'retired')),
  created_at INTEGER NOT NULL,
  UNIQUE (collection_id, fingerprint)
) STRICT;

CREATE TABLE chunks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  index_id INTEGER NOT NULL REFERENCES indexes(id) ON DELETE CASCADE,
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  version INTEGER NOT NULL,
  ordinal INTEGER NOT NULL, -- 0-based position in the document
  start_offset INTEGER NOT NULL, -- UTF-16 code units into the version's text
  end_offset INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  page_first INTEGER,
  page_last INTEGER,
  headings TEXT NOT NULL, -- JSON array
  context TEXT NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (index_id, document_id, ordinal)
) STRICT;
CREATE INDEX chunks_by_document ON chunks(document_id, index_id);

-- With row ids, so that vectors are written one after the other and only the small index is filled at random.
CREATE TABLE embedding_cache (
  id INTEGER PRIMARY KEY,
  model TEXT NOT NULL,
  text_hash BLOB NOT NULL, -- first 16 bytes of the SHA-256 of purpose and text
  vector BLOB NOT NULL, -- float32, little-endian
  UNIQUE (model, text_hash)
) STRICT;
`
