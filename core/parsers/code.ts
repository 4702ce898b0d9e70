import { z } from 'zod'
import type { Element } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { type CodeLanguage, codeLanguageOf, createGrammarParser } from './parts/code-languages.ts'
import { type CodePiece, outlineCode } from './parts/code-outline.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * Source code. The document's text is the file's own, with '\n' line ends. One element for each definition (function,
 * class, type …) with its comments and decorators, for the imports, and for each run of statements between definitions;
 * large classes and functions are cut into the definitions in them. Elements name the definitions that hold them
 * (`symbols`). A language without a grammar, and a file that is too large for one, is cut at blank lines.
 * Errors: file-empty, file-corrupt (the bytes are no text).
 */
export const codeParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'code',
  label: 'Source code',
  summary: 'Reads source code by its definitions: functions, classes, types.',
  version: 1,
  types: ['code'],
  capabilities: { pages: false, boxes: false, tables: false, headings: false },
  options,
  create: (_, { log }) => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      const language = codeLanguageOf(input.name)
      let pieces: CodePiece[] | undefined
      if (language?.grammar !== undefined && text.length <= longestParsed) {
        try {
          pieces = await readPieces(text, language.grammar)
        } catch (error) {
          // A grammar that cannot be loaded must not cost the text.
          log.warn('code grammar failed', { grammar: language.grammar, error: String(error) })
        }
      } else if (language?.grammar !== undefined) {
        warnings.push('This file is too large to find the definitions in it; it is cut at blank lines.')
      }
      throwIfAborted(signal)
      const elements = cover(text, pieces ?? blankLinePieces(text), language)
      return { text, elements, pages: [], warnings, hasLines: true }
    },
  }),
}

/** Characters. The grammars read about 3 million a second. */
const longestParsed = 4_000_000
/** Characters: a definition that is longer is cut into those in it. About one chunk. */
const largestDefinition = 1500
/** How often the grammar may report progress before it is stopped: none of our sources takes a hundredth of it. */
const mostSteps = 2_000_000

/** Undefined where the grammar makes nothing of the text. */
async function readPieces(text: string, grammar: string): Promise<CodePiece[] | undefined> {
  const parser = await createGrammarParser(grammar)
  try {
    let steps = 0
    const tree = parser.parse(text, null, { progressCallback: () => ++steps > mostSteps })
    if (!tree) return undefined
    try {
      return tree.rootNode.type === 'ERROR' ? undefined : outlineCode(tree.rootNode, text, largestDefinition)
    } finally {
      tree.delete()
    }
  } finally {
    parser.delete()
  }
}

/** A piece begins after a blank line, at a line that is not indented. */
function blankLinePieces(text: string): CodePiece[] {
  const pieces: CodePiece[] = []
  for (const found of text.matchAll(/(?:^|\n[^\S\n]*\n+)(?=\S)/g)) {
    pieces.push({ start: found.index + found[0].length, kind: 'statements', symbols: [] })
  }
  return pieces
}

/** Elements from pieces, which lose the blank lines around them and keep their indentation. */
function cover(text: string, pieces: readonly CodePiece[], language: CodeLanguage | undefined): Element[] {
  const elements: Element[] = []
  const add = (from: number, to: number, symbols: readonly string[]): void => {
    const content = text.slice(from, to)
    const blank = /^(?:[^\S\n]*\n)*/.exec(content)?.[0].length ?? 0
    const end = from + content.trimEnd().length
    const start = from + blank
    if (end <= start) return
    elements.push({
      kind: 'code',
      start,
      end,
      ...(language ? { language: language.name } : {}),
      ...(symbols.length > 0 ? { symbols: [...symbols] } : {}),
    })
  }
  const starts = pieces.map(({ start }) => lineStart(text, start))
  add(0, starts[0] ?? text.length, [])
  pieces.forEach((piece, index) => {
    const from = Math.max(starts[index]!, elements.at(-1)?.end ?? 0)
    add(from, starts[index + 1] ?? text.length, piece.symbols)
  })
  return elements
}

/** The beginning of the line, where only white space stands before the place. */
function lineStart(text: string, place: number): number {
  const start = text.lastIndexOf('\n', place - 1) + 1
  return text.slice(start, place).trim() === '' ? start : place
}
