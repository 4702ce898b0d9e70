import type { Nodes, PhrasingContent, RootContent } from 'mdast'
import type { AnswerMessage, Message } from '../../contract/conversations.ts'
import { plainLine } from '../services/plain-text.ts'
import type { ExportedConversation } from './export-conversation.ts'
import { placeOf, releaseOf, remarksOn, scopeOf, timeOf, unsupportedIn } from './message-words.ts'
import { inTurns } from './in-turns.ts'
import { isWebAddress, loadMarkdown, offsetsOf, type ReadMarkdown } from './read-markdown.ts'

/**
 * One page that needs nothing else: no script, no picture, no font, and a policy that forbids them. It is what is printed
 * for a PDF, too.
 */
export async function conversationAsHtml(exported: ExportedConversation): Promise<string> {
  const { asShown } = await loadMarkdown()
  const { conversation, messages, exportedAt } = exported
  const title = escaped(plainLine(conversation.title))
  const about = `${escaped(plainLine(conversation.bot))} · ${timeOf(conversation.createdAt)} · exported from Quarry, ${timeOf(exportedAt)}`
  const sections = await inTurns(messages, (message, index) => [messageHtml(message, index, asShown)])
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1 dir="auto">${title}</h1>
<p class="about">${about}</p>
</header>
<main>
${sections.join('\n')}
</main>
</body>
</html>
`
}

function messageHtml(message: Message, index: number, read: ReadMarkdown): string {
  if (message.role === 'question') {
    const scope = scopeOf(message)
    return `<section class="question"><h2>Question</h2>
<p class="asked" dir="auto">${escaped(message.text)}</p>${scope ? `\n<p class="remark" dir="auto">${escaped(scope)}</p>` : ''}
</section>`
  }
  const release = releaseOf(message)
  const unsupported = unsupportedIn(message)
  return `<section class="answer"><h2>Answer${release ? ` <small>${escaped(release)}</small>` : ''}</h2>
<div dir="auto">${answerHtml(message, index, read)}</div>
${remarksOn(message)
  .map((remark) => `<p class="remark" dir="auto">${escaped(remark)}</p>\n`)
  .join('')}${
    unsupported.length > 0
      ? `<div class="remark"><p>Not supported by the sources:</p><ul>${unsupported.map((sentence) => `<li dir="auto">${escaped(sentence)}</li>`).join('')}</ul></div>\n`
      : ''
  }${
    message.citations.length > 0
      ? `<ol class="sources">${message.citations
          .map(
            (citation) =>
              `<li id="s${index}-${citation.marker}" value="${citation.marker}" dir="auto"><cite>${escaped(placeOf(citation))}</cite><blockquote>${escaped(citation.text)}</blockquote></li>`,
          )
          .join('')}</ol>\n`
      : ''
  }</section>`
}

/** Above this an answer was not written to be read as Markdown. */
const mostRead = 60_000
const mostDepth = 12

function answerHtml({ text, citations }: AnswerMessage, index: number, read: ReadMarkdown): string {
  const known = new Set(citations.map(({ marker }) => marker))
  const words = (value: string): string =>
    escaped(value).replaceAll(/\[(\d{1,6})\]/g, (written, number: string) =>
      known.has(Number(number)) ? `<a class="marker" href="#s${index}-${number}">${written}</a>` : written,
    )
  if (text.length > mostRead) return `<p class="asked">${words(text)}</p>`
  const source = (node: Nodes): string => words(text.slice(offsetsOf(node).start, offsetsOf(node).end))
  return read(text)
    .children.map((node) => block(node, 0))
    .join('\n')

  function block(node: RootContent, depth: number): string {
    const blocks = (nodes: readonly RootContent[]): string => nodes.map((child) => block(child, depth + 1)).join('\n')
    if (depth > mostDepth) return `<p>${source(node)}</p>`
    switch (node.type) {
      case 'paragraph':
        return `<p>${inline(node.children)}</p>`
      case 'heading':
        // The document has its own headings above.
        return `<h3>${inline(node.children)}</h3>`
      case 'blockquote':
        return `<blockquote>${blocks(node.children)}</blockquote>`
      case 'code':
        return `<pre><code>${escaped(node.value)}</code></pre>`
      case 'thematicBreak':
        return '<hr>'
      case 'list': {
        const items = node.children.map((item) => `<li>${blocks(item.children)}</li>`).join('')
        return node.ordered ? `<ol start="${node.start ?? 1}">${items}</ol>` : `<ul>${items}</ul>`
      }
      case 'table': {
        const [head, ...rows] = node.children.map((row) => row.children.map((cell) => inline(cell.children)))
        const row = (cells: readonly string[], tag: string): string =>
          `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
        return `<table><thead>${row(head ?? [], 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`
      }
      default:
        return `<p>${source(node)}</p>`
    }
  }

  function inline(nodes: readonly PhrasingContent[]): string {
    return nodes
      .map((node) => {
        switch (node.type) {
          case 'text':
            return words(node.value)
          case 'strong':
            return `<strong>${inline(node.children)}</strong>`
          case 'emphasis':
            return `<em>${inline(node.children)}</em>`
          case 'delete':
            return `<s>${inline(node.children)}</s>`
          case 'inlineCode':
            return `<code>${escaped(node.value)}</code>`
          case 'break':
            return '<br>'
          case 'link':
            return isWebAddress(node.url)
              ? `<a href="${escaped(node.url)}" rel="noopener noreferrer">${inline(node.children)}</a>`
              : inline(node.children)
          default:
            return source(node)
        }
      })
      .join('')
  }
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as it is, whatever is in it, in an element or an attribute in quotes. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? '')
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
}

const style = `
:root { color-scheme: light dark; --line: #d4d4d8; --quiet: #52525b; --tint: #f4f4f5; }
@media (prefers-color-scheme: dark) { :root { --line: #3f3f46; --quiet: #a1a1aa; --tint: #27272a; } }
body { font: 15px/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0; }
h2 { font-size: .8rem; color: var(--quiet); margin: 0 0 .25rem; font-weight: 600; }
h2 small { font-weight: 400; }
h3 { font-size: 1rem; }
.about, .remark, .sources { color: var(--quiet); font-size: .85rem; }
section { margin: 1.25rem 0; }
.question { background: var(--tint); border-radius: .5rem; padding: .75rem 1rem; }
.asked { white-space: pre-wrap; margin: 0; }
pre { white-space: pre-wrap; background: var(--tint); padding: .75rem; border-radius: .5rem; }
blockquote { margin: .25rem 0 .5rem; padding-left: .75rem; border-left: 2px solid var(--line); }
table { border-collapse: collapse; }
th, td { border: 1px solid var(--line); padding: .25rem .5rem; text-align: start; vertical-align: top; }
.marker { text-decoration: none; font-size: .85em; }
@media print {
  :root { color-scheme: light; --line: #d4d4d8; --quiet: #52525b; --tint: #f4f4f5; }
  body { margin: 0; max-width: none; font-size: 10.5pt; color: #000; background: #fff; }
  .question, .sources li, table, pre { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  a { color: inherit; }
}
`
