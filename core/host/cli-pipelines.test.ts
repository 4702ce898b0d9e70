import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { writeScriptedGenerator } from '../testing/tiny-models/gguf-models.ts'
import { quarry } from './testing/quarry.ts'

/** The real command line in processes of its own. */
describe('quarry pipelines and quarry prompts', { timeout: 600_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  afterAll(() => temporary[Symbol.dispose]())
  const at = (name: string): string => join(temporary.path, name)
  const call = (...args: string[]) => quarry([...args, '--workspace', at('workspace'), '--json'])

  beforeAll(async () => {
    temporary = temporaryFolder()
    writeFileSync(
      at('boats.md'),
      '# Boats\n\nPetrel is towed to the slip in May.\n\nThe engine of Fulmar is replaced after 4000 hours.\n',
    )
    await call('ingest', at('boats.md'), '--collection', 'Station')
    await call('datasets', 'create', 'Boats', '--collection', 'Station')
    const add = ['datasets', 'add', 'Boats', '--question', 'When is Petrel towed?', '--path', 'boats.md']
    await call(...add, '--quote', 'towed to the slip in May')
  }, 120_000)

  it('go from a draft through the gate into production, and back', async () => {
    const gate = ['pipelines', 'gate', 'Standard', '--dataset', 'Boats']
    expect(await call(...gate, '--rule', 'greatness>=1')).toMatchObject({
      code: 2,
      json: { error: { code: 'implementation-unknown' } },
    })
    expect(await call(...gate, '--rule', 'recall@5>=0.9', '--keep', 'ndcg@10', '--who', 'Ada')).toMatchObject({
      code: 0,
      json: { rules: ['recall@5>=0.9'], noLoss: ['ndcg@10'] },
    })
    expect(await call('pipelines', 'draft', 'Standard', '--note', 'fewer passages')).toMatchObject({
      code: 0,
      json: { stage: 'draft' },
    })
    const edit = ['pipelines', 'edit', 'Standard@draft', '--set']
    expect(await call(...edit, 'passages=none')).toMatchObject({ code: 2, json: { error: { code: 'input-invalid' } } })
    expect(await call(...edit, 'nowhere.at.all=1')).toMatchObject({ code: 2 })
    expect(await call(...edit, 'filter=year>many')).toMatchObject({
      code: 2,
      json: { error: { code: 'input-invalid' } },
    })
    expect(await call(...edit, 'filter=not type=pdf')).toMatchObject({ json: { pipeline: { filter: 'not type=pdf' } } })
    expect(await call(...edit, 'filter=')).toMatchObject({ code: 0, json: { pipeline: { filter: '' } } })
    expect(await call(...edit, 'passages=5')).toMatchObject({ code: 0, json: { pipeline: { passages: 5 } } })
    const measured = await call('pipelines', 'measure', 'Standard@draft')
    expect(measured).toMatchObject({ code: 0, json: { metrics: { 'recall@5': 1 }, note: null } })
    const { run } = measured.json as { run: string }
    expect(await call('pipelines', 'promote', 'Standard@draft')).toMatchObject({ code: 2 })
    expect(await call('pipelines', 'propose', 'Standard@draft', '--run', run)).toMatchObject({ json: { number: 2 } })
    expect(await call('pipelines', 'check', 'Standard@2')).toMatchObject({ code: 0, json: { passed: true } })
    expect(await call(...edit.with(2, 'Standard@2'), 'passages=6')).toMatchObject({ code: 2 })
    expect(await call('pipelines', 'promote', 'Standard@2', '--who', 'Ada')).toMatchObject({
      code: 0,
      json: { release: { stage: 'production', number: 2 } },
    })
    await call(...gate, '--rule', 'recall@5>1')
    expect(await call('pipelines', 'check', 'Standard')).toMatchObject({ code: 3, json: { passed: false } })
    expect(await call('pipelines', 'roll-back', 'Standard', '--to', '1')).toMatchObject({ json: { production: 1 } })
    const { json } = await call('pipelines', 'history', 'Standard')
    expect((json as { events: { action: string }[] }).events.map(({ action }) => action)).toEqual([
      'rolled-back',
      'gate-changed',
      'production',
      'candidate',
      'draft-created',
      'gate-changed',
      'production',
    ])
    expect((await call('pipelines', 'show', 'Standard@2')).json).toMatchObject({ stage: 'retired' })
    expect(await call('pipelines', 'show', 'nobody')).toMatchObject({ code: 2 })
  })

  it('keep, show, compare and remove prompts', async () => {
    writeFileSync(at('system.txt'), 'Answer {{length}}.\nName sources.')
    writeFileSync(at('bad.txt'), 'Answer as {{whoever}}.')
    expect(await call('prompts', 'save', 'Curt', '--system', at('bad.txt'))).toMatchObject({
      code: 2,
      json: { error: { code: 'input-invalid' } },
    })
    expect(await call('prompts', 'save', 'Curt', '--system', at('system.txt'))).toMatchObject({ json: { version: 1 } })
    writeFileSync(at('system.txt'), 'Answer {{length}}.\nName every source.')
    const saved = await call('prompts', 'save', 'Curt', '--system', at('system.txt'), '--note', 'every')
    expect(saved.json).toMatchObject({ version: 2 })
    const { json } = await call('prompts', 'diff', 'Curt', '1')
    expect(json).toMatchObject({ before: 1, after: 2, user: '' })
    expect((json as { system: string }).system).toContain('-Name sources.\n+Name every source.')
    const about = ['--collection', 'Station', '--question', 'When is Petrel towed?']
    const shown = await call('prompts', 'preview', 'Curt', ...about)
    expect(shown.json).toMatchObject({ used: 1, found: 1, context_tokens: null })
    expect(JSON.stringify(shown.json)).toContain('towed to the slip in May')
    expect(await call('prompts', 'show', 'Curt', '--version', '7')).toMatchObject({ code: 2 })
    const test = ['prompts', 'test', 'Curt', '--release', 'Standard', '--dataset', 'Boats']
    expect(await call(...test)).toMatchObject({ code: 2, json: { error: { code: 'input-invalid' } } })
    await call('pipelines', 'draft', 'Mine', '--new')
    expect((await call('pipelines', 'edit', 'Mine@draft', '--prompt', 'Curt')).json).toMatchObject({
      pipeline: { prompt: { name: 'Curt', version: 2 } },
    })
    // With a model that minds what only the newest version has.
    await writeScriptedGenerator(at('obedient'), 'Nobody says that. [1]', {
      where: { sign: '¶', script: 'Petrel is towed to the slip in May. [1]' },
    })
    expect(await call('models', 'import', at('obedient'))).toMatchObject({ code: 0, json: { id: 'obedient' } })
    const generator = ['--set', 'generator.id="llama"', '--set', 'generator.options={"model":"obedient"}']
    expect(await call('pipelines', 'edit', 'Mine@draft', ...generator, '--set', 'passages=2')).toMatchObject({
      code: 0,
    })
    writeFileSync(at('system.txt'), '¶ Answer {{length}}.\nName every source.')
    expect(await call('prompts', 'save', 'Curt', '--system', at('system.txt'))).toMatchObject({ json: { version: 3 } })
    const tested = await call(...test.with(4, 'Mine@draft'), '--before', '2')
    expect(tested).toMatchObject({ code: 0, json: { before: expect.any(String) as string } })
    const { before, after, metrics } = tested.json as { before: string; after: string; metrics: { name: string }[] }
    expect(metrics.find(({ name }) => name === 'unsupported-rate')).toMatchObject({ before: 1, after: 0, wins: 1 })
    expect((await call('runs', 'compare', before, after)).json).toMatchObject({ cases: 1 })
    expect((await call('prompts', 'remove', 'Curt')).json).toMatchObject({ removed: true })
    expect((await call('prompts', 'list')).json).toMatchObject({ prompts: [{ name: 'Standard' }] })
  })
})
