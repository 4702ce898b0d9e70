/**
 * Texts of documents as other settings of parsers and cleaning read them, kept to be measured. Derived: each can be made
 * again from the document's file. The parser's key says which settings they were, as it does in `document_versions`.
 */
export const name = '0140-readings'

export const sql = `
CREATE TABLE readings (
  id INTEGER PRIMARY KEY,
  document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  content_hash TEXT NOT NULL, -- SHA-256 of the bytes that were read
  parser TEXT NOT NULL, -- such as 'pdf@1:1a2b3c4d'
  problem TEXT, -- JSON, see contract/errors.ts: why these settings cannot read the file; it has no text then
  title TEXT,
  warnings TEXT NOT NULL, -- JSON
  elements TEXT NOT NULL, -- JSON, see contract/parsed-document.ts
  pages TEXT NOT NULL, -- JSON
  has_lines INTEGER NOT NULL,
  used_at INTEGER NOT NULL,
  UNIQUE (document_id, parser)
) STRICT;
CREATE INDEX readings_by_use ON readings(used_at);

CREATE TABLE reading_text_pieces (
  reading_id INTEGER NOT NULL REFERENCES readings(id) ON DELETE CASCADE,
  piece INTEGER NOT NULL, -- from 0: one piece would be a row of any size
  text TEXT NOT NULL,
  PRIMARY KEY (reading_id, piece)
) STRICT;
`
