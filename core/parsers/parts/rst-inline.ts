import { collapse } from './document-builder.ts'

/** What inline markup refers to; the counters grow while text is resolved in the order of the document. */
export interface RstReferences {
  /** Words for '|name|'. */
  substitutions: Map<string, string>
  /** References '[#]_' so far: they are numbered in order, as their footnotes are. */
  autoNumber: number
}

/**
 * The words of reStructuredText inline markup (docutils: Inline markup): without stars, backquotes, roles and link
 * targets, with substitutions in place. White space is collapsed.
 */
export function rstWords(source: string, references: RstReferences): string {
  const text = collapse(source).replaceAll(markup, (whole: string, ...found: unknown[]) => {
    const groups = found.at(-1) as Record<string, string | undefined>
    if (groups['escaped'] !== undefined) return groups['escaped'].trim()
    if (groups['literal'] !== undefined) return groups['literal']
    if (groups['interpreted'] !== undefined) {
      return groups['role'] === undefined && groups['after'] === undefined
        ? linkWords(groups['interpreted'])
        : roleWords(groups['role'] ?? groups['after'] ?? '', groups['interpreted'])
    }
    if (groups['substitution'] !== undefined) return references.substitutions.get(groups['substitution']) ?? whole
    if (groups['note'] === '#') return `[${++references.autoNumber}]`
    if (groups['note'] !== undefined) return `[${groups['note'].replace('#', '')}]`
    return groups['strong'] ?? groups['emphasis'] ?? groups['reference'] ?? whole
  })
  return collapse(text)
}

/** Each piece is bounded in length, so that no text makes the search run long. */
const markup = new RegExp(
  [
    String.raw`\\(?<escaped>[\s\S])`,
    '``(?<literal>.{1,2000}?)``',
    String.raw`_?(?::(?<role>[\w.+:-]{1,60}):)?\`(?<interpreted>[^\`]{1,2000})\`(?::(?<after>[\w.+-]{1,60}):)?_{0,2}`,
    String.raw`(?<![\w*])\*\*(?<strong>[^\s*].{0,500}?)(?<!\s)\*\*(?![\w*])`,
    String.raw`(?<![\w*])\*(?<emphasis>[^\s*].{0,500}?)(?<!\s)\*(?![\w*])`,
    String.raw`\|(?<substitution>[^|\s][^|]{0,100})\|_{0,2}`,
    String.raw`\[(?<note>\d{1,6}|[#*]|#?[A-Za-z][\w.-]{0,100})\]_`,
    String.raw`(?<![\w\`])(?<reference>[A-Za-z0-9](?:[\w.+-]{0,100}[A-Za-z0-9])?)__?(?![\w\`])`,
  ].join('|'),
  'g',
)

/** 'words <target>' */
function linkWords(content: string): string {
  const words = /^(.*?)\s*<[^<>]*>$/.exec(content)?.[1]
  return words === undefined || words === '' ? content.replace(/^<(.*)>$/, '$1') : words
}

function roleWords(role: string, content: string): string {
  if (/^(?:math|code|kbd|samp|file|command|sub|sup|abbr)$/.test(role)) return content
  // '~package.module.Name' shows its last part only; '!' switches the link off.
  const words = linkWords(content)
  if (words.startsWith('~')) return words.slice(words.lastIndexOf('.') + 1).replace(/^~/, '')
  return words.replace(/^!/, '')
}
