/** Chunks that are small to find and large to answer: the span that is given to the generator where one is found. */
export const name = '0070-answer-spans'

export const sql = `
-- Derived. Both or none; none: the chunk itself. UTF-16 code units into the version's text.
ALTER TABLE chunks ADD COLUMN answer_start INTEGER;
ALTER TABLE chunks ADD COLUMN answer_end INTEGER;
`
