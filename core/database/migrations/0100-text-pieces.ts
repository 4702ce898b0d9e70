/**
 * Long texts are kept in pieces: SQLite builds a row as a whole, more than once, and one of 200 MB takes several times as
 * much memory. What is there keeps its text in one piece, in `document_versions.text`.
 */
export const name = '0100-text-pieces'

export const sql = `
CREATE TABLE document_text_pieces (
  document_id TEXT NOT NULL,
  number INTEGER NOT NULL, -- of the version, whose text column is the first piece
  piece INTEGER NOT NULL, -- from 1
  text TEXT NOT NULL,
  PRIMARY KEY (document_id, number, piece),
  FOREIGN KEY (document_id, number) REFERENCES document_versions(document_id, number) ON DELETE CASCADE
) STRICT;
`
