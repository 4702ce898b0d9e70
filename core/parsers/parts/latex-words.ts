import { collapse } from './document-builder.ts'

/** The part of a unified-latex syntax tree that is used. */
export interface LatexNode {
  type: string
  content?: string | LatexNode[] | undefined
  args?: { openMark: string; content: LatexNode[] }[] | undefined
  env?: string | { content?: string } | undefined
  leadingWhitespace?: boolean | undefined
  position?: { start: { offset: number }; end: { offset: number } } | undefined
}

/** What words need to know of the document they stand in. */
export interface LatexContext {
  /** The source that the positions of nodes point into. */
  source: string
  /** Macros of the document that stand for words. */
  macros: Map<string, string>
  /** Takes a footnote's nodes and gives its mark. */
  footnote(nodes: readonly LatexNode[]): string
}

/** Text with the places where it must stay as it is: formulas and verbatim words. */
export type LatexText = { text: string; literal: boolean }[]

/** The readable text of nodes on one line, '\\' being a space. */
export function latexWords(nodes: readonly LatexNode[], context: LatexContext): string {
  const text: LatexText = []
  for (let index = 0; index < nodes.length;) index = addInline(nodes, index, text, context)
  return collapse(joinText(text))
}

/** Joins text and sets its quotes, dashes and spaces as LaTeX would. */
export function joinText(text: LatexText): string {
  let joined = ''
  let loose = ''
  const set = (): void => {
    joined += loose
      .replaceAll('``', '“')
      .replaceAll("''", '”')
      .replaceAll('`', '‘')
      .replaceAll("'", '’')
      .replaceAll('---', '—')
      .replaceAll('--', '–')
      .replaceAll('~', ' ')
      .normalize('NFC')
    loose = ''
  }
  for (const { text: part, literal } of text) {
    if (!literal) loose += part
    else {
      set()
      joined += part
    }
  }
  set()
  return joined
}

/** Adds the words of the node at `index`, and gives the index of the next one that is left to read. */
export function addInline(nodes: readonly LatexNode[], index: number, text: LatexText, context: LatexContext): number {
  const node = nodes[index]
  if (!node) return index + 1
  const loose = (part: string): void => void text.push({ text: part, literal: false })
  const literal = (part: string): void => void text.push({ text: part, literal: true })
  switch (node.type) {
    case 'string':
      loose(contentText(node))
      break
    case 'whitespace':
    case 'parbreak':
      loose(' ')
      break
    case 'comment':
      if (node.leadingWhitespace) loose(' ')
      break
    case 'verb':
    case 'verbatim':
      literal(contentText(node))
      break
    case 'inlinemath':
      literal(`$${mathSource(node, context)}$`)
      break
    case 'displaymath':
    case 'mathenv':
      literal(` $$${mathSource(node, context)}$$ `)
      break
    case 'macro':
      return addMacro(nodes, index, text, context)
    default:
      // Arguments of a macro that nobody knows.
      if (nodes[index - 1]?.type === 'group') loose(' ')
      addAll(childNodes(node), text, context)
  }
  return index + 1
}

export function childNodes(node: LatexNode): readonly LatexNode[] {
  return Array.isArray(node.content) ? node.content : []
}

export function contentText(node: LatexNode): string {
  return typeof node.content === 'string' ? node.content : childNodes(node).map(contentText).join('')
}

/** The last argument in braces, or the last of all. */
export function mainArgument(node: LatexNode | undefined): readonly LatexNode[] {
  const filled = (node?.args ?? []).filter((argument) => argument.openMark === '{')
  return filled.at(-1)?.content ?? []
}

export function optionalArgument(node: LatexNode): readonly LatexNode[] {
  return node.args?.find((argument) => argument.openMark === '[')?.content ?? []
}

/** The source between a formula's delimiters, without labels. */
export function mathSource(node: LatexNode, { source }: LatexContext): string {
  const { start, end } = node.position ?? { start: { offset: 0 }, end: { offset: 0 } }
  const whole = source.slice(start.offset, end.offset)
  return collapse(
    whole
      .replaceAll(/%[^\n]*\n/g, '\n')
      .replaceAll(/\\label\s*\{[^{}]*\}|\\(?:nonumber|notag)\b/g, '')
      .replace(/^(?:\$\$?|\\\[|\\\(|\\begin\{(?:equation|displaymath|math)\*?\})/, '')
      .replace(/(?:\$\$?|\\\]|\\\)|\\end\{(?:equation|displaymath|math)\*?\})$/, ''),
  )
}

function addAll(nodes: readonly LatexNode[], text: LatexText, context: LatexContext): void {
  for (let index = 0; index < nodes.length;) index = addInline(nodes, index, text, context)
}

function addMacro(nodes: readonly LatexNode[], index: number, text: LatexText, context: LatexContext): number {
  const node = nodes[index] as LatexNode
  const name = contentText(node)
  const loose = (part: string): void => void text.push({ text: part, literal: false })
  const literal = (part: string): void => void text.push({ text: part, literal: true })
  const words = (of: readonly LatexNode[]): string => latexWords(of, context)
  const accent = accents[name]
  if (accent !== undefined) return addAccent(nodes, index, accent, text, context)
  const sign = signs[name] ?? context.macros.get(name)
  if (sign !== undefined) {
    loose(sign)
    return index + 1
  }
  if (/^(?:foot|paren|text|auto|full|no)?cite|^[Cc]ite/.test(name)) {
    if (name !== 'nocite') {
      const keys = words(mainArgument(node)).replaceAll(/\s*,\s*/g, ', ')
      literal(`[${[keys, words(optionalArgument(node))].filter(Boolean).join(', ')}]`)
    }
    return index + 1
  }
  if (name === 'eqref') literal(`(${words(mainArgument(node))})`)
  else if (/ref$/.test(name)) literal(words(mainArgument(node)))
  else if (/^(?:footnote|footnotetext|endnote|thanks)$/.test(name)) loose(context.footnote(mainArgument(node)))
  else if (name === 'url' || name === 'path') literal(contentOf(mainArgument(node)))
  else if (skippedMacros.has(name)) return afterGroups(nodes, index)
  else addAll(mainArgument(node), text, context)
  return index + 1
}

/** A macro whose arguments the library does not know has them after it, as groups. */
function afterGroups(nodes: readonly LatexNode[], index: number): number {
  let next = index + 1
  if ((nodes[index]?.args?.length ?? 0) === 0) while (nodes[next]?.type === 'group') next++
  return next
}

/** An accent stands before its letter: '\"o', '\"{o}', '\c c'. */
function addAccent(
  nodes: readonly LatexNode[],
  index: number,
  accent: string,
  text: LatexText,
  context: LatexContext,
): number {
  const own = nodes[index]?.args?.length ? latexWords(mainArgument(nodes[index]), context) : ''
  let next = index + 1
  if (own === '' && nodes[next]?.type === 'whitespace') next++
  const base = own === '' ? latexWords(nodes.slice(next, next + 1), context) : own
  const [letter = '', ...rest] = base.replace(/^ı/, 'i')
  text.push({ text: letter === '' ? '' : `${(letter + accent).normalize('NFC')}${rest.join('')}`, literal: false })
  return own === '' ? next + 1 : next
}

function contentOf(nodes: readonly LatexNode[]): string {
  return nodes
    .map((node) =>
      node.type === 'whitespace' ? ' ' : node.type === 'macro' ? `\\${contentText(node)}` : contentText(node),
    )
    .join('')
}

/** Combining characters. */
const accents: Record<string, string> = {
  '`': '\u0300',
  "'": '\u0301',
  '^': '\u0302',
  '~': '\u0303',
  '=': '\u0304',
  u: '\u0306',
  '.': '\u0307',
  '"': '\u0308',
  r: '\u030A',
  H: '\u030B',
  v: '\u030C',
  d: '\u0323',
  c: '\u0327',
  k: '\u0328',
  b: '\u0331',
}

const signs: Record<string, string> = {
  '&': '&',
  '%': '%',
  $: '$',
  '#': '#',
  _: '_',
  '{': '{',
  '}': '}',
  ' ': ' ',
  '\n': ' ',
  ',': ' ',
  ';': ' ',
  ':': ' ',
  '!': '',
  '/': '',
  '-': '',
  '@': '',
  '\\': '\n',
  newline: '\n',
  linebreak: '\n',
  par: ' ',
  quad: ' ',
  qquad: ' ',
  space: ' ',
  enspace: ' ',
  and: ', ',
  ldots: '…',
  dots: '…',
  textellipsis: '…',
  ss: 'ß',
  ae: 'æ',
  AE: 'Æ',
  oe: 'œ',
  OE: 'Œ',
  aa: 'å',
  AA: 'Å',
  o: 'ø',
  O: 'Ø',
  l: 'ł',
  L: 'Ł',
  i: 'ı',
  j: 'j',
  S: '§',
  P: '¶',
  pounds: '£',
  copyright: '©',
  textcopyright: '©',
  textregistered: '®',
  texttrademark: '™',
  textdegree: '°',
  degree: '°',
  euro: '€',
  texteuro: '€',
  textbullet: '•',
  textbackslash: '\\',
  textasciitilde: '∼',
  textasciicircum: '^',
  textbar: '|',
  textless: '<',
  textgreater: '>',
  textunderscore: '_',
  textquotedblleft: '“',
  textquotedblright: '”',
  textquoteleft: '‘',
  textquoteright: '’',
  textendash: '–',
  textemdash: '—',
  guillemotleft: '«',
  guillemotright: '»',
  slash: '/',
  LaTeX: 'LaTeX',
  LaTeXe: 'LaTeX2e',
  TeX: 'TeX',
  BibTeX: 'BibTeX',
}

/** They set the page or define things, and show nothing. */
const skippedMacros = new Set(
  (
    'label index glossary vspace vspace* hspace hspace* vskip hskip setlength addtolength setcounter addtocounter ' +
    'stepcounter newcommand newcommand* renewcommand providecommand DeclareMathOperator def let newenvironment ' +
    'renewenvironment newtheorem usepackage RequirePackage documentclass includegraphics graphicspath pagestyle ' +
    'thispagestyle pagenumbering bibliographystyle bibliography addbibresource printbibliography hyphenation ' +
    'tableofcontents listoffigures listoftables maketitle titlepage appendix centering raggedright raggedleft ' +
    'noindent indent clearpage newpage pagebreak cleardoublepage hline toprule midrule bottomrule cline cmidrule ' +
    'hrule hrulefill hfill vfill dotfill phantom hphantom vphantom color definecolor rule input include subfile ' +
    'title author date affil institute email address keywords lstset hypersetup geometry markboth markright ' +
    'addcontentsline protect relax today footnotemark small footnotesize scriptsize tiny normalsize large Large ' +
    'LARGE huge Huge bfseries itshape ttfamily sffamily rmfamily scshape upshape mdseries bf it tt sf rm sc em ' +
    'selectfont fontsize linespread baselineskip parindent parskip textwidth linewidth columnwidth textheight'
  ).split(' '),
)
