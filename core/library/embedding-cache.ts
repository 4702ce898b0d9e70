import { createHash } from 'node:crypto'
import type { Database } from 'better-sqlite3'

/** Vectors by model and text, so that the same text is embedded once however often it is ingested. */
export interface EmbeddingCache {
  /** One entry a text: its vector, or undefined if it was never embedded with this model. */
  find(model: string, texts: readonly string[]): (Float32Array | undefined)[]
  /** `vectors` has shape [texts.length × dimensions], row-major. */
  store(model: string, texts: readonly string[], vectors: Float32Array, dimensions: number): void
}

export function createEmbeddingCache(database: Database): EmbeddingCache {
  const select = database
    .prepare<[string, Buffer], Buffer>('SELECT vector FROM embedding_cache WHERE model = ? AND text_hash = ?')
    .pluck()
  const insert = database.prepare('INSERT OR IGNORE INTO embedding_cache (model, text_hash, vector) VALUES (?, ?, ?)')
  const storeAll = database.transaction(
    (model: string, texts: readonly string[], vectors: Float32Array, dimensions: number) => {
      texts.forEach((text, row) => {
        const vector = vectors.subarray(row * dimensions, (row + 1) * dimensions)
        insert.run(model, hashText(text), Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength))
      })
    },
  )
  return {
    find: (model, texts) =>
      texts.map((text) => {
        const bytes = select.get(model, hashText(text))
        return bytes && new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
      }),
    store: (model, texts, vectors, dimensions) => storeAll(model, texts, vectors, dimensions),
  }
}

/** Purpose is part of the key because some models embed questions and passages differently; the cache holds passages. */
function hashText(text: string): Buffer {
  return createHash('sha256').update('passage\0').update(text).digest().subarray(0, 16)
}
