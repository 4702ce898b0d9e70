import type { Database } from 'better-sqlite3'
import type { Collection } from '../contract/collections.ts'
import { AppError } from '../contract/errors.ts'
import { type Pipeline, pipelineSchema } from '../contract/pipeline.ts'
import { type CollectionId, createId } from '../shared/ids.ts'

/** A collection without its counts, which take time to make: what questions and jobs need. */
export type CollectionCore = Pick<Collection, 'id' | 'name' | 'pipeline'>

/** Collections, with counts of what is in them. */
export interface CollectionLibrary {
  list(): Collection[]
  /** Errors: item-missing. */
  get(id: CollectionId): Collection
  /** Errors: item-missing. */
  getCore(id: CollectionId): CollectionCore
  findByName(name: string): Collection | undefined
  /** Errors: name-taken. */
  create(name: string, description: string, pipeline: Pipeline): Collection
  setPipeline(id: CollectionId, pipeline: Pipeline): void
  /** Errors: item-missing, name-taken. */
  rename(id: CollectionId, name: string): Collection
  /** The rows only; indexes are dropped by the caller first. */
  remove(id: CollectionId): boolean
}

export function createCollectionLibrary(database: Database): CollectionLibrary {
  const columns = `c.id, c.name, c.description, c.pipeline, c.created_at,
    (SELECT count(*) FROM documents d WHERE d.collection_id = c.id) AS documents,
    (SELECT count(*) FROM documents d WHERE d.collection_id = c.id AND d.status = 'ready') AS ready,
    (SELECT count(*) FROM documents d WHERE d.collection_id = c.id AND d.status = 'failed') AS failed,
    (SELECT count(*) FROM chunks k JOIN indexes i ON i.id = k.index_id
      WHERE i.collection_id = c.id AND i.state = 'active') AS chunks`
  const selectAll = database.prepare<[], Row>(`SELECT ${columns} FROM collections c ORDER BY c.name`)
  const selectOne = database.prepare<[string], Row>(`SELECT ${columns} FROM collections c WHERE c.id = ?`)
  const selectCore = database.prepare<[string], Pick<Row, 'id' | 'name' | 'pipeline'>>(
    'SELECT id, name, pipeline FROM collections WHERE id = ?',
  )
  const selectByName = database.prepare<[string], Row>(`SELECT ${columns} FROM collections c WHERE c.name = ?`)
  const insert = database.prepare(
    'INSERT INTO collections (id, name, description, pipeline, created_at) VALUES (?, ?, ?, ?, ?)',
  )
  const updateName = database.prepare('UPDATE collections SET name = ? WHERE id = ?')
  const updatePipeline = database.prepare('UPDATE collections SET pipeline = ? WHERE id = ?')
  const deleteOne = database.prepare('DELETE FROM collections WHERE id = ?')

  const library: CollectionLibrary = {
    list: () => selectAll.all().map(toCollection),
    get(id) {
      const row = selectOne.get(id)
      if (!row) throw missing(id)
      return toCollection(row)
    },
    getCore(id) {
      const row = selectCore.get(id)
      if (!row) throw missing(id)
      return { id: row.id as CollectionId, name: row.name, pipeline: toPipeline(row.pipeline) }
    },
    findByName(name) {
      const row = selectByName.get(name.trim())
      return row ? toCollection(row) : undefined
    },
    create(name, description, pipeline) {
      if (library.findByName(name)) throw taken(name)
      const id = createId('collection')
      insert.run(id, name.trim(), description, JSON.stringify(pipeline), Date.now())
      return library.get(id)
    },
    setPipeline: (id, pipeline) => void updatePipeline.run(JSON.stringify(pipeline), id),
    rename(id, name) {
      library.get(id)
      const other = library.findByName(name)
      if (other && other.id !== id) throw taken(name)
      updateName.run(name.trim(), id)
      return library.get(id)
    },
    remove: (id) => deleteOne.run(id).changes > 0,
  }
  return library
}

interface Row {
  id: string
  name: string
  description: string
  pipeline: string
  created_at: number
  documents: number
  ready: number
  failed: number
  chunks: number
}

function toCollection(row: Row): Collection {
  return {
    id: row.id as CollectionId,
    name: row.name,
    description: row.description,
    pipeline: toPipeline(row.pipeline),
    documents: row.documents,
    ready: row.ready,
    failed: row.failed,
    chunks: row.chunks,
    createdAt: row.created_at,
  }
}

function toPipeline(json: string): Pipeline {
  return pipelineSchema.parse(JSON.parse(json))
}

function missing(id: string): AppError {
  return new AppError('item-missing', `There is no collection ${id}. It may have been removed.`, { details: { id } })
}

function taken(name: string): AppError {
  return new AppError('name-taken', `There is already a collection called "${name.trim()}". Choose another name.`, {
    details: { name },
  })
}
