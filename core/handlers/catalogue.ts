import { z } from 'zod'
import { chunkerDefinitions } from '../chunkers/list.ts'
import { cleanerDefinitions } from '../cleaners/list.ts'
import type { Implementation } from '../contract/catalogue.ts'
import { embedderDefinitions } from '../embedders/list.ts'
import { generatorDefinitions } from '../generators/list.ts'
import { indexDefinitions } from '../indexes/list.ts'
import { parserDefinitions } from '../parsers/list.ts'
import { rerankerDefinitions } from '../rerankers/list.ts'
import { retrieverDefinitions } from '../retrievers/list.ts'
import { os } from './base.ts'

export function catalogueHandlers() {
  return {
    list: os.catalogue.list.handler(() => ({
      families: {
        parser: parserDefinitions.map((definition) => ({ ...describe(definition), types: [...definition.types] })),
        cleaner: cleanerDefinitions.map(describe),
        chunker: chunkerDefinitions.map(describe),
        embedder: embedderDefinitions.map(describe),
        index: indexDefinitions.map(describe),
        retriever: retrieverDefinitions.map(describe),
        reranker: rerankerDefinitions.map(describe),
        generator: generatorDefinitions.map(describe),
      },
    })),
  }
}

type Described = Pick<Implementation, 'id' | 'label' | 'summary' | 'version'> & { options: z.ZodType }

function describe({ id, label, summary, version, options }: Described): Implementation {
  // What a form fills in, before defaults are applied.
  const schema = z.toJSONSchema(options, { io: 'input', unrepresentable: 'any' })
  return { id, label, summary, version, options: schema }
}
