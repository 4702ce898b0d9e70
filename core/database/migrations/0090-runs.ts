/**
 * Measurements: a run is one pipeline on one dataset, with everything needed to do it again; a tune is a search over
 * pipelines whose trials are runs. Indexes that are only there to be measured stand beside those that answer questions.
 */
export const name = '0090-runs'

export const sql = `
CREATE TABLE tunes (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  collection_id TEXT REFERENCES collections(id) ON DELETE SET NULL,
  dataset_id TEXT NOT NULL, -- may be gone: what it was is in 'spec'
  job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  error TEXT, -- JSON
  spec TEXT NOT NULL, -- JSON, see contract/tune.ts
  result TEXT, -- JSON
  spent_ms REAL NOT NULL DEFAULT 0, -- of the budget, over every time that it was taken up again
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;

CREATE TABLE runs (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  collection_id TEXT REFERENCES collections(id) ON DELETE SET NULL,
  dataset_id TEXT NOT NULL, -- may be gone: what it was is in 'manifest' and 'facts'
  tune_id TEXT REFERENCES tunes(id) ON DELETE CASCADE,
  trial INTEGER, -- number within the tune; null for the runs that decide it
  job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL,
  status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed', 'cancelled')),
  error TEXT, -- JSON
  manifest TEXT NOT NULL, -- JSON, see contract/runs.ts: what does it again
  facts TEXT, -- JSON: what it met when it began
  summary TEXT, -- JSON: what came out
  tags TEXT NOT NULL DEFAULT '[]', -- JSON array
  note TEXT NOT NULL DEFAULT '',
  is_baseline INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;
CREATE INDEX runs_by_dataset ON runs(dataset_id, created_at);
CREATE INDEX runs_by_tune ON runs(tune_id, trial);
CREATE INDEX runs_by_job ON runs(job_id);

CREATE TABLE run_cases (
  run_id TEXT NOT NULL REFERENCES runs(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, -- place in the run, from 1
  case_id TEXT NOT NULL,
  data TEXT NOT NULL, -- JSON, see contract/runs.ts
  PRIMARY KEY (run_id, number),
  UNIQUE (run_id, case_id)
) STRICT, WITHOUT ROWID;

-- Derived.
ALTER TABLE indexes ADD COLUMN purpose TEXT NOT NULL DEFAULT 'answers' CHECK (purpose IN ('answers', 'evaluation'));
ALTER TABLE indexes ADD COLUMN used_at INTEGER; -- of one for evaluation: when it was measured last
`
