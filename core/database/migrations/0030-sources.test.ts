import { expect, it } from 'vitest'
import { migrate } from '../migrate.ts'
import { openSqlite } from '../sqlite.ts'
import { migrations } from './list.ts'

it('keeps documents with their sources; files named one by one become one source of their collection', () => {
  const database = openSqlite(':memory:')
  try {
    migrate(database, migrations.slice(0, 2), () => {})
    database.exec(`
      INSERT INTO collections VALUES ('c1', 'One', '', '{}', 1), ('c2', 'Two', '', '{}', 1);
      INSERT INTO sources VALUES ('s1', 'c1', 'folder', '/docs', 1), ('s2', 'c1', 'file', '/a.md', 2),
        ('s3', 'c1', 'file', '/b.md', 3), ('s4', 'c2', 'file', '/a.md', 4), ('s5', 'c2', 'upload', '', 5);
      INSERT INTO documents (id, collection_id, source_id, identity, location, path, name, status, added_at) VALUES
        ('d1', 'c1', 's1', '/docs/x.md', '/docs/x.md', 'docs/x.md', 'x.md', 'ready', 1),
        ('d2', 'c1', 's2', '/a.md', '/a.md', 'a.md', 'a.md', 'ready', 1),
        ('d3', 'c1', 's3', '/b.md', '/b.md', 'b.md', 'b.md', 'ready', 1),
        ('d4', 'c2', 's4', '/a.md', '/a.md', 'a.md', 'a.md', 'ready', 1),
        ('d5', 'c2', 's5', 'upload:u.md', '/w/u', 'u.md', 'u.md', 'ready', 1),
        ('d6', 'c2', NULL, '/gone.md', '/gone.md', 'gone.md', 'gone.md', 'ready', 1);`)
    let backups = 0
    migrate(database, migrations, () => (backups += 1))
    expect(backups).toBe(1)
    expect(database.prepare('SELECT id, kind, location FROM sources ORDER BY id').all()).toEqual([
      { id: 's1', kind: 'folder', location: '/docs' },
      { id: 's2', kind: 'files', location: '' },
      { id: 's4', kind: 'files', location: '' },
      { id: 's5', kind: 'upload', location: '' },
    ])
    const homes = database.prepare('SELECT id, source_id FROM documents ORDER BY id').raw().all()
    expect(homes).toEqual([
      ['d1', 's1'],
      ['d2', 's2'],
      ['d3', 's2'],
      ['d4', 's4'],
      ['d5', 's5'],
      ['d6', null],
    ])
    expect(database.pragma('foreign_key_check')).toEqual([])
  } finally {
    database.close()
  }
})
