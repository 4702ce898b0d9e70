import type { ChunkerDefinition } from './chunker.ts'
import { clusterSemanticChunker } from './cluster-semantic.ts'
import { codeChunker } from './code.ts'
import { fixedChunker } from './fixed.ts'
import { markdownChunker } from './markdown.ts'
import { pageChunker } from './page.ts'
import { parentChildChunker } from './parent-child.ts'
import { proposedChunker } from './proposed.ts'
import { recursiveChunker } from './recursive.ts'
import { semanticChunker } from './semantic.ts'
import { sentenceChunker } from './sentence.ts'
import { sentenceWindowChunker } from './sentence-window.ts'
import { separatorsChunker } from './separators.ts'
import { slidesChunker } from './slides.ts'
import { tableRowsChunker } from './table-rows.ts'

/** The default comes first, then those for text, for what is small to find, for kinds of documents, and the baseline. */
export const chunkerDefinitions: readonly ChunkerDefinition[] = [
  recursiveChunker,
  sentenceChunker,
  markdownChunker,
  semanticChunker,
  clusterSemanticChunker,
  proposedChunker,
  sentenceWindowChunker,
  parentChildChunker,
  codeChunker,
  tableRowsChunker,
  slidesChunker,
  pageChunker,
  separatorsChunker,
  fixedChunker,
]
