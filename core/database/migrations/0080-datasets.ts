/**
 * Test cases: questions with the passages that should be found. A judgement holds on to the words it is about; where
 * they stand now is looked up again when the document has another version. Versions keep what a change replaced, so
 * that the cases of an earlier one can be put together again.
 */
export const name = '0080-datasets'

export const sql = `
CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL COLLATE NOCASE UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  collection_id TEXT REFERENCES collections(id) ON DELETE SET NULL,
  version INTEGER NOT NULL DEFAULT 0,
  hash TEXT NOT NULL, -- SHA-256 over the hashes of its cases, in order
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX datasets_by_collection ON datasets(collection_id);

CREATE TABLE dataset_cases (
  id INTEGER PRIMARY KEY,
  dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
  case_id TEXT NOT NULL, -- as imports give it, or made
  position INTEGER NOT NULL, -- order of the set; gaps where cases were removed
  question TEXT NOT NULL,
  answer TEXT,
  answerable INTEGER NOT NULL,
  tags TEXT NOT NULL DEFAULT '[]', -- JSON array
  split TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('proposed', 'accepted', 'rejected')),
  origin TEXT NOT NULL CHECK (origin IN ('manual', 'trace', 'import', 'generated')),
  notes TEXT NOT NULL DEFAULT '',
  hash TEXT NOT NULL, -- SHA-256 of its canonical JSON
  created_at INTEGER NOT NULL,
  UNIQUE (dataset_id, case_id)
) STRICT;
CREATE INDEX dataset_cases_by_position ON dataset_cases(dataset_id, position, hash);

CREATE TABLE dataset_judgements (
  id INTEGER PRIMARY KEY,
  case_row INTEGER NOT NULL REFERENCES dataset_cases(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL,
  path TEXT NOT NULL, -- of the document, or the id that a set gives it, as it was judged
  grade REAL NOT NULL,
  text TEXT, -- the words that were judged; null: the whole document
  judged_start INTEGER, -- where they stood then, UTF-16 code units
  -- Where they stand now.
  document_id TEXT REFERENCES documents(id) ON DELETE SET NULL,
  placed_version INTEGER, -- of the document, when it was looked up last
  start_offset INTEGER,
  end_offset INTEGER,
  lost TEXT CHECK (lost IN ('document-missing', 'text-missing'))
) STRICT;
CREATE INDEX dataset_judgements_by_case ON dataset_judgements(case_row, ordinal);
CREATE INDEX dataset_judgements_by_document ON dataset_judgements(document_id, placed_version);

CREATE TABLE dataset_versions (
  dataset_id TEXT NOT NULL REFERENCES datasets(id) ON DELETE CASCADE,
  number INTEGER NOT NULL,
  hash TEXT NOT NULL,
  note TEXT NOT NULL,
  changed INTEGER NOT NULL,
  before TEXT NOT NULL, -- JSON: by case id what this version replaced; null for a case that is new in it
  created_at INTEGER NOT NULL,
  PRIMARY KEY (dataset_id, number)
) STRICT;
`
