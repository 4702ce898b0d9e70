import type { Database } from 'better-sqlite3'

/** One vector a remote embedding model: what it gave for the probe text when it was first used. */
export interface EmbeddingProbes {
  find(model: string): Float32Array | undefined
  store(model: string, vector: Float32Array): void
}

export function createEmbeddingProbes(database: Database): EmbeddingProbes {
  const select = database.prepare<[string], Buffer>('SELECT vector FROM embedding_probes WHERE model = ?').pluck()
  const insert = database.prepare('INSERT OR IGNORE INTO embedding_probes (model, vector) VALUES (?, ?)')
  return {
    find(model) {
      const bytes = select.get(model)
      return bytes && new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    },
    store: (model, vector) => void insert.run(model, Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength)),
  }
}
