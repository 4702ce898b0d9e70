import fc from 'fast-check'
import { parseHTML } from 'linkedom'
import type { Nodes } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { gfm } from 'micromark-extension-gfm'
import { describe, expect, it } from 'vitest'
import type { Citation } from '../../contract/ask.ts'
import type { AnswerMessage, Conversation, Message } from '../../contract/conversations.ts'
import type { BotId, ConversationId, DocumentId, MessageId } from '../../shared/ids.ts'
import { exportConversation } from './export-conversation.ts'

const conversation: Conversation = {
  id: 'cnv_1' as ConversationId,
  botId: 'bot_1' as BotId,
  bot: 'Rules',
  title: 'How many days?',
  folder: '',
  messages: 2,
  createdAt: Date.UTC(2026, 10, 30, 14, 5),
  usedAt: 0,
}
const citation: Citation = {
  marker: 1,
  documentId: 'doc_1' as DocumentId,
  document: 'leave.md',
  path: 'leave.md',
  chunkId: 1,
  start: 0,
  end: 10,
  text: 'Employees have 30 days.',
  page: 3,
  place: null,
  headings: ['Leave'],
  boxes: [],
}
const common = { conversationId: conversation.id, siblings: [], createdAt: 0 }

function talk(question: string, answer: string, more: Partial<AnswerMessage> = {}): Message[] {
  return [
    {
      ...common,
      id: 'msg_1' as MessageId,
      parentId: null,
      role: 'question',
      text: question,
      scope: { documents: [{ documentId: 'doc_1' as DocumentId, name: question }], tags: ['hr'], reading: 'auto' },
    },
    {
      ...common,
      id: 'msg_2' as MessageId,
      parentId: 'msg_1' as MessageId,
      role: 'answer',
      text: answer,
      state: 'done',
      error: null,
      rewritten: null,
      citations: [citation],
      unsupported: [],
      refused: false,
      passageMode: 'retrieved',
      lowRelevance: false,
      note: null,
      invented: 0,
      traceId: null,
      release: null,
      durationMs: 1,
      feedback: { rating: null, comment: '' },
      ...more,
    },
  ]
}

const write = async (format: 'markdown' | 'html' | 'json', messages: Message[], of: Partial<Conversation> = {}) =>
  (await exportConversation({ conversation: { ...conversation, ...of }, messages, exportedAt: 0 }, format)).text

const hostile = [
  '<script>alert(1)</script>',
  '<img src="https://evil.example/pixel.png" onerror="alert(1)">',
  '![pixel](https://evil.example/pixel.png)',
  '[![pixel](https://evil.example/a.png)](javascript:alert(1))',
  '![pixel][remote]\n\n[remote]: https://evil.example/pixel.png',
  '[click](javascript:alert(1)) and [more](  JaVaScRiPt:alert(1)) and [data](data:text/html;base64,PHNjcmlwdD4=)',
  '<javascript:alert(1)>',
  '[relative](../../etc/passwd) [file](file:///etc/passwd)',
  '<div>\n![pixel](https://evil.example/pixel.png)\n</div>',
  '<style>@import url(https://evil.example/a.css)</style>',
  '&lt;script&gt; &#60;img src=x&#62;',
  '</div></section></body><iframe src="https://evil.example">',
  '```\n</code></pre><script>alert(1)</script>\n```',
  '\\<script>alert(1)\\</script>',
  '[a]: javascript:alert(1)\n\n[a]',
  '[^1]\n\n[^1]: <script>alert(1)</script> ![x](https://evil.example/x.png)',
  '| a | b |\n|---|---|\n| <img src=x onerror=alert(1)> | ![x](//evil.example) |',
  '" onmouseover="alert(1)',
  `${'> '.repeat(200)}deep`,
  `${'- '.repeat(200)}deep`,
  '[[[[[[[[[[](x)',
  'a\u202eb\u0000c\u001b[31m',
]

describe('HTML', () => {
  it('shows questions, answers, their sources and remarks', async () => {
    const messages = talk('How many days?', 'Employees have **30** days. [1]\n\n- one\n- two [2]', {
      release: { releaseId: 'rel_1' as never, line: 'Standard', number: 3 },
      lowRelevance: true,
      unsupported: [{ start: 0, end: 27 }],
    })
    const { document } = parseHTML(await write('html', messages))
    expect(document.querySelector('h1')?.textContent).toBe('How many days?')
    expect(document.querySelector('.question .asked')?.textContent).toBe('How many days?')
    expect(document.querySelector('.answer strong')?.textContent).toBe('30')
    expect(document.querySelector('.answer h2')?.textContent).toContain('Standard, release 3')
    expect([...document.querySelectorAll('.answer div li')].map((item) => item.textContent.trim())).toContain('two [2]')
    const marker = document.querySelector('a.marker')
    // The one that cites, and no other number in brackets.
    expect(document.querySelectorAll('a.marker').length).toBe(1)
    expect(document.getElementById(marker!.getAttribute('href')!.slice(1))?.textContent).toBe(
      'leave.md, page 3, LeaveEmployees have 30 days.',
    )
    expect(document.body.textContent).toContain('Read this answer with care')
    expect(document.body.textContent).toContain('Not supported by the sources:')
  })

  it.each(hostile)('of %j does nothing and loads nothing', async (text) => {
    const messages = talk(text, text, {
      note: text,
      rewritten: text,
      citations: [{ ...citation, document: text, text, headings: [text] }],
      unsupported: [{ start: 0, end: text.length }],
      release: { releaseId: 'rel_1' as never, line: text, number: null },
    })
    expectHarmless(await write('html', messages, { title: text, bot: text }))
  })

  it('of anything does nothing and loads nothing', async () => {
    const signs = fc.constantFrom(
      ...'<>"\'&[]()!`*_~|#-:/\\ \n=ax1',
      'script',
      'javascript:',
      'https://e.example',
      'img src=',
    )
    const text = fc.array(signs, { maxLength: 60 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, async (value) => expectHarmless(await write('html', talk(value, value)))),
      { numRuns: 200 },
    )
  })

  function expectHarmless(html: string): void {
    const { document } = parseHTML(html)
    const tags = new Set([...document.querySelectorAll('*')].map((element) => element.tagName.toLowerCase()))
    const known =
      'html head meta title style body header h1 h2 h3 p main section div small ul ol li cite blockquote a strong em s code pre br hr table thead tbody tr th td'
    expect([...tags].filter((tag) => !known.split(' ').includes(tag))).toEqual([])
    for (const element of document.querySelectorAll('*')) {
      for (const { name, value } of element.attributes) {
        expect(name).not.toMatch(/^on|^src|^style$|^background/)
        if (name === 'href') expect(value).toMatch(/^(?:#s\d+-\d+$|https?:\/\/)/)
      }
    }
    expect(document.querySelectorAll('style').length).toBe(1)
    expect(document.querySelectorAll('main > section').length).toBe(2)
    expect(html).not.toMatch(/[\u0000\u001b\u202e]/)
  }
})

describe('Markdown', () => {
  const parse = (text: string) => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] })
  const all = (node: Nodes): Nodes[] => [node, ...('children' in node ? node.children.flatMap(all) : [])]

  it('shows questions, answers and their sources', async () => {
    const text = await write('markdown', talk('How many days?', 'Employees have **30** days. [1]'))
    expect(text).toContain('# How many days?\n')
    expect(text).toContain('> How many days?\n')
    expect(text).toContain('Employees have **30** days. [1]')
    expect(text).toContain('\\[1\\] leave.md, page 3, Leave\n> Employees have 30 days.')
  })

  it.each(hostile)('of %j holds no HTML, no picture and no link but to the web', async (text) => {
    const messages = talk(text, text, {
      note: text,
      citations: [{ ...citation, document: text, text, headings: [text] }],
      unsupported: [{ start: 0, end: text.length }],
    })
    expectHarmless(await write('markdown', messages, { title: text, bot: text }))
  })

  it('of anything holds no HTML, no picture and no link but to the web', async () => {
    const signs = fc.constantFrom(
      ...'<>"\'&[]()!`*_~|#-:/\\ \n=ax1',
      'script',
      'javascript:',
      '![a](b)',
      '[a]: b',
      'img src=',
    )
    const text = fc.array(signs, { maxLength: 60 }).map((parts) => parts.join(''))
    await fc.assert(
      fc.asyncProperty(text, async (value) => expectHarmless(await write('markdown', talk(value, value)))),
      { numRuns: 200 },
    )
  })

  it('keeps the words of a question as they are', async () => {
    for (const text of [
      '1. one\n2. two',
      '# not a heading',
      '- a\n+ b\n* c',
      'a_b_c and `code` *x*',
      '| a | b |\n|---|---|',
      '=====',
      '    indented',
      '~~~\nx\n~~~',
    ]) {
      const quoted = all(parse(await write('markdown', talk(text, 'a')))).filter(({ type }) => type === 'blockquote')
      const types = all(quoted[0]!).map(({ type }) => type)
      expect([text, types.filter((type) => !['blockquote', 'paragraph', 'text', 'break'].includes(type))]).toEqual([
        text,
        [],
      ])
    }
  })

  function expectHarmless(text: string): void {
    const nodes = all(parse(text))
    expect(nodes.filter(({ type }) => ['html', 'image', 'imageReference', 'definition'].includes(type))).toEqual([])
    const links = nodes.flatMap((node) => (node.type === 'link' ? [node.url] : []))
    for (const link of links) expect(link).toMatch(/^(?:https?:\/\/|mailto:[\w.+-]+@[\w.-]+$)/)
  }
})

describe('files', () => {
  it('have a name that every file system takes', async () => {
    const named = async (title: string) =>
      (await exportConversation({ conversation: { ...conversation, title }, messages: [], exportedAt: 0 }, 'html')).name
    expect(await named('How many days?')).toBe('How many days.html')
    expect(await named('../../etc/passwd')).toBe('etc-passwd.html')
    expect(await named('a\u202e\u0000b:c*d|e')).toBe('a b-c-d-e.html')
    expect(await named('CON')).toBe('Quarry.html')
    expect(await named('...')).toBe('Quarry.html')
    expect((await named('🙂'.repeat(300))).length).toBeLessThan(100)
  })

  it('in JSON are what the contract says', async () => {
    const messages = talk('a', 'b')
    const value = JSON.parse(await write('json', messages)) as unknown
    expect(value).toMatchObject({ format: 'quarry-conversation', version: 1, conversation, messages })
  })
})
