import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { quarry } from './testing/quarry.ts'

/** The real command line in a process of its own. */
describe('quarry datasets', { timeout: 180_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  beforeAll(() => void (temporary = temporaryFolder()))
  afterAll(() => temporary[Symbol.dispose]())
  const at = (name: string): string => join(temporary.path, name)
  const call = (...args: string[]) => quarry([...args, '--workspace', at('workspace'), '--json'])
  const datasets = (...args: string[]) => call('datasets', ...args)

  it('goes all the way: create, add, generate, review, split, export, import, remove', async () => {
    writeFileSync(
      at('boats.md'),
      '# Boats\n\n## Slip times\n\nPetrel is towed to the slip in May by the harbour crew.\n\nThe engine of Fulmar is replaced after 4000 hours at sea by the harbour crew.\n',
    )
    await call('ingest', at('boats.md'), '--collection', 'Station')
    expect(await datasets('create', 'Boats', '--collection', 'Station')).toMatchObject({
      code: 0,
      json: { version: 0 },
    })
    const add = ['add', 'Boats', '--id', 'slip', '--question', 'When is Petrel towed?', '--path', 'boats.md']
    expect(await datasets(...add, '--quote', 'towed to the slip in May')).toMatchObject({
      code: 0,
      json: { expected: [{ text: 'towed to the slip in May', lost: null }] },
    })
    expect(await datasets(...add, '--quote', 'purple')).toMatchObject({
      code: 2,
      json: { error: { code: 'input-invalid' } },
    })
    expect(await datasets('show', 'nobody')).toMatchObject({ code: 2, json: { error: { code: 'item-missing' } } })

    const made = await datasets('generate', 'boats', '--limit', '5')
    expect(made.json).toMatchObject({ states: { accepted: 1, proposed: 2 } })
    const { cases } = (await datasets('review', 'Boats')).json as { cases: { id: string }[] }
    expect(await datasets('review', 'Boats', cases[0]!.id, '--accept')).toMatchObject({ json: { changed: 1 } })
    expect(await datasets('review', 'Boats', '--all', '--reject')).toMatchObject({
      json: { states: { accepted: 2, rejected: 1 } },
    })
    expect(await datasets('split', 'Boats', 'train=0.5', 'test=0.6')).toMatchObject({ code: 2 })
    const split = await datasets('split', 'Boats', 'train=0.7', 'test=0.3')
    expect(split.json).toMatchObject({ splits: { train: 2, test: 1 } })

    const { json: written } = await datasets('export', 'Boats', at('boats.jsonl'))
    expect(readFileSync(at('boats.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(3)
    const again = await datasets('import', at('boats.jsonl'), '--name', 'Again', '--collection', 'Station')
    expect(again.json).toMatchObject({ added: 3, hash: (written as { hash: string }).hash })
    const show = await datasets('show', 'Again', '--split', 'test')
    expect(show.json).toMatchObject({ total: 1, version: 1 })
    expect((await datasets('remove', 'Again', 'slip')).json).toMatchObject({ removed: 1, cases: 2 })
    expect((await datasets('remove', 'Again')).json).toMatchObject({ removed: true })
    expect((await datasets('list')).json).toMatchObject({ datasets: [{ name: 'Boats', cases: 3 }] })
  })
})
