/**
 * Lines of pipelines with their numbered releases, and prompts with their versions. What is not a draft any more never
 * changes, and what happened is never rewritten: the triggers say so whatever the code does.
 */
export const name = '0110-releases'

export const sql = `
CREATE TABLE lines (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL COLLATE NOCASE UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  gate TEXT NOT NULL, -- JSON, see contract/releases.ts
  is_standard INTEGER NOT NULL DEFAULT 0, -- new collections start with what is in production here
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX lines_standard ON lines(is_standard) WHERE is_standard = 1;

CREATE TABLE releases (
  id TEXT PRIMARY KEY,
  line_id TEXT NOT NULL REFERENCES lines(id),
  number INTEGER, -- from 1 within its line, never used again; null while it is a draft
  stage TEXT NOT NULL CHECK (stage IN ('draft', 'candidate', 'production', 'retired')),
  pipeline TEXT NOT NULL, -- JSON
  note TEXT NOT NULL DEFAULT '',
  based_on TEXT, -- the release that the draft began as; may be gone
  run_id TEXT, -- its evidence; may be gone: what it showed is in the events
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  CHECK ((stage = 'draft') = (number IS NULL)),
  UNIQUE (line_id, number)
) STRICT;
CREATE UNIQUE INDEX releases_in_production ON releases(line_id) WHERE stage = 'production';

CREATE TRIGGER releases_stay_as_they_are BEFORE UPDATE ON releases
WHEN OLD.stage <> 'draft' AND (NEW.pipeline <> OLD.pipeline OR NEW.number IS NOT OLD.number OR NEW.line_id <> OLD.line_id
  OR NEW.run_id IS NOT OLD.run_id OR NEW.based_on IS NOT OLD.based_on OR NEW.note <> OLD.note OR NEW.id <> OLD.id)
BEGIN SELECT RAISE(ABORT, 'A release that is not a draft never changes.'); END;

CREATE TRIGGER releases_move_forward BEFORE UPDATE OF stage ON releases
WHEN OLD.stage <> NEW.stage AND OLD.stage || ' ' || NEW.stage NOT IN
  ('draft candidate', 'candidate production', 'production retired', 'retired production')
BEGIN SELECT RAISE(ABORT, 'A release cannot go from this stage to that one.'); END;

CREATE TRIGGER releases_in_history_stay BEFORE DELETE ON releases WHEN OLD.stage IN ('production', 'retired')
BEGIN SELECT RAISE(ABORT, 'A release that was in production is not removed.'); END;

CREATE TABLE release_events (
  line_id TEXT NOT NULL REFERENCES lines(id),
  number INTEGER NOT NULL, -- from 1 within the line
  release_id TEXT, -- may be gone
  release_number INTEGER,
  data TEXT NOT NULL, -- JSON, see contract/releases.ts
  PRIMARY KEY (line_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER release_events_are_not_changed BEFORE UPDATE ON release_events
BEGIN SELECT RAISE(ABORT, 'What happened is not rewritten.'); END;
CREATE TRIGGER release_events_are_not_removed BEFORE DELETE ON release_events
BEGIN SELECT RAISE(ABORT, 'What happened is not removed.'); END;

-- Which collections are asked with which release, and by whom.
CREATE TABLE release_uses (
  owner TEXT NOT NULL, -- who asks, such as a bot by its id
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  line_id TEXT REFERENCES lines(id), -- what is in production there …
  release_id TEXT REFERENCES releases(id), -- … or this one
  PRIMARY KEY (owner, collection_id),
  CHECK ((line_id IS NULL) <> (release_id IS NULL))
) STRICT, WITHOUT ROWID;

-- Derived: the index that a collection is asked in with a release.
CREATE TABLE release_indexes (
  release_id TEXT NOT NULL REFERENCES releases(id) ON DELETE CASCADE,
  collection_id TEXT NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
  index_id INTEGER REFERENCES indexes(id) ON DELETE SET NULL,
  job_id TEXT REFERENCES jobs(id) ON DELETE SET NULL, -- the last one that built it or kept it up
  PRIMARY KEY (release_id, collection_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX release_indexes_by_index ON release_indexes(index_id);
CREATE INDEX release_indexes_by_job ON release_indexes(job_id);

-- Releases that go into production as soon as their indexes are there.
CREATE TABLE promotions (
  line_id TEXT PRIMARY KEY REFERENCES lines(id),
  release_id TEXT NOT NULL UNIQUE REFERENCES releases(id),
  action TEXT NOT NULL CHECK (action IN ('production', 'rolled-back')),
  who TEXT NOT NULL,
  reason TEXT NOT NULL,
  is_override INTEGER NOT NULL,
  gate TEXT, -- JSON: what it said
  created_at INTEGER NOT NULL
) STRICT;

-- Derived: when an index held all documents for the first time; before that nobody is answered from it.
ALTER TABLE indexes ADD COLUMN complete_at INTEGER;
UPDATE indexes SET complete_at = created_at WHERE state IN ('active', 'retired');

CREATE TABLE prompts (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL COLLATE NOCASE UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE prompt_versions (
  prompt_id TEXT NOT NULL REFERENCES prompts(id) ON DELETE CASCADE,
  number INTEGER NOT NULL, -- from 1
  system TEXT NOT NULL,
  user TEXT NOT NULL,
  note TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (prompt_id, number)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER prompt_versions_are_not_changed BEFORE UPDATE ON prompt_versions
BEGIN SELECT RAISE(ABORT, 'A version of a prompt never changes.'); END;
`
