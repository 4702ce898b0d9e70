import { describe, expect, it } from 'vitest'
import { defaultPipeline } from './services/default-pipeline.ts'
import { openTestApp } from './testing/test-app.ts'

const small = { ...defaultPipeline, rules: [], chunker: { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } } }

async function openReleases(overrides: Parameters<typeof openTestApp>[0] = {}) {
  const test = await openTestApp(overrides)
  const { lines } = await test.client.lines.list()
  return { test, client: test.client, standard: lines.find(({ isStandard }) => isStandard)! }
}

describe('lines and drafts', () => {
  it('begin with what the product came with, once', async () => {
    const { test, client, standard } = await openReleases()
    await using _ = test
    expect(standard).toMatchObject({ name: 'Standard', counts: { draft: 0, candidate: 0, retired: 0 } })
    expect(standard.production).toMatchObject({ number: 1, stage: 'production', runId: null, line: 'Standard' })
    expect(standard.production!.pipeline).toEqual(defaultPipeline)
    const { events } = await client.lines.history({ lineId: standard.id })
    expect(events).toMatchObject([
      { number: 1, action: 'production', who: 'Quarry', reason: 'What the product came with.', releaseNumber: 1 },
    ])
    test.app.services.releases.ensureStandard()
    expect((await client.lines.list()).lines).toHaveLength(1)
    const collection = await client.collections.create({ name: 'Station' })
    expect(collection.pipeline).toEqual(standard.production!.pipeline)
  })

  it('are made, changed and discarded, and all that is in the history', async () => {
    const { test, client, standard } = await openReleases()
    await using _ = test
    const { line, draft } = await client.lines.create({ name: ' Contracts ', description: 'Long ones', who: 'Ada' })
    expect(line).toMatchObject({ name: 'Contracts', isStandard: false, production: null, counts: { draft: 1 } })
    expect(draft).toMatchObject({ stage: 'draft', number: null, basedOn: standard.production!.id })
    const edited = await client.releases.edit({ releaseId: draft.id, pipeline: small, note: 'smaller chunks' })
    expect(edited).toMatchObject({ note: 'smaller chunks', pipeline: { chunker: small.chunker } })
    const other = await client.releases.createDraft({ lineId: line.id, from: draft.id, who: 'Bob' })
    expect(other).toMatchObject({ basedOn: draft.id, pipeline: { chunker: small.chunker } })
    expect((await client.lines.get({ lineId: line.id })).releases.map(({ id }) => id)).toEqual([other.id, draft.id])
    const gone = await client.releases.discard({ releaseId: draft.id, who: 'Bob', reason: 'twice' })
    expect(gone).toEqual({ discarded: true })
    await expect(client.releases.get({ releaseId: draft.id })).rejects.toMatchObject({ code: 'item-missing' })
    const { events } = await client.lines.history({ lineId: line.id })
    expect(events.map(({ action, who, reason }) => [action, who, reason])).toEqual([
      ['discarded', 'Bob', 'twice'],
      ['draft-created', 'Bob', ''],
      ['draft-created', 'Ada', ''],
    ])
  })

  it('say who, where nobody says it', async () => {
    const { test, client, standard } = await openReleases()
    await using _ = test
    await client.releases.createDraft({ lineId: standard.id })
    const { events } = await client.lines.history({ lineId: standard.id })
    expect(events[0]!.who).not.toBe('')
  })

  it('resolve to what is meant', async () => {
    const { test, client, standard } = await openReleases()
    await using _ = test
    const first = standard.production!
    const { line, draft } = await client.lines.create({ name: 'Empty' })
    const resolve = (choice: Parameters<typeof client.releases.resolve>[0]['choice']) =>
      client.releases.resolve({ choice })
    expect((await resolve({ kind: 'production', lineId: standard.id })).id).toBe(first.id)
    expect((await resolve({ kind: 'pinned', releaseId: draft.id })).id).toBe(draft.id)
    await expect(resolve({ kind: 'production', lineId: line.id })).rejects.toMatchObject({
      code: 'item-missing',
      message: expect.stringContaining('"Empty"') as string,
    })
    await expect(resolve({ kind: 'pinned', releaseId: 'rel_none' })).rejects.toMatchObject({
      code: 'item-missing',
    })
    await expect(resolve({ kind: 'production', lineId: 'lin_none' })).rejects.toMatchObject({
      code: 'item-missing',
    })
  })

  it('refuse what cannot be', async () => {
    const { test, client, standard } = await openReleases()
    await using _ = test
    const releaseId = standard.production!.id
    await expect(client.releases.edit({ releaseId, pipeline: small })).rejects.toMatchObject({
      code: 'input-invalid',
      message: 'Release 1 of "Standard" is in production and never changes. Make a draft of it, and change that.',
    })
    await expect(client.releases.discard({ releaseId })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(client.lines.create({ name: 'STANDARD' })).rejects.toMatchObject({ code: 'name-taken' })
    await expect(client.lines.create({ name: 'other', from: 'rel_none' })).rejects.toMatchObject({
      code: 'item-missing',
    })
    expect((await client.lines.list()).lines).toHaveLength(1)
    const unknown = { ...small, chunker: { id: 'magic', options: {} } }
    await expect(client.releases.createDraft({ lineId: standard.id, pipeline: unknown })).rejects.toMatchObject({
      code: 'implementation-unknown',
    })
    const draft = await client.releases.createDraft({ lineId: standard.id })
    const mistyped = { ...small, retriever: { id: 'hybrid', options: { vektor: 1 } } }
    await expect(client.releases.edit({ releaseId: draft.id, pipeline: mistyped })).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })

  it('take a gate whose rules can be read and whose metrics are known', async () => {
    const { test, client, standard } = await openReleases()
    await using _ = test
    const set = (gate: NonNullable<Parameters<typeof client.lines.update>[0]['gate']>) =>
      client.lines.update({ lineId: standard.id, gate, who: 'Ada' })
    await expect(set({ rules: ['recall@5 is good'] })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(set({ rules: ['greatness>=1'] })).rejects.toMatchObject({ code: 'implementation-unknown' })
    await expect(set({ noLoss: ['greatness'] })).rejects.toMatchObject({ code: 'implementation-unknown' })
    // A metric of answers, and answers are not measured.
    // Settings that no run could be begun with.
    const measured = (settings: object) => set({ settings })
    await expect(measured({ filter: 'type=' })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(measured({ judge: { id: 'oracle', options: {} } })).rejects.toMatchObject({
      code: 'implementation-unknown',
    })
    await expect(measured({ judge: { id: 'llama', options: { modell: 'x' } } })).rejects.toMatchObject({
      code: 'input-invalid',
      details: { kind: 'text generator', id: 'llama' },
    })
    await expect(measured({ limit: 0 })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(set({ rules: ['token-f1>=0.5'] })).rejects.toMatchObject({ code: 'input-invalid' })
    const line = await set({
      rules: ['token-f1>=0.5', 'recall@5>=0.9'],
      noLoss: ['ndcg@10'],
      settings: { answers: true },
    })
    expect(line.gate).toMatchObject({ rules: ['token-f1>=0.5', 'recall@5>=0.9'], noLoss: ['ndcg@10'] })
    const { events } = await client.lines.history({ lineId: standard.id })
    expect(events.map(({ action }) => action)).toEqual(['gate-changed', 'production'])
    // The same gate again is no change.
    await set(line.gate)
    expect((await client.lines.history({ lineId: standard.id })).events).toHaveLength(2)
  })
})
