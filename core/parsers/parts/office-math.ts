import { attributeOf } from './xml-pieces.ts'
import { elementAt, elementsOf, type XmlNode } from './xml-tree.ts'

/**
 * An Office formula (OMML, ECMA-376 part 1, 22.1) as LaTeX between dollar signs: what HTML, Markdown and LaTeX documents
 * have for formulas too; '' for an empty one. Letters and operators stay the characters they are ('π', '±', '∑'): they
 * read better than commands, and LaTeX of today takes them.
 */
export function formulaText(node: XmlNode): string {
  const latex = read(node).replaceAll(/ {2,}/g, ' ').trim()
  return latex === '' ? '' : `$${latex}$`
}

type Reader = (node: XmlNode) => string

const read: Reader = (node) => {
  let out = ''
  for (const child of elementsOf(node)) {
    const reader = readers[child.name]
    if (reader) out += reader(child)
    // Properties hold no text that shows; everything else may.
    else if (!child.name.endsWith('Pr')) out += read(child)
  }
  return out
}

const readers: Record<string, Reader> = {
  t: (node) => escapeText(node.children.map((child) => (typeof child === 'string' ? child : '')).join('')),
  br: () => ' ',
  f(node) {
    const [above, below] = [part(node, 'num'), part(node, 'den')]
    const type = property(node, 'type')
    if (type === 'noBar') return `\\binom{${above}}{${below}}`
    if (type === 'lin') return `${above}/${below}`
    return `\\frac{${above}}{${below}}`
  },
  sSup: (node) => `${base(node)}^{${part(node, 'sup')}}`,
  sSub: (node) => `${base(node)}_{${part(node, 'sub')}}`,
  sSubSup: (node) => `${base(node)}_{${part(node, 'sub')}}^{${part(node, 'sup')}}`,
  sPre: (node) => `{}${script('_', part(node, 'sub'))}${script('^', part(node, 'sup'))}${part(node, 'e')}`,
  rad(node) {
    const degree = isOn(property(node, 'degHide')) ? '' : part(node, 'deg')
    return `\\sqrt${degree === '' ? '' : `[${degree}]`}{${part(node, 'e')}}`
  },
  nary(node) {
    const [below, above] = [part(node, 'sub'), part(node, 'sup')]
    const sign = property(node, 'chr') ?? '∫'
    return `${sign}${script('_', below)}${script('^', above)} ${part(node, 'e')}`
  },
  d(node) {
    const inner = elementsOf(node, 'e').map((item) => read(item).trim())
    const open = brace(property(node, 'begChr') ?? '(')
    return `${open}${inner.join(property(node, 'sepChr') ?? '|')}${brace(property(node, 'endChr') ?? ')')}`
  },
  func: (node) => `${functionName(part(node, 'fName'))} ${part(node, 'e')}`,
  limLow: (node) => `${functionName(part(node, 'e'))}_{${part(node, 'lim')}}`,
  limUpp: (node) => `${functionName(part(node, 'e'))}^{${part(node, 'lim')}}`,
  acc: (node) => `${accents[property(node, 'chr') ?? '\u0302'] ?? '\\hat'}{${part(node, 'e')}}`,
  bar: (node) => `${property(node, 'pos') === 'top' ? '\\overline' : '\\underline'}{${part(node, 'e')}}`,
  groupChr: (node) => `${property(node, 'pos') === 'top' ? '\\overbrace' : '\\underbrace'}{${part(node, 'e')}}`,
  borderBox: (node) => `\\boxed{${part(node, 'e')}}`,
  phant: (node) => (isOn(property(node, 'show') ?? '1') ? part(node, 'e') : ''),
  eqArr: (node) => matrix(elementsOf(node, 'e').map(read)),
  m(node) {
    const rows = elementsOf(node, 'mr').map((row) => elementsOf(row, 'e').map((cell) => read(cell).trim()))
    return matrix(rows.map((cells) => cells.join(' & ')))
  },
}

function part(node: XmlNode, name: string): string {
  const found = elementAt(node, name)
  return found ? read(found).trim() : ''
}

/** A property such as the sign of a sum: undefined where it is not stated, '' where it is stated as none. */
function property(node: XmlNode, name: string): string | undefined {
  const found = elementAt(node, `${node.name}Pr`, name)
  return found && (attributeOf(found, 'val') ?? '')
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && !['0', 'off', 'false'].includes(value)
}

/** What a power or index stands on: a fraction is grouped, or the power would belong to its last sign only. */
function base(node: XmlNode): string {
  const text = part(node, 'e')
  return elementsOf(elementAt(node, 'e')).some(({ name }) => name === 'f') ? `{${text}}` : text
}

function script(mark: '_' | '^', text: string): string {
  return text === '' ? '' : `${mark}{${text}}`
}

function matrix(rows: string[]): string {
  if (rows.length === 1) return rows[0] ?? ''
  return `\\begin{matrix}${rows.map((row) => row.trim()).join(' \\\\ ')}\\end{matrix}`
}

/** Signs that LaTeX would take for commands; a typographic dash is the minus of who typed it. */
function escapeText(text: string): string {
  return text.replaceAll(/[\\{}$%#]/g, (sign) => (sign === '\\' ? '\\backslash ' : `\\${sign}`)).replaceAll('–', '-')
}

function brace(sign: string): string {
  return sign === '{' || sign === '}' ? `\\${sign}` : sign
}

const knownFunctions = new Set(
  'sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln lg exp lim max min sup inf det dim ker gcd arg'.split(
    ' ',
  ),
)

function functionName(name: string): string {
  return knownFunctions.has(name) ? `\\${name}` : name
}

const accents: Record<string, string> = {
  '\u0300': '\\grave',
  '\u0301': '\\acute',
  '\u0302': '\\hat',
  '\u0303': '\\tilde',
  '\u0304': '\\bar',
  '\u0305': '\\overline',
  '\u0306': '\\breve',
  '\u0307': '\\dot',
  '\u0308': '\\ddot',
  '\u030c': '\\check',
  '\u20d7': '\\vec',
}
