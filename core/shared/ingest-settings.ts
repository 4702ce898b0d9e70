import type { Choice, IngestSettings, Rule } from '../contract/pipeline.ts'
import { canonicalJson, fingerprint } from './hash.ts'
import { compilePathGlob } from './path-globs.ts'

/** What a document is read, cleaned and chunked with. */
export interface DocumentSettings {
  /** Options by parser id. */
  parsers: Record<string, Record<string, unknown>>
  cleaning: Choice[]
  chunker: Choice
}

/** The rules of a new collection: source code by definition, slides one by one, no chunk over two sheets. */
export const defaultRules: Rule[] = [
  { paths: [], types: ['code'], chunker: { id: 'code', options: {} } },
  { paths: [], types: ['pptx', 'odp'], chunker: { id: 'page', options: {} } },
  { paths: [], types: ['xlsx', 'ods'], chunker: { id: 'page', options: { maxTokens: 256 } } },
]

/**
 * The settings for one document: of each thing (the options of a parser, the cleaning, the chunker) the first rule
 * decides that matches the document and names the thing, else the pipeline. `path` is as people see it, `type` as
 * detected. Globs are those of `compilePathGlob`; types match whatever their capitals.
 */
export function settingsFor(settings: IngestSettings, document: { path: string; type: string }): DocumentSettings {
  const chosen: Partial<DocumentSettings> = {}
  const parsers: DocumentSettings['parsers'] = {}
  for (const { rule, matches } of compiledRules(settings)) {
    if (!matches(document)) continue
    for (const [id, options] of Object.entries(rule.parsers ?? {})) {
      if (!Object.hasOwn(parsers, id)) parsers[id] = options
    }
    if (rule.cleaning) chosen.cleaning ??= rule.cleaning
    if (rule.chunker) chosen.chunker ??= rule.chunker
  }
  return {
    cleaning: settings.cleaning,
    chunker: settings.chunker,
    ...chosen,
    parsers: { ...settings.parsers, ...parsers },
  }
}

export interface ParseKeyParts {
  parserId: string
  parserVersion: number
  /** As given, or as its schema completes them. */
  parserOptions: Record<string, unknown>
  /** The options that the schema gives for none: options that say the same as these count for nothing. */
  defaultOptions?: Record<string, unknown>
  /** In order, with complete options. */
  cleaning: readonly { id: string; version: number; options: Record<string, unknown> }[]
}

/**
 * Says how a document's text came about. It changes exactly when the same bytes may give another text: 'pdf@3' with
 * default options and no cleaning, else 'pdf@3:1a2b3c4d'.
 */
export function parseKey(parts: ParseKeyParts): string {
  const base = `${parts.parserId}@${parts.parserVersion}`
  const options = Object.entries(parts.parserOptions).filter(
    ([name, value]) => canonicalJson(value) !== canonicalJson(parts.defaultOptions?.[name]),
  )
  const named = options.filter(([, value]) => value !== undefined)
  if (named.length === 0 && parts.cleaning.length === 0) return base
  const cleaning = parts.cleaning.map(({ id, version, options }) => ({ id, version, options }))
  return `${base}:${fingerprint({ options: Object.fromEntries(named), cleaning }).slice(0, 8)}`
}

interface CompiledRule {
  rule: Rule
  matches(document: { path: string; type: string }): boolean
}

/** Compiling globs costs far more than matching them, and one settings value serves thousands of documents. */
const compiled = new WeakMap<IngestSettings, CompiledRule[]>()

function compiledRules(settings: IngestSettings): CompiledRule[] {
  const known = compiled.get(settings)
  if (known) return known
  const rules = settings.rules.map((rule): CompiledRule => {
    const paths = rule.paths.map(compilePathGlob)
    const types = new Set(rule.types.map((type) => type.toLowerCase()))
    return {
      rule,
      matches: ({ path, type }) =>
        (types.size === 0 || types.has(type.toLowerCase())) &&
        (paths.length === 0 || paths.some((matchesPath) => matchesPath(path))),
    }
  })
  compiled.set(settings, rules)
  return rules
}
