import { core } from './client.ts'
import { useConnection } from './connection.ts'
import { useRead } from './use-read.ts'

/** The implementations that pipelines are made of; null until they are read. */
export function useFamilies() {
  const generation = useConnection((state) => state.generation)
  const { value, failure, retry } = useRead((signal) => core().catalogue.list(undefined, { signal }), generation)
  return { families: value?.families ?? null, failure, retry }
}
