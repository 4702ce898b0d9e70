/** Servers that may be asked for answers, vectors and orders. Their keys are not here: see core/secrets. */
export const name = '0060-providers'

export const sql = `
CREATE TABLE providers (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  base_url TEXT NOT NULL,
  first_byte_ms INTEGER NOT NULL,
  idle_ms INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- What a remote embedding model gave for one and the same text when it was first used: vectors of another model that
-- has taken its place are not mixed with its own.
CREATE TABLE embedding_probes (
  model TEXT PRIMARY KEY,
  vector BLOB NOT NULL
) STRICT;
`
