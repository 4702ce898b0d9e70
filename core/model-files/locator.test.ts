import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createModelLocator, requiredModelFiles } from './locator.ts'

let root = ''
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'quarry-models-'))
  await write('bundled/small', requiredModelFiles)
  await write('own/small', requiredModelFiles)
  await write('own/large', requiredModelFiles)
  await write('own/torn', ['config.json', 'tokenizer.json', 'tokenizer_config.json'])
})
afterAll(() => rm(root, { recursive: true }))

describe('createModelLocator', () => {
  it('finds a model in the first folder that has it', async () => {
    const locate = createModelLocator([join(root, 'bundled'), join(root, 'own')])
    expect(await locate('small')).toBe(join(root, 'bundled/small'))
    expect(await locate('large')).toBe(join(root, 'own/large'))
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
