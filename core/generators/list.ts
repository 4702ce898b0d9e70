import { extractive } from './extractive.ts'
import type { GeneratorDefinition } from './generator.ts'
import { llama } from './llama.ts'

/** Every generator there is. The first is the default. */
export const generatorDefinitions: readonly GeneratorDefinition[] = [extractive, llama]
