import type { Nodes } from 'mdast'
import type { Message } from '../../contract/conversations.ts'
import { plainLine } from '../services/plain-text.ts'
import type { ExportedConversation } from './export-conversation.ts'
import { placeOf, releaseOf, remarksOn, scopeOf, timeOf, unsupportedIn } from './message-words.ts'
import { inTurns } from './in-turns.ts'
import { isWebAddress, loadMarkdown, offsetsOf, type ReadMarkdown } from './read-markdown.ts'

/**
 * Questions and names as plain text, answers with their own formatting. Nothing in it is HTML, shows a picture or runs
 * something, whichever program it is read in.
 */
export async function conversationAsMarkdown(exported: ExportedConversation): Promise<string> {
  const { asIs } = await loadMarkdown()
  const { conversation, messages, exportedAt } = exported
  const head = [
    `# ${line(conversation.title)}`,
    `${line(conversation.bot)} · ${timeOf(conversation.createdAt)} · exported from Quarry, ${timeOf(exportedAt)}`,
  ]
  const parts = await inTurns(messages, (message) => partsOf(message, asIs))
  return `${[...head, ...parts].join('\n\n')}\n`
}

function partsOf(message: Message, read: ReadMarkdown): string[] {
  if (message.role === 'question') {
    const scope = scopeOf(message)
    return ['---', '**Question**', quote(message.text), ...(scope ? [`*${line(scope)}*`] : [])]
  }
  const release = releaseOf(message)
  const unsupported = unsupportedIn(message)
  return [
    `**Answer**${release ? ` (${line(release)})` : ''}`,
    ...(message.text.trim() === '' ? [] : [harmless(message.text, read)]),
    ...remarksOn(message).map((remark) => `*${line(remark)}*`),
    ...(unsupported.length > 0
      ? [['Not supported by the sources:', ...unsupported.map((sentence) => `- ${line(sentence)}`)].join('\n')]
      : []),
    ...message.citations.map(
      (citation) => `\\[${citation.marker}\\] ${line(placeOf(citation))}\n${quote(citation.text)}`,
    ),
  ]
}

/** Text on one line that means nothing in Markdown. */
function line(text: string): string {
  return escaped(plainLine(text))
}

/** Every sign of text in every script that Markdown, or HTML in it, may give a meaning. */
function escaped(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>#+\-!|~&=.:@()$^]/g, (sign) => (needsEscape.has(sign) ? `\\${sign}` : sign))
}
const needsEscape = new Set('\\`*_[]<>#!|~&$^')

function quote(text: string): string {
  return text
    .split(/\r\n|[\n\r\u2028\u2029]/)
    .map((each) => `> ${escapedStart(escaped(plainLine(each)))}`.trimEnd())
    .join('\n')
}

/** A line that would begin a list or a rule begins with the same signs and means nothing. */
function escapedStart(text: string): string {
  return text.replace(/^([+\-=]+|\d+(?=[.)]))(?=\s|[.)]|$)/, (signs) =>
    /^\d/.test(signs) ? `${signs}\\` : `\\${signs}`,
  )
}

const mostRounds = 8
/** Above this an answer was not written to be read as Markdown. */
const mostRead = 100_000

/** An answer's Markdown without HTML, pictures, and links to anything but the web. */
function harmless(text: string, read: ReadMarkdown): string {
  let present = text
  // What was HTML may be Markdown once it is text.
  for (let round = 0; round < mostRounds && present.length <= mostRead; round++) {
    const edits = editsOf(read(present), present)
    if (edits.length === 0) return present
    present = apply(edits, present)
  }
  const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length + 1)))
  return `${fence}text\n${text}\n${fence}`
}

interface Edit {
  at: number
  length: number
  text: string
}

function editsOf(node: Nodes, text: string): Edit[] {
  const { start, end } = offsetsOf(node)
  const own = text.slice(start, end)
  const below = 'children' in node ? node.children.flatMap((child) => editsOf(child, text)) : []
  switch (node.type) {
    case 'html':
      return [...own.matchAll(/</g)].map(({ index }) => ({ at: start + index, length: 1, text: '&lt;' }))
    case 'image':
    case 'imageReference':
      return [...below, { at: start + own.indexOf('['), length: 1, text: '\\[' }]
    case 'definition':
    case 'footnoteDefinition':
      return [{ at: start + own.indexOf('['), length: 1, text: '\\[' }]
    case 'link': {
      if (isWebAddress(node.url)) return below
      // '<javascript:…>' and 'mail@example.org' have no bracket.
      if (!own.startsWith('['))
        return [...below, { at: start, length: 0, text: own.startsWith('<') ? '\\' : '' }].filter(
          ({ text }) => text !== '',
        )
      return [...below, { at: start, length: 1, text: '\\[' }]
    }
    default:
      return below
  }
}

function apply(edits: readonly Edit[], text: string): string {
  let done = text
  for (const { at, length, text: inserted } of edits.toSorted((a, b) => b.at - a.at)) {
    done = done.slice(0, at) + inserted + done.slice(at + length)
  }
  return done
}
