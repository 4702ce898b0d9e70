import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModelLocator, requiredModelFiles } from './locator.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quarry-models-'))
  await write('bundled/small', requiredModelFiles)
  await write('bundled/tiny', requiredModelFiles)
  await write('own/small', requiredModelFiles)
  await write('own/large', requiredModelFiles)
  await write('own/torn', ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
})
afterAll(() => rm(root, { recursive: true }))

describe('createModelLocator', () => {
  it('finds a model in whichever folder has it, also where a folder is named twice', async () => {
    const locate = createModelLocator([join(root, 'own'), join(root, 'bundled'), join(root, 'own')])
    expect(await locate('tiny')).toBe(join(root, 'bundled/tiny'))
    expect(await locate('large')).toBe(join(root, 'own/large'))
  })

  it('does not choose between two models of one name, but names both places', async () => {
    const locate = createModelLocator([join(root, 'own'), join(root, 'bundled')])
    await expect(locate('small')).rejects.toMatchObject({
      code: 'name-taken',
      details: { folders: [join(root, 'own/small'), join(root, 'bundled/small')] },
    })
  })

  it('takes what is whole where another folder has a torn one', async () => {
    await write('bundled/torn', requiredModelFiles)
    const locate = createModelLocator([join(root, 'own'), join(root, 'bundled')])
    expect(await locate('torn')).toBe(join(root, 'bundled/torn'))
  })

  it('goes by the manifest where there is one', async () => {
    await write('own/answers', ['answers.gguf'])
    const manifest = {
      ...{ id: 'answers', kind: 'generator', format: 'gguf', label: 'Answers', licence: { id: 'MIT' } },
      ...{ files: [{ path: 'answers.gguf' }], languages: [], use: '', sources: [] },
    }
    await writeFile(join(root, 'own/answers/model.json'), JSON.stringify(manifest))
    const locate = createModelLocator([join(root, 'own')])
    expect(await locate('answers')).toBe(join(root, 'own/answers'))
    await rm(join(root, 'own/answers/answers.gguf'))
    await expect(locate('answers')).rejects.toMatchObject({
      code: 'model-invalid',
      details: { missing: ['answers.gguf'] },
    })
  })

  it('says where it looked for a model that is nowhere', async () => {
    const locate = createModelLocator([join(root, 'bundled'), join(root, 'own')])
    await expect(locate('huge')).rejects.toMatchObject({
      code: 'model-missing',
      message: expect.stringContaining(`${join(root, 'bundled/huge')}, ${join(root, 'own/huge')}`) as string,
    })
  })

  it('says which files of a model are missing', async () => {
    const locate = createModelLocator([join(root, 'own')])
    await expect(locate('torn')).rejects.toMatchObject({
      code: 'model-invalid',
      details: { missing: ['onnx/model.onnx'] },
    })
  })

  it.each(['', '..', '../own/small', 'a/b', 'a\\b', '.hidden'])('takes no path for a name: %j', async (name) => {
    await expect(createModelLocator([join(root, 'own')])(name)).rejects.toMatchObject({ code: 'input-invalid' })
  })
})

async function write(folder: string, files: readonly string[]): Promise<void> {
  for (const file of files) {
    await mkdir(dirname(join(root, folder, file)), { recursive: true })
    await writeFile(join(root, folder, file), '{}')
  }
}
