import type { Passage } from '../generator.ts'
import type { Unit } from './units.ts'

/** Units shown as one statement with one citation, in the order of their passage. */
export interface WordableStatement {
  units: readonly { unit: Unit }[]
}
type Statement = WordableStatement

/** A piece of the answer: text to show, then the span that supports it. */
export interface WordedStatement {
  text: string
  /** Index into the request's passages. */
  passage: number
  /** UTF-16 code units into that passage's text. */
  start: number
  end: number
}

/** A row or a log line may be long; so much of a unit is shown. The citation still opens all of it. */
const maxShownLength = 700

/**
 * Puts statements in reading order (the best source first; within a source as it reads) and joins them: prose in a
 * line, list items and several rows as bullets, a new source in a new paragraph. Adds nothing but spaces, line breaks,
 * bullets and a closing full stop.
 */
export function wordStatements(statements: readonly Statement[], passages: readonly Passage[]): WordedStatement[] {
  const ordered = inReadingOrder(statements, passages)
  const bulleted = ordered.map((statement, index) => isBullet(statement, [ordered[index - 1], ordered[index + 1]]))
  return ordered.map((statement, index) => {
    const first = statement.units[0] as { unit: Unit }
    const last = statement.units.at(-1) as { unit: Unit }
    const before = ordered[index - 1]
    const body = bodyOf(statement, before, bulleted[index] === true)
    return {
      text: separator(before, statement, bulleted[index - 1] === true, bulleted[index] === true, passages) + body,
      passage: first.unit.passage,
      start: first.unit.start,
      end: last.unit.end,
    }
  })
}

function inReadingOrder(statements: readonly Statement[], passages: readonly Passage[]): Statement[] {
  const source = (statement: Statement): string => passages[statement.units[0]?.unit.passage ?? 0]?.documentId ?? ''
  const sourceRank = new Map<string, number>()
  for (const statement of statements) {
    if (!sourceRank.has(source(statement))) sourceRank.set(source(statement), sourceRank.size)
  }
  // A passage does not say where in its document it stands, so passages of one source follow their best statement.
  const passageRank = new Map<number, number>()
  for (const { units } of statements) {
    const passage = units[0]?.unit.passage ?? 0
    if (!passageRank.has(passage)) passageRank.set(passage, passageRank.size)
  }
  return statements.toSorted((a, b) => {
    const [left, right] = [(a.units[0] as { unit: Unit }).unit, (b.units[0] as { unit: Unit }).unit]
    return (
      (sourceRank.get(source(a)) ?? 0) - (sourceRank.get(source(b)) ?? 0) ||
      (passageRank.get(left.passage) ?? 0) - (passageRank.get(right.passage) ?? 0) ||
      left.start - right.start
    )
  })
}

function isBullet(statement: Statement, beside: readonly (Statement | undefined)[]): boolean {
  const { unit } = statement.units[0] as { unit: Unit }
  if (statement.units.length > 1 || (unit.kind !== 'list-item' && unit.kind !== 'table-row')) return false
  return beside.some((other) => other && other.units.at(-1)?.unit.kind === unit.kind && samePassage(other, statement))
}

function bodyOf(statement: Statement, before: Statement | undefined, bullet: boolean): string {
  const first = statement.units[0] as { unit: Unit }
  const follows =
    before !== undefined && samePassage(before, statement) && before.units.at(-1)?.unit.order === first.unit.order - 1
  const texts = statement.units.map(({ unit }, index) => {
    const text = shorten(unit.text)
    return index === 0 && !follows && unit.kind === 'sentence' ? withoutConnective(text) : text
  })
  const joined = texts.reduce((all, text) => all + (needsNoSpace(all) ? '' : ' ') + text)
  return bullet ? joined : closed(joined)
}

function separator(
  before: Statement | undefined,
  statement: Statement,
  bulletBefore: boolean,
  bullet: boolean,
  passages: readonly Passage[],
): string {
  const mark = bullet ? '- ' : ''
  if (!before) return mark
  if (sourceOf(before, passages) !== sourceOf(statement, passages)) return `\n\n${mark}`
  if (bullet && bulletBefore && samePassage(before, statement)) return `\n${mark}`
  if (bullet || bulletBefore) return `\n\n${mark}`
  return needsNoSpace(before.units.at(-1)?.unit.text ?? '') ? '' : ' '
}

function sourceOf(statement: Statement, passages: readonly Passage[]): string {
  return passages[statement.units[0]?.unit.passage ?? 0]?.documentId ?? ''
}

function samePassage(a: Statement, b: Statement): boolean {
  return a.units[0]?.unit.passage === b.units[0]?.unit.passage
}

function needsNoSpace(text: string): boolean {
  return /[。！？、，：；）」』”]$/u.test(text)
}

/** A full stop where the text has no end of its own. */
function closed(text: string): string {
  if (/[.!?…。！？:：;；]["'”’»“」』)）]*$/u.test(text)) return text
  if (/\p{Script=Thai}$/u.test(text)) return text
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]["'”’」』)）]*$/u.test(text) ? `${text}。` : `${text}.`
}

/** "However, " and the like lean on a sentence that is not shown. */
function withoutConnective(text: string): string {
  const found = connective.exec(text)
  if (!found) return text
  const rest = text.slice(found[0].length)
  const initial = String.fromCodePoint(rest.codePointAt(0) ?? 32)
  return initial.toUpperCase() + rest.slice(initial.length)
}

const connective =
  /^(?:(?:However|Therefore|Thus|Hence|Moreover|Furthermore|In addition|Additionally|Nevertheless|Nonetheless|Consequently|Accordingly|Besides|Also|Meanwhile|In contrast|By contrast|On the other hand|As a result|For example|For instance|In fact|Indeed|Similarly|Likewise|Finally|Instead|Otherwise|Then|Again|Jedoch|Allerdings|Außerdem|Zudem|Ferner|Zum Beispiel|Cependant|Toutefois|De plus|Sin embargo|Además),\s+|(?:And|But|Or|So|Und|Aber|Denn|Et|Mais|Y|Pero)\s+(?=[\p{Ll}\p{Lu}])|(?:但是|然而|因此|所以|此外|而且|另外|不过|例如|しかし|また|そして|さらに|例えば)[，、]?)(?=\S)/u

function shorten(text: string): string {
  if (text.length <= maxShownLength) return text
  const cut = text
    .slice(0, maxShownLength)
    .replace(/\s\S*$/u, '')
    .replace(/[\ud800-\udbff]$/u, '')
  return `${cut}…`
}
