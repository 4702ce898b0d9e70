import { expect, it } from 'vitest'
import { createCollectionLibrary } from '../../library/collections.ts'
import { createDocumentLibrary } from '../../library/documents.ts'
import { createJobLibrary } from '../../library/jobs.ts'
import { defaultPipeline } from '../../services/default-pipeline.ts'
import { migrate, numberOf } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('keeps texts from before as they are, and long ones in pieces that go with their version', () => {
  const database = openSqlite(':memory:')
  try {
    const before = migrations.filter((migration) => numberOf(migration) < 100)
    migrate(database, before, () => {})
    const collection = createCollectionLibrary(database).create('Texts', '', defaultPipeline)
    migrate(database, migrations, () => {})
    const documents = createDocumentLibrary(database)
    const job = createJobLibrary(database).create('ingest', 'texts', collection.id, {})
    const place = { sourceId: null, uploadId: null, parentId: null, member: null, size: 1, modifiedMs: null }
    documents.queue(
      [{ ...place, collectionId: collection.id, location: '/a', identity: '/a', path: 'a', name: 'a' }],
      job.id,
    )
    const { id } = documents.pending(job.id)[0]!
    const save = (text: string) =>
      documents.saveVersion(id, {
        contentHash: String(text.length),
        type: 'text',
        size: text.length,
        parser: 'text@1',
        parsed: { text, elements: [], pages: [], warnings: [] },
      })
    const pieces = database.prepare('SELECT count(*) FROM document_text_pieces').pluck()

    save('short')
    expect(documents.getText(id).text).toBe('short')
    expect(pieces.get()).toBe(0)
    // The cut would fall into the middle of a character.
    const long = `a${'🙂'.repeat(4_500_000)}`
    save(long)
    expect(documents.getText(id).text === long).toBe(true)
    expect(pieces.get()).toBe(2)
    save('short again')
    expect(documents.getText(id).text).toBe('short again')
    expect(pieces.get()).toBe(0)
  } finally {
    database.close()
  }
})
