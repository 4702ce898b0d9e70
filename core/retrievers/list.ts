import { hybridRetriever } from './hybrid.ts'
import type { RetrieverDefinition } from './retriever.ts'

export const retrieverDefinitions: readonly RetrieverDefinition[] = [hybridRetriever]
