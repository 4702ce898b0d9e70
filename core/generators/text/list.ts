import type { TextGeneratorDefinition } from '../text-generator.ts'
import { llamaTextGenerator } from './llama.ts'

/** Every language model runtime there is. */
export const textGeneratorDefinitions: readonly TextGeneratorDefinition[] = [llamaTextGenerator]
