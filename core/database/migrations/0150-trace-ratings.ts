/** What people think of an answer stands with its trace, and goes to a collector by itself where the trace went before. */
export const name = '0150-trace-ratings'

export const sql = `
ALTER TABLE traces ADD COLUMN rating TEXT CHECK (rating IN ('up', 'down'));
ALTER TABLE traces ADD COLUMN comment TEXT NOT NULL DEFAULT '';
ALTER TABLE traces ADD COLUMN rated_at INTEGER; -- the last time that it was rated, or that this was taken back
CREATE INDEX traces_rated ON traces(started_at) WHERE rated_at IS NOT NULL;

-- What was rated before, once (when is not known): from now on it comes through the contract, and neither side reads the other's tables.
UPDATE traces SET (rating, comment, rated_at) = (
  SELECT m.rating, m.comment, m.created_at FROM messages m WHERE m.trace_id = traces.id
) WHERE id IN (SELECT trace_id FROM messages WHERE trace_id IS NOT NULL AND (rating IS NOT NULL OR comment <> ''));

-- 'rating': the collector has the rest already.
ALTER TABLE trace_exports ADD COLUMN what TEXT NOT NULL DEFAULT 'all' CHECK (what IN ('all', 'rating'));
`
