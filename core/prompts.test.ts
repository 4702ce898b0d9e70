import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { standardPrompt } from './generators/model-answer/prompt-template.ts'
import { openTestApp } from './testing/test-app.ts'

const mine = { system: 'Answer {{length}}. Today is {{today}}.', user: '{{sources}}\n\nAsked: {{question}}' }

describe('prompts', () => {
  it('are there from the beginning, with their variables', async () => {
    await using test = await openTestApp()
    const { prompts } = await test.client.prompts.list()
    expect(prompts).toMatchObject([{ name: 'Standard', version: 1 }])
    const standard = await test.client.prompts.get({ promptId: prompts[0]!.id })
    expect(standard.versions).toMatchObject([
      { number: 1, prompt: { name: 'Standard', version: 1, ...standardPrompt } },
    ])
    const { variables } = await test.client.prompts.variables()
    expect(variables.filter(({ isRequired }) => isRequired).map(({ name }) => name)).toEqual(['sources', 'question'])
  })

  it('keep every version, and make none where nothing changed', async () => {
    await using test = await openTestApp()
    const { client } = test
    const created = await client.prompts.create({ name: ' Curt ', ...mine, note: 'first' })
    expect(created).toMatchObject({ name: 'Curt', version: 1 })
    const same = await client.prompts.save({ promptId: created.id, ...mine, note: 'again' })
    expect(same.version).toBe(1)
    const changed = await client.prompts.save({ promptId: created.id, ...mine, system: 'Answer.', note: 'shorter' })
    expect(changed.versions.map(({ number, note, prompt }) => [number, note, prompt.system])).toEqual([
      [2, 'shorter', 'Answer.'],
      [1, 'first', mine.system],
    ])
    const { database } = test.app.services.workspace
    expect(() => database.prepare(`UPDATE prompt_versions SET system = 'x'`).run()).toThrow('never changes')
    expect(await client.prompts.remove({ promptId: created.id })).toEqual({ removed: true })
    await expect(client.prompts.get({ promptId: created.id })).rejects.toMatchObject({ code: 'item-missing' })
  })

  it.each([
    ['an unknown variable', { ...mine, system: 'Answer as {{whoever}}.' }],
    ['no sources', { ...mine, user: '{{question}}' }],
    ['no question', { ...mine, user: '{{sources}}' }],
    ['documents told as instructions', { ...mine, system: '{{sources}}' }],
  ])('refuse %s', async (_what, texts) => {
    await using test = await openTestApp()
    await expect(test.client.prompts.create({ name: 'bad', ...texts })).rejects.toMatchObject({ code: 'input-invalid' })
    const { id } = await test.client.prompts.create({ name: 'good', ...mine })
    await expect(test.client.prompts.save({ promptId: id, ...texts })).rejects.toMatchObject({ code: 'input-invalid' })
    await expect(test.client.prompts.create({ name: 'GOOD', ...mine })).rejects.toMatchObject({ code: 'name-taken' })
  })

  it('show what a model would be given, with passages that are really found', async () => {
    await using test = await openTestApp()
    const { client } = test
    const { id: collectionId } = await client.collections.create({ name: 'station' })
    writeFileSync(
      join(test.folder, 'boats.md'),
      '# Boats\n\nFulmar stays in harbour when waves are higher than two metres.\n',
    )
    await test.ingest(collectionId, test.folder)
    const question = 'When does Fulmar stay in harbour?'
    const shown = await client.prompts.preview({ ...mine, collectionId, question })
    expect(shown.messages.map(({ role }) => role)).toEqual(['system', 'user'])
    expect(shown.messages[0]!.content).toMatch(/^Answer briefly and to the point\. Today is \d{4}-\d\d-\d\d\.$/)
    expect(shown.messages[1]!.content).toContain('waves are higher than two metres')
    expect(shown.messages[1]!.content).toContain(question)
    expect(shown).toMatchObject({
      used: 1,
      contextTokens: null,
      countedBy: expect.stringContaining('static') as string,
    })
    expect(shown.passages).toHaveLength(1)
    expect(shown.tokens).toBeGreaterThan(20)
    const { lines } = await client.lines.list()
    const releaseId = lines[0]!.production!.id
    expect(await client.prompts.preview({ ...mine, collectionId, question, releaseId })).toEqual(shown)
    const bad = client.prompts.preview({ ...mine, user: '{{question}}', collectionId, question })
    await expect(bad).rejects.toMatchObject({ code: 'input-invalid' })
  })

  it('are tested with a language model or not at all', async () => {
    await using test = await openTestApp()
    const { client } = test
    const { id: collectionId } = await client.collections.create({ name: 'station' })
    const { id: datasetId } = await client.datasets.create({ name: 'questions', collectionId })
    const { lines } = await client.lines.list()
    const prompt = { name: 'Curt', version: 1, ...mine }
    const test2 = (releaseId: string, after: typeof prompt | null) =>
      client.prompts.test({ releaseId, datasetId, before: null, after })
    await expect(test2(lines[0]!.production!.id, prompt)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('without a language model') as string,
    })
    const { pipeline } = lines[0]!.production!
    const draft = await client.releases.createDraft({
      lineId: lines[0]!.id,
      pipeline: { ...pipeline, generator: { id: 'llama', options: { model: 'none' } } },
    })
    await expect(test2(draft.id, null)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining('same words') as string,
    })
    await expect(test2(draft.id, { ...prompt, user: 'x' })).rejects.toMatchObject({ code: 'input-invalid' })
  })
})
