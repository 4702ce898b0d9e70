import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createConversationLibrary, type ConversationLibrary } from './application/library/conversations.ts'
import type { BotId, ConversationId, MessageId } from './shared/ids.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

let test: TestApp
let botId: BotId
let library: ConversationLibrary

beforeAll(async () => {
  test = await openTestApp()
  botId = (await test.client.bots.create({ settings: { name: 'Bot', starters: [] } })).id
  library = createConversationLibrary(test.app.services.workspace.database)
})
afterAll(() => test[Symbol.asyncDispose]())

const scope = { documents: [], tags: [], reading: 'auto' as const }

/** A conversation with these questions and answers, as asking leaves them. */
async function talk(title: string, ...exchanges: [question: string, answer: string][]): Promise<ConversationId> {
  const { id } = await test.client.conversations.create({ botId })
  for (const [question, answer] of exchanges) exchange(id, library.leaf(id), question, answer, title)
  return id
}

function exchange(
  id: ConversationId,
  parentId: MessageId | null,
  text: string,
  answer: string,
  title = '',
): MessageId[] {
  const begun = library.ask({ conversationId: id, parentId, text, scope, title })
  library.endAnswer(begun.answer.id, { text: answer, state: 'done' })
  return [begun.question.id, begun.answer.id]
}

const search = async (query: string) => (await test.client.conversations.list({ query })).conversations
const texts = async (id: ConversationId) =>
  (await test.client.conversations.messages({ conversationId: id })).messages.map(({ text }) => text)

describe('conversations', () => {
  it('begin empty, are named and put into folders, and go', async () => {
    const begun = await test.client.conversations.create({ botId })
    expect(begun).toMatchObject({ bot: 'Bot', title: 'New conversation', folder: '', messages: 0 })
    expect(await test.client.conversations.messages({ conversationId: begun.id })).toEqual({ messages: [], earlier: 0 })
    const change = { conversationId: begun.id, title: ' Leave\r\nand pay ', folder: 'Work\u202e' }
    expect(await test.client.conversations.update(change)).toMatchObject({ title: 'Leave and pay', folder: 'Work' })
    const { conversations, folders } = await test.client.conversations.list({ folder: 'Work' })
    expect(conversations.map(({ id }) => id)).toEqual([begun.id])
    expect(folders).toContain('Work')
    await test.client.conversations.remove({ conversationId: begun.id })
    await expect(test.client.conversations.get({ conversationId: begun.id })).rejects.toMatchObject({
      code: 'item-missing',
    })
    await expect(test.client.conversations.create({ botId: 'bot_none' })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('are found by words and parts of words in titles, questions and answers, in any script', async () => {
    const german = await talk('Urlaub', [
      'Wie viel Urlaub habe ich?',
      'Sie haben dreißig Arbeitstage im Übergangsjahr.',
    ])
    const japanese = await talk('都庁', ['東京都庁はどこですか', '新宿にあります。'])
    expect((await search('arbeitst')).map(({ id }) => id)).toEqual([german])
    expect((await search('ubergang')).map(({ id }) => id)).toEqual([german])
    expect((await search('urlaub übergangs')).map(({ id }) => id)).toEqual([])
    expect((await search('新宿にあ')).map(({ id }) => id)).toEqual([japanese])
    expect((await search('都庁')).map(({ id }) => id)).toEqual([japanese])
    expect((await search('arbeitst'))[0]?.excerpt).toContain('dreißig Arbeitstage')
    expect((await search('ubergang'))[0]?.excerpt).toContain('Übergangsjahr')
  })

  it('are found by what a title says alone, and not any more when it is gone', async () => {
    const id = await talk('first', ['a question', 'an answer'])
    await test.client.conversations.update({ conversationId: id, title: 'Quarterly zebra figures' })
    expect(await search('zebra')).toMatchObject([{ id, excerpt: 'Quarterly zebra figures' }])
    await test.client.conversations.update({ conversationId: id, title: 'Other' })
    expect(await search('zebra')).toEqual([])
  })

  it('take the signs of a search language for what they are', async () => {
    const id = await talk('signs', ['Is it "C++" OR NEAR(AND, NOT) title:x* ^y - (z', "a%b_c \\ it's"])
    for (const query of [
      '"C++"',
      'OR NEAR(AND,',
      'title:x*',
      '^y',
      '-',
      '(z',
      '"',
      "'",
      'a%b_c',
      '\\',
      'a%',
      '*',
      'NOT)',
    ]) {
      expect([query, (await search(query)).map((found) => found.id)]).toEqual([query, [id]])
    }
    for (const query of ['"C--"', 'axb', 'NEAR(OR', 'x%', '*;DROP TABLE messages']) {
      expect([query, await search(query)]).toEqual([query, []])
    }
    expect((await search('  \u0000 ')).length).toBeGreaterThan(0)
  })

  it('page through their messages from the end, on the branch that is shown', async () => {
    const id = await talk('', ['one', '1'], ['two', '2'], ['three', '3'])
    const last = await test.client.conversations.messages({ conversationId: id, limit: 3 })
    expect(last.messages.map(({ text }) => text)).toEqual(['2', 'three', '3'])
    expect(last.earlier).toBe(3)
    const before = { conversationId: id, before: last.messages[0]!.id, limit: 100 }
    const earlier = await test.client.conversations.messages(before)
    expect(earlier.messages.map(({ text }) => text)).toEqual(['one', '1', 'two'])
    expect(earlier.earlier).toBe(0)
  })

  it('show one branch at a time, and go through another to its newest end', async () => {
    const id = await talk('', ['one', '1'], ['two', '2'])
    const [first, answer, second] = (await test.client.conversations.messages({ conversationId: id })).messages
    exchange(id, answer!.id, 'two, edited', '2b')
    exchange(id, library.leaf(id), 'then', '3b')
    expect(await texts(id)).toEqual(['one', '1', 'two, edited', '2b', 'then', '3b'])
    const shown = await test.client.conversations.show({ messageId: second!.id })
    expect(shown.messages).toBe(4)
    expect(await texts(id)).toEqual(['one', '1', 'two', '2'])
    const { siblings } = (await test.client.conversations.messages({ conversationId: id })).messages[2]!
    expect(siblings).toHaveLength(2)
    await test.client.conversations.show({ messageId: siblings[1]! })
    expect(await texts(id)).toEqual(['one', '1', 'two, edited', '2b', 'then', '3b'])
    // From further up it is the newest branch, too.
    await test.client.conversations.show({ messageId: siblings[0]! })
    await test.client.conversations.show({ messageId: first!.id })
    expect(await texts(id)).toEqual(['one', '1', 'two, edited', '2b', 'then', '3b'])
  })

  it('keep what people think of answers', async () => {
    const id = await talk('', ['good?', 'good'])
    const [question, answer] = (await test.client.conversations.messages({ conversationId: id })).messages
    const feedback = { rating: 'down' as const, comment: 'The date is <b>wrong</b>.' }
    expect(await test.client.conversations.rate({ messageId: answer!.id, feedback })).toMatchObject({ feedback })
    expect((await test.client.conversations.messages({ conversationId: id })).messages[1]).toMatchObject({ feedback })
    const none = { rating: null, comment: '' }
    expect(await test.client.conversations.rate({ messageId: answer!.id, feedback: none })).toMatchObject({
      feedback: none,
    })
    await expect(test.client.conversations.rate({ messageId: question!.id, feedback })).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })
})
