import { core } from './client.ts'
import { useConnection } from './connection.ts'
import { useRead } from './use-read.ts'

/** The implementations that pipelines are made of, and language models by themselves; null until they are read. */
export function useFamilies() {
  const generation = useConnection((state) => state.generation)
  const { value, failure, retry } = useRead((signal) => core().catalogue.list(undefined, { signal }), generation)
  return { families: value?.families ?? null, textGenerators: value?.textGenerators ?? null, failure, retry }
}
