/**
 * Every column that points at another table is indexed: without, removing one source or upload reads all documents, and
 * removing a collection of 10,000 dropped files reads them 10,000 times.
 */
export const name = '0020-foreign-keys'

export const sql = `
CREATE INDEX documents_by_source ON documents(source_id);
CREATE INDEX documents_by_upload ON documents(upload_id);
CREATE INDEX jobs_by_collection ON jobs(collection_id);
CREATE INDEX traces_by_collection ON traces(collection_id, started_at);
`
