import type { CleanerDefinition } from './cleaner.ts'
import { dropPatternCleaner } from './drop-pattern.ts'
import { dropSectionsCleaner } from './drop-sections.ts'
import { hyphenationCleaner } from './hyphenation.ts'
import { repeatedLinesCleaner } from './repeated-lines.ts'
import { replaceCleaner } from './replace.ts'
import { urlsCleaner } from './urls.ts'
import { whitespaceCleaner } from './whitespace.ts'

/** Every cleaner there is, in the order in which they work best one after the other. */
export const cleanerDefinitions: readonly CleanerDefinition[] = [
  repeatedLinesCleaner,
  dropSectionsCleaner,
  dropPatternCleaner,
  replaceCleaner,
  urlsCleaner,
  hyphenationCleaner,
  whitespaceCleaner,
]
