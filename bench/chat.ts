import { createConversationLibrary } from '../core/application/library/conversations.ts'
import { demoCorpus, openTestApp } from '../core/testing/test-app.ts'

/**
 * `npm run bench -- chat [--messages 10000] [--rounds 200]`: one conversation with so many messages: paging from its end,
 * through its middle, searching, exporting; and what a question costs more that goes through a bot (the message stored,
 * the wire between the layers) than one that is put to the documents at once.
 */
export async function run(args: string[]): Promise<void> {
  const number = (name: string, usual: number): number => {
    const at = args.indexOf(name)
    return at < 0 ? usual : Number(args[at + 1])
  }
  const count = number('--messages', 10_000)
  const rounds = number('--rounds', 200)
  await using test = await openTestApp()
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'Demo' })
  await test.ingest(collectionId, demoCorpus)
  const bot = await client.bots.create({ settings: { name: 'Bot', collectionIds: [collectionId], starters: [] } })

  const { id: conversationId } = await client.conversations.create({ botId: bot.id })
  const { database } = test.app.services.workspace
  const library = createConversationLibrary(database)
  const scope = { documents: [], tags: [], reading: 'auto' as const }
  database.transaction(() => {
    for (let index = 0; index < count / 2; index++) {
      const parentId = library.leaf(conversationId)
      const text = `Question ${index}: how rough may the sea get before Fulmar has to stay in harbour?`
      const { answer } = library.ask({ conversationId, parentId, text, scope, title: 'Long' })
      library.endAnswer(answer.id, {
        text: `Answer ${index}. ${'A significant wave height of 1.5 m. '.repeat(10)}`,
        state: 'done',
      })
    }
  })()

  const rows: Record<string, string>[] = []
  const measure = async (what: string, work: (round: number) => Promise<unknown>, times = 30): Promise<void> => {
    const ms: number[] = []
    for (let round = 0; round < times; round++) {
      const before = performance.now()
      await work(round)
      ms.push(performance.now() - before)
    }
    rows.push({ what, p50: at(ms, 0.5), p95: at(ms, 0.95) })
  }
  let page = await client.conversations.messages({ conversationId, limit: 200 })
  await measure(`last 200 of ${count} messages`, () => client.conversations.messages({ conversationId, limit: 200 }))
  await measure('200 messages further back, to the beginning', async () => {
    const before = page.earlier === 0 ? undefined : page.messages[0]!.id
    page = await client.conversations.messages({ conversationId, limit: 200, ...(before ? { before } : {}) })
  })
  await measure('a search that finds it', () => client.conversations.list({ query: 'fulmar harbour' }))
  await measure('export as HTML', () => client.conversations.export({ conversationId, format: 'html' }), 3)

  const question = 'How rough may the sea get before Fulmar has to stay in harbour?'
  const put = async (): Promise<void> => {
    for await (const _event of await client.ask.run({ collectionIds: [collectionId], question })) continue
  }
  const { id: short } = await client.conversations.create({ botId: bot.id })
  const send = async (): Promise<void> => {
    for await (const _event of await client.conversations.send({ conversationId: short, text: question, after: null }))
      continue
  }
  for (let round = 0; round < 10; round++) await Promise.all([put(), send()])
  const direct: number[] = []
  const through: number[] = []
  // In turn, so that what else the machine does falls on both.
  for (let round = 0; round < rounds; round++) {
    for (const [work, times] of [
      [put, direct],
      [send, through],
    ] as const) {
      const before = performance.now()
      await work()
      times.push(performance.now() - before)
    }
  }
  rows.push({ what: 'a question to the documents', p50: at(direct, 0.5), p95: at(direct, 0.95) })
  rows.push({ what: 'the same through a bot', p50: at(through, 0.5), p95: at(through, 0.95) })
  console.table(rows)
}

function at(values: readonly number[], share: number): string {
  const sorted = values.toSorted((a, b) => a - b)
  return `${sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(1)} ms`
}
