import type { ChunkerDefinition } from './chunker.ts'
import { codeChunker } from './code.ts'
import { fixedChunker } from './fixed.ts'
import { markdownChunker } from './markdown.ts'
import { pageChunker } from './page.ts'
import { recursiveChunker } from './recursive.ts'
import { sentenceChunker } from './sentence.ts'

/** The default comes first. */
export const chunkerDefinitions: readonly ChunkerDefinition[] = [
  recursiveChunker,
  sentenceChunker,
  markdownChunker,
  codeChunker,
  fixedChunker,
  pageChunker,
]
