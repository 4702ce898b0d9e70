/**
 * Traces are searched, counted and exported: what lists and charts ask of one stands beside its JSON, its words are in a
 * full-text index of runs of three letters (which knows every script, and finds parts of words), and what is still to be
 * sent to a collector is a row, so that a crash loses none of it.
 */
export const name = '0130-traces'

const tokens = (key: string): string => `(
  SELECT sum(json_extract(span.value, '$.output.${key}')) FROM json_each(traces.data, '$.spans') AS span
  WHERE json_type(span.value, '$.output') = 'object')`

export const sql = `
ALTER TABLE traces ADD COLUMN number INTEGER; -- of its words; a row's own number may change
ALTER TABLE traces ADD COLUMN outcome TEXT NOT NULL DEFAULT 'answered'
  CHECK (outcome IN ('answered', 'refused', 'failed', 'stopped'));
ALTER TABLE traces ADD COLUMN bot_id TEXT; -- may be gone, as all that follow
ALTER TABLE traces ADD COLUMN conversation_id TEXT;
ALTER TABLE traces ADD COLUMN release_id TEXT;
ALTER TABLE traces ADD COLUMN release_line TEXT;
ALTER TABLE traces ADD COLUMN release_number INTEGER;
ALTER TABLE traces ADD COLUMN replay_of TEXT;
ALTER TABLE traces ADD COLUMN low_relevance INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN input_tokens INTEGER; -- null: no language model was asked
ALTER TABLE traces ADD COLUMN output_tokens INTEGER;
ALTER TABLE traces ADD COLUMN passages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN citations INTEGER NOT NULL DEFAULT 0;
ALTER TABLE traces ADD COLUMN exported_at INTEGER; -- null: it was not

UPDATE traces SET
  number = rowid,
  outcome = CASE
    WHEN json_extract(data, '$.error.code') = 'cancelled' THEN 'stopped'
    WHEN json_type(data, '$.error') = 'object' THEN 'failed'
    WHEN refused THEN 'refused'
    ELSE 'answered' END,
  input_tokens = ${tokens('promptTokens')},
  output_tokens = ${tokens('outputTokens')},
  passages = coalesce(json_array_length(data, '$.passages'), 0),
  citations = coalesce(json_array_length(data, '$.citations'), 0);
CREATE UNIQUE INDEX traces_by_number ON traces(number);
-- All that charts need, so that they do not read the rows with their JSON.
CREATE INDEX traces_figures ON traces(started_at, outcome, low_relevance, duration_ms, input_tokens, output_tokens);
CREATE INDEX traces_by_duration ON traces(duration_ms, id);
CREATE INDEX traces_by_conversation ON traces(conversation_id, started_at) WHERE conversation_id IS NOT NULL;
CREATE INDEX traces_by_original ON traces(replay_of, started_at) WHERE replay_of IS NOT NULL;

CREATE TABLE trace_collections (
  trace_id TEXT NOT NULL REFERENCES traces(id) ON DELETE CASCADE,
  collection_id TEXT NOT NULL, -- may be gone
  PRIMARY KEY (trace_id, collection_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_collections_by_collection ON trace_collections(collection_id);
INSERT INTO trace_collections SELECT id, collection_id FROM traces WHERE collection_id IS NOT NULL;

CREATE VIRTUAL TABLE trace_words USING fts5(question, answer, tokenize = 'trigram remove_diacritics 1');
INSERT INTO trace_words (rowid, question, answer)
  SELECT number, question, coalesce(json_extract(data, '$.answer'), '') FROM traces;
CREATE TRIGGER trace_words_removed AFTER DELETE ON traces BEGIN
  DELETE FROM trace_words WHERE rowid = old.number;
END;

CREATE TABLE trace_exports (
  trace_id TEXT PRIMARY KEY REFERENCES traces(id) ON DELETE CASCADE,
  added_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX trace_exports_by_time ON trace_exports(added_at);
`
