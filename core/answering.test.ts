import { setTimeout as delay } from 'node:timers/promises'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BotSettingsChange } from './contract/bots.ts'
import type { AnswerMessage, MessageScope, SendEvent } from './contract/conversations.ts'
import type { CollectionId, ConversationId, DocumentId, MessageId, TraceId } from './shared/ids.ts'
import { temporaryFolder } from './shared/temporary-folder.ts'
import { openTestApp, type TestApp } from './testing/test-app.ts'

let test: TestApp
let rules: CollectionId
let places: CollectionId

beforeAll(async () => {
  test = await openTestApp()
  const folder = join(test.folder, 'rules')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'leave.md'),
    '# Leave\n\nEmployees have 30 days of annual leave.\n\nRequests go to Marta Hale.\n',
  )
  writeFileSync(join(folder, 'travel.md'), '# Travel\n\nTrain journeys are booked in second class.\n')
  rules = (await test.client.collections.create({ name: 'Rules' })).id
  await test.ingest(rules, folder)
  writeFileSync(join(test.folder, 'harbour.md'), '# Harbour\n\nThe harbour master is Olaf Berg.\n')
  places = (await test.client.collections.create({ name: 'Places' })).id
  await test.ingest(places, join(test.folder, 'harbour.md'))
})
afterAll(() => test[Symbol.asyncDispose]())

let made = 0
/** A bot of its own with a conversation. */
async function begin(settings: BotSettingsChange = {}) {
  const name = `Bot ${(made += 1)}`
  const given = { starters: [], collectionIds: [rules], ...settings, name }
  const bot = await test.client.bots.create({ settings: given })
  const { id: conversationId } = await test.client.conversations.create({ botId: bot.id })
  return { bot, conversationId }
}

interface Asking {
  after?: MessageId | null
  scope?: Partial<MessageScope>
}

async function send(conversationId: ConversationId, text: string, asking: Asking = {}) {
  return collect(await test.client.conversations.send({ conversationId, text, ...asking }))
}

async function collect(stream: AsyncIterable<SendEvent>) {
  const events: SendEvent[] = []
  for await (const event of stream) events.push(event)
  const [first, last] = [events[0], events.at(-1)]
  if (first?.type !== 'message-start' || last?.type !== 'message-end') throw new Error('Not a whole answer.')
  return { events, question: first.question, answer: last.answer, conversation: last.conversation }
}

const messages = async (conversationId: ConversationId) =>
  (await test.client.conversations.messages({ conversationId })).messages
const lastAnswer = async (conversationId: ConversationId) =>
  (await messages(conversationId)).at(-1) as AnswerMessage | undefined

describe('a question', () => {
  it('is kept with its answer, citations, trace and release, as they came', async () => {
    const { bot, conversationId } = await begin()
    const { events, question, answer, conversation } = await send(
      conversationId,
      'How many days of annual leave are there?',
    )
    expect(events.map((event) => (event.type === 'ask' ? event.event.type : event.type))).toEqual(
      expect.arrayContaining([
        'message-start',
        'ask-start',
        'retrieval-end',
        'citation',
        'answer-delta',
        'ask-end',
        'message-end',
      ]),
    )
    expect(answer).toMatchObject({ state: 'done', error: null, parentId: question.id, refused: false })
    expect(answer.text).toContain('30 days')
    expect(answer.citations[0]).toMatchObject({ document: 'leave.md', marker: 1 })
    const deltas = events.flatMap((event) =>
      event.type === 'ask' && event.event.type === 'answer-delta' ? [event.event.text] : [],
    )
    expect(deltas.join('')).toBe(answer.text)
    expect(conversation).toMatchObject({ title: 'How many days of annual leave are there?', messages: 2 })
    expect(await messages(conversationId)).toEqual([question, answer])
    const { lines } = await test.client.lines.list()
    const { id: releaseId, line, number } = lines.find(({ isStandard }) => isStandard)!.production!
    expect(answer.release).toEqual({ releaseId, line, number })
    const trace = await test.client.traces.get({ traceId: answer.traceId! })
    expect(trace).toMatchObject({ answer: answer.text, origin: { botId: bot.id, conversationId } })
  })

  it('is found by the trace that its answer left, until it is removed', async () => {
    const { conversationId } = await begin()
    const { answer } = await send(conversationId, 'How many days of annual leave are there?')
    const { answer: again, conversation } = await collect(
      await test.client.conversations.regenerate({ messageId: answer.id }),
    )
    const ofTrace = (traceId: TraceId | null) => test.client.conversations.ofTrace({ traceId: traceId ?? '' })
    expect((await ofTrace(answer.traceId)).answer.id).toBe(answer.id)
    expect(await ofTrace(again.traceId)).toEqual({ answer: again, conversation })
    await test.client.conversations.remove({ conversationId })
    await expect(ofTrace(answer.traceId)).rejects.toMatchObject({ code: 'item-missing' })
    expect((await test.client.traces.get({ traceId: answer.traceId! })).origin).toMatchObject({ conversationId })
  })

  it('is told to its trace when somebody rates the answer, while there is a trace', async () => {
    const { bot, conversationId } = await begin()
    const { answer } = await send(conversationId, 'How many days of annual leave are there?')
    const [messageId, traceId] = [answer.id, answer.traceId!]
    const rate = (rating: 'up' | 'down' | null, comment = '') =>
      test.client.conversations.rate({ messageId, feedback: { rating, comment } })
    const rated = async (rating: 'up' | 'down' | 'any') =>
      (await test.client.traces.list({ botId: bot.id, rated: rating })).traces.map(({ id }) => id)
    await rate('down', 'Which year?')
    expect((await test.client.traces.get({ traceId })).feedback).toMatchObject({
      rating: 'down',
      comment: 'Which year?',
    })
    expect([await rated('up'), await rated('down'), await rated('any')]).toEqual([[], [traceId], [traceId]])
    await rate(null)
    expect(await rated('any')).toEqual([])
    await test.client.traces.remove({ traceIds: [traceId] })
    expect(await rate('up')).toMatchObject({ feedback: { rating: 'up', comment: '' } })
    await expect(test.client.traces.rate({ traceId, feedback: { rating: 'up', comment: '' } })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('is asked of all the collections of its bot, and of no others', async () => {
    const both = await begin({ collectionIds: [rules, places] })
    expect((await send(both.conversationId, 'Who is the harbour master?')).answer.text).toContain('Olaf Berg')
    const one = await begin({ collectionIds: [rules] })
    expect((await send(one.conversationId, 'Who is the harbour master?')).answer.text).not.toContain('Olaf Berg')
  })

  it('is narrowed down by the bot and the message together, never widened', async () => {
    const { conversationId } = await begin({ filter: 'name=travel.md', collectionIds: [rules, places] })
    const documents = await Promise.all(
      [rules, places].map(async (collectionId) => (await test.client.documents.list({ collectionId })).documents),
    )
    const [leave, travel] = documents[0]!
    const chip = ({ id, name }: { id: DocumentId; name: string }) => ({ documentId: id, name })
    const open = await send(conversationId, 'How are train journeys booked?')
    expect(open.answer.text).toContain('second class')
    const within = await send(conversationId, 'How are train journeys booked?', {
      scope: { documents: [chip(travel!)] },
    })
    expect(within.answer.text).toContain('second class')
    expect(within.question.scope.documents).toEqual([chip(travel!)])
    // Not even where the message names it.
    const outside = await send(conversationId, 'How many days of annual leave are there?', {
      scope: { documents: [chip(leave!)] },
    })
    expect(outside.answer.text).not.toContain('30 days')
    expect(outside.answer.citations).toEqual([])
  })

  it('about a document of a collection that is not the bot’s fails, and nothing of it is said', async () => {
    const { conversationId } = await begin()
    const { documents } = await test.client.documents.list({ collectionId: places })
    const scope = { documents: [{ documentId: documents[0]!.id, name: 'harbour.md' }] }
    await expect(send(conversationId, 'Who is the harbour master?', { scope })).rejects.toMatchObject({
      code: 'item-missing',
    })
    expect(await lastAnswer(conversationId)).toMatchObject({ state: 'failed', text: '', citations: [] })
  })

  it('that finds nothing is refused in the bot’s own words', async () => {
    const refusal = 'I only know the rules of this house.'
    const { conversationId } = await begin({ refusal })
    const { answer } = await send(conversationId, 'Zyzzyva quokka xylophone?')
    expect(answer).toMatchObject({ refused: true, text: refusal, citations: [], state: 'done' })
  })

  it('for a summary is answered from passages alone where the bot has not got that tool', async () => {
    const leave = (await test.client.documents.list({ collectionId: rules })).documents[0]!
    const scope = { documents: [{ documentId: leave.id, name: leave.name }], reading: 'document' as const }
    const able = await begin()
    expect((await send(able.conversationId, 'Summarise this document', { scope })).answer.passageMode).toBe(
      'whole-document',
    )
    const unable = await begin({ tools: [] })
    expect((await send(unable.conversationId, 'Summarise this document', { scope })).answer.passageMode).toBe(
      'retrieved',
    )
  })

  it('which documents the bot has is answered by it, unless it has not got that tool', async () => {
    const { conversationId } = await begin({ collectionIds: [rules, places] })
    const { answer, events } = await send(conversationId, 'Which documents do you have?')
    expect(answer).toMatchObject({ state: 'done', traceId: null, citations: [], release: null })
    for (const name of ['leave.md', 'travel.md', 'harbour.md']) expect(answer.text).toContain(name)
    expect(answer.text).toMatch(/^I answer from 3 documents in 2 collections:/)
    expect(events.map(({ type }) => type)).toEqual(['message-start', 'ask', 'message-end'])
    const narrow = await begin({ collectionIds: [rules, places], filter: 'name=travel.md' })
    expect((await send(narrow.conversationId, 'Which documents do you have?')).answer.text).toMatch(
      /^I answer from 1 document/,
    )
    const unable = await begin({ tools: [] })
    expect((await send(unable.conversationId, 'Which documents do you have?')).answer.traceId).not.toBeNull()
    const travel = (await test.client.documents.list({ collectionId: rules })).documents[1]!
    const scope = { documents: [{ documentId: travel.id, name: travel.name }], tags: ['trips'] }
    const chipped = await send(conversationId, 'Which documents do you have?', { scope })
    expect(chipped.answer.text).toContain('harbour.md')
    expect(chipped.answer.text).toMatch(/Questions go only to `travel.md`, #trips now\.$/)
  })

  it('that is none, but a greeting or a call for help, is answered by the bot, and nothing follows on it', async () => {
    const { conversationId } = await begin({ greeting: 'I know the rules.', starters: ['Who takes requests?'] })
    for (const said of ['Hello!', 'help', 'What can you do?']) {
      const { answer } = await send(conversationId, said)
      expect(answer).toMatchObject({ state: 'done', traceId: null, citations: [], refused: false })
      expect(answer.text).toMatch(/^I know the rules\.[^]*- Who takes requests\?/)
    }
    expect((await send(conversationId, 'And for part-time staff?')).answer.rewritten).toBeNull()
    expect((await send(conversationId, 'Thanks')).answer.text).toContain('welcome')
  })

  it('is asked of the document that it names, by its file name or, for a summary, without the ending', async () => {
    const { conversationId } = await begin({ collectionIds: [rules, places] })
    const documentsOf = ({ citations }: AnswerMessage) => [...new Set(citations.map(({ document }) => document))]
    const summary = (await send(conversationId, 'summarise Travel.md please')).answer
    expect(summary).toMatchObject({
      passageMode: 'whole-document',
      note: 'Asked only of “travel.md”, which the question names.',
    })
    expect(documentsOf(summary)).toEqual(['travel.md'])
    expect((await send(conversationId, 'Give me a summary of the harbour document')).answer.passageMode).toBe(
      'whole-document',
    )
    const detail = (await send(conversationId, 'How many days are there in leave.md?')).answer
    expect(detail).toMatchObject({ passageMode: 'retrieved', note: expect.stringContaining('leave.md') as string })
    expect(documentsOf(detail)).toEqual(['leave.md'])
    // Words that happen to be a file's name, and a name in another name, narrow nothing down.
    for (const other of ['Is there an overview of travel costs?', 'What does old-travel.md say about trains?']) {
      expect((await send(conversationId, other)).answer.note ?? '').not.toContain('Asked only')
    }
    expect((await send(conversationId, 'Summarise everything')).answer).toMatchObject({
      refused: true,
      note: 'One document at a time is summed up: name its file in the question.',
    })
  })

  it('gives the conversation a short title, cut at a word’s end', async () => {
    const { conversationId } = await begin()
    const long = 'Could you please tell me\n\nhow many days of annual leave the employees of this house have each year?'
    const { conversation } = await send(conversationId, long)
    expect(conversation.title).toBe('Could you please tell me how many days of annual leave the …')
    await test.client.conversations.update({ conversationId, title: 'Mine' })
    expect((await send(conversationId, 'And to whom do requests go?')).conversation.title).toBe('Mine')
  })
})

describe('branches', () => {
  it('begin where a question is edited, and where an answer is given once more', async () => {
    const { conversationId } = await begin()
    const one = await send(conversationId, 'How many days of annual leave are there?')
    const two = await send(conversationId, 'To whom do requests go?')
    const edited = await send(conversationId, 'How are train journeys booked?', { after: one.answer.id })
    expect(edited.question.siblings).toEqual([two.question.id, edited.question.id])
    expect(edited.conversation.messages).toBe(4)
    const again = await collect(await test.client.conversations.regenerate({ messageId: one.answer.id }))
    expect(again.answer.siblings).toEqual([one.answer.id, again.answer.id])
    expect(again.question.id).toBe(one.question.id)
    expect(again.answer.text).toBe(one.answer.text)
    expect(await messages(conversationId)).toEqual([again.question, again.answer])
    const first = await send(conversationId, 'How are train journeys booked?', { after: null })
    expect(first.question.parentId).toBeNull()
    expect(first.conversation.messages).toBe(2)
    const shown = await test.client.conversations.show({ messageId: two.question.id })
    expect(shown.messages).toBe(4)
  })

  it('follow answers of their own conversation, and nothing else', async () => {
    const a = await begin()
    const b = await begin()
    const { question, answer } = await send(a.conversationId, 'How many days of annual leave are there?')
    const refused: [ConversationId, MessageId][] = [
      [b.conversationId, answer.id],
      [a.conversationId, question.id],
    ]
    for (const [conversationId, after] of refused) {
      await expect(send(conversationId, 'And?', { after })).rejects.toMatchObject({ code: 'input-invalid' })
    }
    await expect(send(a.conversationId, 'And?', { after: 'msg_none' as MessageId })).rejects.toMatchObject({
      code: 'item-missing',
    })
    const regenerate = test.client.conversations.regenerate({ messageId: question.id })
    await expect(collectOf(regenerate)).rejects.toMatchObject({ code: 'input-invalid' })
    expect(await messages(b.conversationId)).toEqual([])
  })

  it('give what was said on them, and on no other, to what follows', async () => {
    const { conversationId } = await begin({ collectionIds: [rules, places] })
    const leave = await send(conversationId, 'How many days of annual leave are there?')
    await send(conversationId, 'Who is the harbour master?')
    const sent = await send(conversationId, 'To whom do requests go?', { after: leave.answer.id })
    const { request } = await test.client.traces.get({ traceId: sent.answer.traceId! })
    expect(request?.history).toEqual([{ question: leave.question.text, answer: leave.answer.text }])
  })
})

describe('an answer that does not end well', () => {
  it('stays as far as it came where the asker leaves', async () => {
    const { conversationId } = await begin()
    for await (const event of await test.client.conversations.send({
      conversationId,
      text: 'How many days of annual leave?',
    })) {
      if (event.type === 'ask' && event.event.type === 'answer-delta') break
    }
    const answer = await settled(conversationId)
    expect(answer).toMatchObject({ state: 'stopped', error: null })
    expect(answer.text.length).toBeGreaterThan(0)
    expect(answer.traceId).not.toBeNull()
    // It is found by what there is of it, and can be gone on from.
    expect((await send(conversationId, 'How are train journeys booked?')).answer.text).toContain('second class')
  })

  it('stays where the asker leaves at once, or cancels', async () => {
    const { conversationId } = await begin()
    for await (const event of await test.client.conversations.send({ conversationId, text: 'How many days?' })) {
      if (event.type === 'message-start') break
    }
    expect(await settled(conversationId)).toMatchObject({ state: 'stopped' })
    const stop = new AbortController()
    const sending = (async () => {
      const input = { conversationId, text: 'How many days?' }
      for await (const event of await test.client.conversations.send(input, { signal: stop.signal })) {
        if (event.type === 'message-start') stop.abort()
      }
    })()
    await expect(sending).rejects.toMatchObject({ code: 'cancelled' })
    expect(await settled(conversationId)).toMatchObject({ state: 'stopped' })
  })

  it('says why it failed', async () => {
    const { bot, conversationId } = await begin({ collectionIds: [] })
    await expect(send(conversationId, 'How many days?')).rejects.toMatchObject({ code: 'collection-empty' })
    expect(await lastAnswer(conversationId)).toMatchObject({
      state: 'failed',
      error: {
        code: 'collection-empty',
        message: `"${bot.name}" has no documents to answer from. Choose a collection in its settings.`,
      },
    })
  })

  it('is stopped where the conversation is removed meanwhile, and nothing is left', async () => {
    const { conversationId } = await begin()
    const sending = (async () => {
      for await (const event of await test.client.conversations.send({
        conversationId,
        text: 'How many days of leave?',
      })) {
        if (event.type === 'message-start') await test.client.conversations.remove({ conversationId })
      }
    })()
    await expect(sending).rejects.toMatchObject({ code: 'item-missing' })
    const { database } = test.app.services.workspace
    expect(
      database.prepare('SELECT count(*) FROM messages WHERE conversation_id = ?').pluck().get(conversationId),
    ).toBe(0)
  })

  it('is stopped when a workspace is opened whose process ended in the middle of it', async () => {
    using folder = temporaryFolder()
    const dataFolder = join(folder.path, 'workspace')
    let conversationId: ConversationId
    {
      await using first = await openTestApp({ dataFolder })
      const bot = await first.client.bots.create({ settings: { name: 'Bot', starters: [] } })
      conversationId = (await first.client.conversations.create({ botId: bot.id })).id
      // As it is in the file when the power goes.
      first.app.services.workspace.database.exec(`
        INSERT INTO messages (id, conversation_id, depth, role, text, details, created_at)
          VALUES ('msg_q', '${conversationId}', 0, 'question', 'Why?', '{"scope":{"documents":[],"tags":[],"reading":"auto"}}', 1);
        INSERT INTO messages (id, conversation_id, parent_id, depth, role, text, state, details, created_at)
          VALUES ('msg_a', '${conversationId}', 'msg_q', 1, 'answer', 'Because of the wea', 'answering', '{}', 2);
        UPDATE conversations SET leaf_id = 'msg_a' WHERE id = '${conversationId}'`)
    }
    await using second = await openTestApp({ dataFolder })
    const [, answer] = (await second.client.conversations.messages({ conversationId })).messages
    expect(answer).toMatchObject({ state: 'stopped', text: 'Because of the wea' })
    expect((await second.client.conversations.list({ query: 'weather wea' })).conversations).toEqual([])
    expect((await second.client.conversations.list({ query: 'of the wea' })).conversations).toHaveLength(1)
  })

  /** The last answer, when it is not being given any more. */
  async function settled(conversationId: ConversationId): Promise<AnswerMessage> {
    for (let tries = 0; tries < 400; tries++) {
      const answer = await lastAnswer(conversationId)
      if (answer && answer.state !== 'answering') return answer
      await delay(25)
    }
    throw new Error('It is still being answered.')
  }
})

describe('bad input', () => {
  it('is refused before anything is kept: nothing, blanks, a megabyte', async () => {
    const { conversationId } = await begin()
    for (const text of ['', ' \n\t ', 'x'.repeat(1_000_000)]) {
      await expect(send(conversationId, text)).rejects.toMatchObject({ code: 'input-invalid' })
    }
    expect(await messages(conversationId)).toEqual([])
    await expect(send('cnv_none' as ConversationId, 'Why?')).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('as long as a question may be is answered, and titled shortly', async () => {
    const { conversationId } = await begin()
    const long = `How many days of annual leave are there? ${'leave '.repeat(33_000)}`.slice(0, 200_000)
    const { answer, conversation } = await send(conversationId, long)
    expect(answer.state).toBe('done')
    expect(conversation.title.length).toBeLessThanOrEqual(62)
  })

  it('of a bot that was removed says so, and its conversation can still be read', async () => {
    const { bot, conversationId } = await begin()
    await send(conversationId, 'How many days of annual leave are there?')
    await test.client.bots.remove({ botId: bot.id })
    await expect(send(conversationId, 'And now?')).rejects.toMatchObject({ code: 'item-missing' })
    expect(await messages(conversationId)).toHaveLength(2)
  })

  it('of a bot whose collection was removed: it says so, and answers from the rest', async () => {
    const gone = await test.client.collections.create({ name: 'Gone' })
    const { bot, conversationId } = await begin({ collectionIds: [gone.id, rules] })
    await test.client.collections.remove({ collectionId: gone.id })
    const { answer } = await send(conversationId, 'How many days of annual leave are there?')
    expect(answer.text).toContain('30 days')
    expect(answer.note).toContain('removed')
    await test.client.bots.update({ botId: bot.id, settings: { collectionIds: [gone.id] } })
    await expect(send(conversationId, 'And now?')).rejects.toMatchObject({ code: 'item-missing' })
    expect(await lastAnswer(conversationId)).toMatchObject({ state: 'failed', error: { code: 'item-missing' } })
    const { problems } = await test.client.bots.get({ botId: bot.id })
    expect(problems.map(({ kind }) => kind)).toEqual(['collection-missing'])
  })

  it('of a bot whose release names a model that is not here: it says so, and the answer says why it failed', async () => {
    const { bot, conversationId } = await begin()
    const { lines } = await test.client.lines.list()
    const standard = lines.find(({ isStandard }) => isStandard)!
    const generator = { id: 'llama', options: { model: 'none-such' } }
    const pipeline = { ...standard.production!.pipeline, generator }
    const { id: releaseId } = await test.client.releases.createDraft({ lineId: standard.id, pipeline })
    const release = { kind: 'pinned' as const, releaseId }
    const { problems } = await test.client.bots.update({ botId: bot.id, settings: { release } })
    expect(problems).toContainEqual({
      kind: 'model-missing',
      message:
        'The language model "none-such" of this bot\'s release is not on this machine. Add it under Models, or choose another release.',
    })
    await expect(send(conversationId, 'How many days?')).rejects.toMatchObject({ code: 'model-missing' })
    expect(await lastAnswer(conversationId)).toMatchObject({ state: 'failed', error: { code: 'model-missing' } })
    await test.client.releases.discard({ releaseId })
    const after = await test.client.bots.get({ botId: bot.id })
    expect(after.problems.map(({ kind }) => kind)).toEqual(['release-missing'])
    await expect(send(conversationId, 'And now?')).rejects.toMatchObject({ code: 'item-missing' })
  })

  it('twenty questions at once, in twenty conversations and in one, are all answered', async () => {
    const asked = 'How many days of annual leave are there?'
    const { bot, conversationId } = await begin()
    const others = await Promise.all(
      Array.from({ length: 20 }, () => test.client.conversations.create({ botId: bot.id })),
    )
    const apart = await Promise.all(others.map(({ id }) => send(id, asked)))
    expect(apart.map(({ answer }) => answer.text.includes('30 days'))).toEqual(Array<boolean>(20).fill(true))
    const together = await Promise.all(Array.from({ length: 20 }, () => send(conversationId, asked)))
    expect(together.map(({ answer }) => answer.text.includes('30 days'))).toEqual(Array<boolean>(20).fill(true))
    const kept = await messages(conversationId)
    expect(kept).toHaveLength(40)
    expect(kept.map(({ role }) => role)).toEqual(Array.from({ length: 20 }, () => ['question', 'answer']).flat())
  })
})

async function collectOf(stream: Promise<AsyncIterable<SendEvent>>) {
  return collect(await stream)
}
