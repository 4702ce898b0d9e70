import { cleanerDefinitions } from '../cleaners/list.ts'
import type { CleanerDefinition } from '../cleaners/cleaner.ts'
import type { IngestSettings } from '../contract/pipeline.ts'
import { parserDefinitions } from '../parsers/list.ts'
import type { ParserDefinition } from '../parsers/parser.ts'
import { findDefinition } from '../shared/family.ts'
import { parseKey, settingsFor } from '../shared/ingest-settings.ts'

/** How one document is read: the parser and the cleaning steps with their options as their schemas complete them. */
export interface ChosenSettings {
  definition: ParserDefinition
  options: Record<string, unknown>
  cleaning: { definition: CleanerDefinition; options: Record<string, unknown> }[]
  /** Changes exactly when the same bytes may give another document, such as 'pdf@2' or 'pdf@2:1a2b3c4d'. */
  key: string
}

/** Errors: implementation-unknown, and ZodError for options that a schema refuses. */
export function chooseSettings(
  settings: IngestSettings,
  document: { path: string; type: string },
  parserId: string,
): ChosenSettings {
  const chosen = settingsFor(settings, document)
  const definition = findDefinition('parser', parserDefinitions, parserId)
  const options = definition.options.parse(chosen.parsers[parserId] ?? {})
  const cleaning = chosen.cleaning.map((choice) => {
    const step = findDefinition('cleaner', cleanerDefinitions, choice.id)
    return { definition: step, options: step.options.parse(choice.options) }
  })
  const key = parseKey({
    parserId,
    parserVersion: definition.version,
    parserOptions: options,
    defaultOptions: definition.options.parse({}),
    cleaning: cleaning.map((step) => ({
      id: step.definition.id,
      version: step.definition.version,
      options: step.options,
    })),
  })
  return { definition, options, cleaning, key }
}
