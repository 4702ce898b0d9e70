import { inLetters, inRoman } from './number-forms.ts'
import { formulaText } from './office-math.ts'
import { attributeOf } from './xml-pieces.ts'
import { elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

/** A paragraph of a slide as a reader sees it. */
export interface DrawingParagraph {
  /** With '\n' where its author broke the line; list items begin with '- ' or their number, such as '3. '. */
  text: string
  isListItem: boolean
}

/**
 * The paragraphs of a text body (DrawingML, ECMA-376 part 1, 21.1.2), blank ones left out. `inherited` are the list
 * styles that apply where the paragraph and the body say nothing, the nearest first.
 */
export function drawingParagraphs(body: XmlNode | undefined, inherited: readonly (XmlNode | undefined)[] = []) {
  const paragraphs: DrawingParagraph[] = []
  const styles = [elementAt(body, 'lstStyle'), ...inherited]
  const numbering = createNumbering()
  for (const paragraph of elementsOf(body, 'p')) {
    const text = paragraphText(paragraph)
    if (text === '') continue
    const own = elementAt(paragraph, 'pPr')
    const level = Math.min(Math.max(Number(attributeOf(own, 'lvl') ?? 0) || 0, 0), 8)
    const levelStyles = styles.map((style) => elementAt(style, `lvl${level + 1}pPr`))
    const bullet = [own, ...levelStyles].map(bulletOf).find((found) => found !== undefined)
    const marker = numbering.marker(level, bullet)
    // Some people write their own numbers beside the bullets.
    const isMarked = marker === '- ' && /^(?:\d{1,3}[.)]|[-–•*])\s/.test(text)
    paragraphs.push({ text: isMarked ? text : marker + text, isListItem: marker !== '' })
  }
  return paragraphs
}

/** All text of a body on one line. */
export function drawingLine(body: XmlNode | undefined): string {
  const lines = elementsOf(body, 'p').map(paragraphText)
  return lines
    .filter((line) => line !== '')
    .join(' ')
    .replaceAll('\n', ' ')
}

/** Of alternatives for programs of different ages: the first, which is the original and not a picture of it. */
export function chosenAlternative(node: XmlNode): XmlNode | undefined {
  return elementAt(node, 'Choice') ?? elementAt(node, 'Fallback')
}

function paragraphText(paragraph: XmlNode): string {
  return joinRuns(runsIn(paragraph))
    .split('\n')
    .map((line) => line.replaceAll(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n')
}

interface Run {
  text: string
  isFormula: boolean
}

const lineBreak: Run = { text: '\n', isFormula: false }

function runsIn(node: XmlNode | undefined): Run[] {
  return elementsOf(node).flatMap((child): Run[] => {
    if (child.name === 'r' || child.name === 'fld')
      return [{ text: textOf(elementAt(child, 't')).replaceAll(escapedBreak, '\n'), isFormula: false }]
    if (child.name === 'br') return [lineBreak]
    if (child.name === 'oMath') return [{ text: formulaText(child), isFormula: true }]
    if (child.name === 'oMathPara')
      return elementsOf(child, 'oMath').flatMap((inner) => [
        lineBreak,
        { text: formulaText(inner), isFormula: true },
        lineBreak,
      ])
    // The wrapper of formulas in DrawingML, not a matrix.
    if (child.name === 'm') return runsIn(child)
    if (child.name === 'AlternateContent') return runsIn(chosenAlternative(child))
    return []
  })
}

/** Formulas without a word between them stand on lines of their own, as those of Word files do. */
function joinRuns(runs: readonly Run[]): string {
  let text = ''
  let isAfterFormula = false
  for (const run of runs) {
    if (run.isFormula && isAfterFormula) text += '\n'
    text += run.text
    if (run.text.trim() !== '') isAfterFormula = run.isFormula
  }
  return text
}

/** A line break in the text itself, written as Office writes control characters in XML (ECMA-376 part 1, 22.9.2.19). */
const escapedBreak = /_x000[abd]_/gi

type Bullet = { numbered: false; shown: boolean } | { numbered: true; scheme: string; start: number }

function bulletOf(properties: XmlNode | undefined): Bullet | undefined {
  for (const child of elementsOf(properties)) {
    if (child.name === 'buNone') return { numbered: false, shown: false }
    if (child.name === 'buChar' || child.name === 'buBlip') return { numbered: false, shown: true }
    if (child.name === 'buAutoNum') {
      const start = Number(attributeOf(child, 'startAt') ?? 1)
      return { numbered: true, scheme: attributeOf(child, 'type') ?? '', start: Number.isInteger(start) ? start : 1 }
    }
  }
  return undefined
}

/** Counts list items: each level goes on until an item of a lower level or of another kind comes between. */
function createNumbering() {
  let counters: ({ scheme: string; next: number } | undefined)[] = []
  return {
    marker(level: number, bullet: Bullet | undefined): string {
      counters = counters.slice(0, level + 1)
      if (!bullet?.numbered) {
        counters[level] = undefined
        return bullet?.shown ? '- ' : ''
      }
      const running = counters[level]
      const number = running?.scheme === bullet.scheme ? running.next : bullet.start
      counters[level] = { scheme: bullet.scheme, next: number + 1 }
      return `${numberInScheme(number, bullet.scheme)} `
    },
  }
}

/** A number as ST_TextAutonumberScheme wants it: 'arabicPeriod', 'alphaLcParenR', 'romanUcParenBoth' … */
function numberInScheme(number: number, scheme: string): string {
  let text = String(number)
  if (scheme.startsWith('alpha')) text = inLetters(number)
  if (scheme.startsWith('roman')) text = inRoman(number)
  if (/^(alpha|roman)Lc/.test(scheme)) text = text.toLowerCase()
  if (scheme.endsWith('ParenBoth')) return `(${text})`
  if (scheme.endsWith('ParenR')) return `${text})`
  return scheme.endsWith('Plain') ? text : `${text}.`
}
