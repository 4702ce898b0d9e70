import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { BotSettingsChange } from './contract/bots.ts'
import type { BotId, CollectionId, LineId, ReleaseId } from './shared/ids.ts'
import { demoCorpus, openTestApp, type TestApp } from './testing/test-app.ts'

let test: TestApp
let collectionId: CollectionId

beforeAll(async () => {
  test = await openTestApp()
  collectionId = (await test.client.collections.create({ name: 'Rules' })).id
  writeFileSync(join(test.folder, 'leave.md'), '# Leave\n\nEmployees have 30 days of leave a year.\n')
  await test.ingest(collectionId, join(test.folder, 'leave.md'))
})
afterAll(() => test[Symbol.asyncDispose]())

const make = (settings: BotSettingsChange & { name: string }, template = '') =>
  test.client.bots.create({ template, settings: { starters: [], ...settings } })
const bot = (id: BotId) => test.client.bots.get({ botId: id })

describe('bots', () => {
  it('are made of a name, with everything else sensible', async () => {
    const made = await make({ name: 'Leave', collectionIds: [collectionId] })
    expect(made).toMatchObject({
      name: 'Leave',
      length: 'medium',
      tools: ['summarise-document', 'list-documents'],
      problems: [],
      conversations: 0,
    })
    expect(await bot(made.id)).toEqual(made)
    expect((await test.client.bots.list()).bots.map(({ name }) => name)).toContain('Leave')
  })

  it('keep what a wire names without a value', async () => {
    const nothing = { greeting: undefined, length: undefined } as unknown as BotSettingsChange
    const made = await make({ ...nothing, name: 'Named without values' }, 'policy-assistant')
    expect(made.greeting).not.toBe('')
    expect(made.length).toBe('short')
    const changed = await test.client.bots.update({ botId: made.id, settings: { tone: 'dry', ...nothing } })
    expect(changed).toMatchObject({ greeting: made.greeting, length: 'short', tone: 'dry' })
    await test.client.bots.remove({ botId: made.id })
  })

  it('begin as a template says, where nothing else is given', async () => {
    const { templates } = await test.client.bots.templates()
    expect(templates.map(({ id }) => id)).toEqual([
      'policy-assistant',
      'contract-reader',
      'research-notes',
      'product-support',
      'code-base',
    ])
    for (const { id, settings } of templates) {
      const made = await make({ name: `A ${id}`, tone: 'mine' }, id)
      expect(made).toMatchObject({ ...settings, name: `A ${id}`, tone: 'mine', template: id })
    }
    await expect(make({ name: 'None such' }, 'butler')).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('follow what new collections begin with, or what is chosen, if it is there', async () => {
    const { lines } = await test.client.lines.list()
    const standard = lines.find(({ isStandard }) => isStandard)!
    const { id, release } = await make({ name: 'Follows' })
    expect(release).toEqual({ kind: 'production', lineId: standard.id })
    const pinned = { kind: 'pinned' as const, releaseId: standard.production!.id }
    expect((await test.client.bots.update({ botId: id, settings: { release: pinned } })).release).toEqual(pinned)
    for (const none of [
      { kind: 'pinned' as const, releaseId: 'rel_none' as ReleaseId },
      { kind: 'production' as const, lineId: 'lin_none' as LineId },
    ]) {
      const update = test.client.bots.update({ botId: id, settings: { release: none } })
      await expect(update).rejects.toMatchObject({ code: 'item-missing' })
      await expect(make({ name: 'None', release: none })).rejects.toMatchObject({ code: 'item-missing' })
    }
  })

  it('change only in what is given', async () => {
    const { id } = await make({ name: 'Changes', tone: 'dry', languages: ['German'], collectionIds: [collectionId] })
    const changed = await test.client.bots.update({ botId: id, settings: { greeting: 'Hello' } })
    expect(changed).toMatchObject({
      name: 'Changes',
      tone: 'dry',
      languages: ['German'],
      greeting: 'Hello',
      collectionIds: [collectionId],
    })
    await test.client.bots.update({ botId: id, settings: { tone: '', languages: [] } })
    expect(await bot(id)).toMatchObject({ tone: '', languages: [], greeting: 'Hello' })
  })

  it('have names of their own, whatever the capitals', async () => {
    const { id } = await make({ name: 'Own name' })
    await expect(make({ name: 'own NAME ' })).rejects.toMatchObject({ code: 'name-taken' })
    const other = await make({ name: 'Other name' })
    const rename = test.client.bots.update({ botId: other.id, settings: { name: 'OWN name' } })
    await expect(rename).rejects.toMatchObject({ code: 'name-taken' })
    // To itself, it may.
    expect(await test.client.bots.update({ botId: id, settings: { name: 'OWN NAME' } })).toMatchObject({
      name: 'OWN NAME',
    })
  })

  it('are duplicated without their conversations, under names that are free', async () => {
    const original = await make({ name: 'Twin', tone: 'warm', collectionIds: [collectionId] })
    await test.client.conversations.create({ botId: original.id })
    const second = await test.client.bots.duplicate({ botId: original.id })
    const third = await test.client.bots.duplicate({ botId: original.id })
    expect([second.name, third.name]).toEqual(['Twin (2)', 'Twin (3)'])
    expect(second).toMatchObject({ tone: 'warm', collectionIds: [collectionId], conversations: 0 })
    expect((await bot(original.id)).conversations).toBe(1)
    const long = await make({ name: 'x'.repeat(80) })
    expect((await test.client.bots.duplicate({ botId: long.id })).name).toBe(`${'x'.repeat(76)} (2)`)
  })

  it('are removed: their conversations stay with their name, or go', async () => {
    const { id } = await make({ name: 'Leaves' })
    const kept = await test.client.conversations.create({ botId: id })
    await test.client.bots.remove({ botId: id })
    expect(await test.client.conversations.get({ conversationId: kept.id })).toMatchObject({
      botId: null,
      bot: 'Leaves',
    })
    await expect(bot(id)).rejects.toMatchObject({ code: 'item-missing' })

    const again = await make({ name: 'Leaves' })
    const gone = await test.client.conversations.create({ botId: again.id })
    await test.client.bots.remove({ botId: again.id, withConversations: true })
    await expect(test.client.conversations.get({ conversationId: gone.id })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('refuse what cannot be: a collection that is not there, a filter that is none, too much of something', async () => {
    await expect(make({ name: 'A', collectionIds: ['col_none' as CollectionId] })).rejects.toMatchObject({
      code: 'item-missing',
    })
    await expect(make({ name: 'A', collectionIds: [collectionId], filter: 'type=' })).rejects.toMatchObject({
      code: 'input-invalid',
    })
    await expect(make({ name: 'A', filter: 'type=' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(make({ name: ' ' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(make({ name: '\u202e\u200f' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(make({ name: 'x'.repeat(10_000_000) })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(make({ name: 'A', instructions: 'x'.repeat(8001) })).rejects.toMatchObject({ code: 'input-invalid' })
    expect((await test.client.bots.list()).bots.map(({ name }) => name)).not.toContain('A')
  })

  it('keep hostile names as the plain line that they are', async () => {
    const made = await make({ name: ' <img src=x onerror=alert(1)>\u0007\r\n\u202e"; DROP TABLE bots; -- ' })
    expect(made.name).toBe('<img src=x onerror=alert(1)> "; DROP TABLE bots; --')
    expect((await test.client.bots.list()).bots.map(({ id }) => id)).toContain(made.id)
  })
})

describe('problems', () => {
  it('say what is missing and what to do', async () => {
    const { id } = await make({ name: 'No documents' })
    expect((await bot(id)).problems).toEqual([
      { kind: 'no-collection', message: 'This bot has no documents yet. Choose a collection in its settings.' },
    ])
    const empty = await test.client.collections.create({ name: 'Empty' })
    await test.client.bots.update({ botId: id, settings: { collectionIds: [empty.id, collectionId] } })
    expect((await bot(id)).problems).toEqual([
      { kind: 'collection-empty', message: '"Empty" has no documents. Add some under Documents.' },
    ])
    await test.client.collections.remove({ collectionId: empty.id })
    const [gone] = (await bot(id)).problems
    expect(gone).toMatchObject({
      kind: 'collection-missing',
      message: expect.stringContaining('from the others') as string,
    })
    // What was there before may be gone: the other settings can still be changed.
    expect(await test.client.bots.update({ botId: id, settings: { tone: 'calm' } })).toMatchObject({ tone: 'calm' })
  })
})

describe('starter questions', () => {
  it('are proposed from the documents: varied, short, the same each time, each one answered by its own document', async () => {
    await using sample = await openTestApp()
    const { id: demo } = await sample.client.collections.create({ name: 'Demo' })
    await sample.ingest(demo, demoCorpus)
    const { questions } = await sample.client.ask.propose({ collectionIds: [demo], count: 8 })
    expect(questions).toHaveLength(8)
    expect(new Set(questions.map(({ documentId }) => documentId)).size).toBeGreaterThanOrEqual(6)
    expect(new Set(questions.map(({ question }) => question)).size).toBe(8)
    for (const { question, documentId } of questions) {
      expect(question.length).toBeLessThanOrEqual(110)
      expect(question).not.toContain('___')
      const { results } = await sample.client.search.run({ collectionId: demo, query: question, k: 3 })
      expect(results.map((result) => result.documentId)).toContain(documentId)
    }
    expect((await sample.client.ask.propose({ collectionIds: [demo], count: 8 })).questions).toEqual(questions)
    const made = await sample.client.bots.create({ settings: { name: 'Demo', collectionIds: [demo] } })
    expect(made.starters).toEqual(questions.slice(0, 4).map(({ question }) => question))
    const offered = await sample.client.bots.proposeStarters({ collectionIds: [demo], count: 8 })
    expect(offered.questions).toEqual(questions.map(({ question }) => question))
  })

  it('come when the documents have been read, once, and never over what a person wrote', async () => {
    const later = await test.client.collections.create({ name: 'Later' })
    const made = await test.client.bots.create({ settings: { name: 'Early', collectionIds: [later.id] } })
    const own = await test.client.bots.create({ settings: { name: 'Own', collectionIds: [later.id] } })
    await test.client.bots.update({ botId: own.id, settings: { starters: ['What is new?'] } })
    expect(made.starters).toEqual([])
    const paths = [join(test.folder, 'cats.md')]
    writeFileSync(
      paths[0]!,
      `# Cats at the station\n\n## Feeding times\n\nThe cats of the station are fed at seven.\n\n## The vet\n\nThe vet of the cats is Ada Holm.\n`,
    )
    const job = await test.client.ingest.start({ collectionId: later.id, paths })
    // While it is read: nothing yet, or all of it.
    const { starters } = await bot(made.id)
    expect([0, 2]).toContain(starters.length)
    await test.finished(job.jobId)
    expect((await bot(made.id)).starters).toEqual(
      expect.arrayContaining(['What does “Cats at the station” say about feeding times?']),
    )
    expect((await bot(own.id)).starters).toEqual(['What is new?'])
    await test.client.bots.update({ botId: made.id, settings: { starters: [] } })
    expect((await bot(made.id)).starters).toEqual([])
    expect((await test.client.bots.list()).bots.find(({ id }) => id === made.id)?.starters).toEqual([])
  })
})
