import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { createModelStore, type ModelStore } from './model-store.ts'
import { createKeyFiles } from './signature.ts'
import { ggufBytes, manifestOf, namesIn, onnxFiles, writeFiles } from './testing/sample-models.ts'

let root = ''
let models = ''
let store: ModelStore
const at = (...names: string[]): string => join(root, ...names)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

beforeEach(() => {
  const folder = temporaryFolder()
  onTestFinished(() => folder[Symbol.dispose]())
  root = folder.path
  models = at('workspace', 'models')
  const known = manifestOf({ id: 'known-small', label: 'Known small', pooling: 'cls' })
  writeFiles(at('bundled'), { 'catalogue.json': JSON.stringify({ models: [known] }) })
  writeFiles(at('bundled', 'static'), {
    ...onnxFiles,
    'model.json': JSON.stringify(manifestOf({ id: 'static' })),
  })
  store = createModelStore({ folder: models, bundledFolders: [at('bundled')] })
})

describe('importing a folder', () => {
  it('with a manifest copies what it names, notes the sums, and tells how far it is', async () => {
    const from = writeFiles(at('sample'), {
      ...onnxFiles,
      'model.json': JSON.stringify(manifestOf()),
      'stray.txt': 'not of the model',
    })
    const seen: number[] = []
    const { manifest, assumed, signature } = await store.import(from, { onProgress: ({ done }) => seen.push(done) })
    expect({ assumed, signature }).toEqual({ assumed: [], signature: { state: 'unsigned' } })
    const weights = onnxFiles['onnx/model.onnx'] ?? ''
    expect(manifest.files).toContainEqual({ path: 'onnx/model.onnx', bytes: weights.length, sha256: sha256(weights) })
    expect(namesIn(models)).toEqual(['sample'])
    expect(namesIn(join(models, 'sample'))).toEqual([
      'config.json',
      'model.json',
      'onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    expect(seen.at(-1)).toBe(manifest.files.reduce((sum, { bytes = 0 }) => sum + bytes, 0))
    expect(await store.verify('sample', {})).toEqual(manifest.files.map(({ path }) => ({ path, state: 'right' })))
  })

  it('without one makes it from the files, and says what it assumed', async () => {
    const from = writeFiles(at('My Model'), {
      ...onnxFiles,
      '1_Pooling/config.json': JSON.stringify({ pooling_mode_cls_token: true }),
      'config_sentence_transformers.json': JSON.stringify({ prompts: { query: 'q: ', document: 'd: ' } }),
      'sentence_bert_config.json': JSON.stringify({ max_seq_length: 256 }),
      'README.md': '---\nlicense: apache-2.0\nlanguage:\n- en\n- de\n---\n# My model\n',
      'pytorch_model.bin': 'left out',
      '.git/config': 'left out',
    })
    const { manifest, assumed } = await store.import(from, {})
    expect(manifest).toMatchObject({
      id: 'my-model',
      kind: 'embedder',
      format: 'onnx',
      licence: { id: 'Apache-2.0' },
      languages: ['en', 'de'],
      dimensions: 384,
      maxTokens: 256,
      pooling: 'cls',
      prefixes: { query: 'q: ', passage: 'd: ' },
    })
    expect(assumed).toEqual([])
    expect(manifest.files.map(({ path }) => path)).not.toContain('pytorch_model.bin')

    const bare = await store.import(writeFiles(at('bare'), onnxFiles), {})
    expect(bare.manifest).toMatchObject({ pooling: 'mean', maxTokens: 512, licence: { id: 'LicenseRef-unknown' } })
    expect(bare.assumed.join(' ')).toMatch(/Pooling is not named.*Prefixes are not named.*No licence is named/)
  })

  it('takes the facts of the catalogue for a model that it knows by name', async () => {
    const { manifest, assumed } = await store.import(writeFiles(at('Known_Small'), onnxFiles), {})
    expect(manifest).toMatchObject({ id: 'known-small', pooling: 'cls', prefixes: { query: 'query: ' } })
    expect(assumed).toEqual([expect.stringContaining('"Known small" in the catalogue')])
  })

  it('finds weights beside config.json, names from download caches, and rerankers', async () => {
    const { 'onnx/model.onnx': weights = '', ...rest } = onnxFiles
    const config = JSON.stringify({
      architectures: ['XLMRobertaForSequenceClassification'],
      model_type: 'xlm-roberta',
      max_position_embeddings: 514,
    })
    const folder = at('models--Org--Ranker-Base', 'snapshots', 'a1b2c3')
    const { manifest } = await store.import(
      writeFiles(folder, { ...rest, 'config.json': config, 'model.onnx': weights }),
      {},
    )
    expect(manifest).toMatchObject({ id: 'ranker-base', kind: 'reranker', maxTokens: 512 })
    expect(readFileSync(join(models, 'ranker-base/onnx/model.onnx'), 'utf8')).toBe(weights)
  })

  it.each([
    ['nothing of a model', { 'notes.txt': 'x' }, /No model was found/],
    ['weights for Python', { 'config.json': '{}', 'model.safetensors': 'x' }, /weights for Python/],
    [
      'an incomplete one',
      { 'config.json': '{}', 'onnx/model.onnx': 'x' },
      /tokenizer\.json, tokenizer_config\.json is missing/,
    ],
    [
      'a manifest that leads out',
      { 'model.json': JSON.stringify({ ...manifestOf(), files: [{ path: '../evil' }] }) },
      /files\.0\.path/,
    ],
    ['a manifest of files that are not there', { 'model.json': JSON.stringify(manifestOf()) }, /is missing/],
    ['a manifest that is none', { 'model.json': '[]' }, /does not describe a model/],
  ])('refuses %s', async (_what, files, message) => {
    const from = writeFiles(at('from'), files)
    await expect(store.import(from, {})).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message) as string,
    })
    expect(existsSync(models) ? namesIn(models) : []).toEqual([])
  })

  it('refuses files that are not what the manifest says, and leaves nothing', async () => {
    const files = [{ path: 'config.json', sha256: sha256('other') }]
    const from = writeFiles(at('from'), { ...onnxFiles, 'model.json': JSON.stringify(manifestOf({ files })) })
    await expect(store.import(from, {})).rejects.toMatchObject({ code: 'model-invalid' })
    expect(namesIn(models)).toEqual([])
  })

  it('overwrites nothing, and takes no name of a bundled model', async () => {
    const from = writeFiles(at('sample'), { ...onnxFiles, 'model.json': JSON.stringify(manifestOf()) })
    await store.import(from, {})
    await expect(store.import(from, {})).rejects.toMatchObject({ code: 'name-taken' })
    await expect(store.import(writeFiles(at('static'), onnxFiles), {})).rejects.toMatchObject({ code: 'name-taken' })
    expect(namesIn(models)).toEqual(['sample'])
  })

  it('leaves nothing when it is cancelled, and sweeps what a crash left', async () => {
    const from = writeFiles(at('sample'), onnxFiles)
    const stop = new AbortController()
    const work = store.import(from, { signal: stop.signal, onProgress: () => stop.abort() })
    await expect(work).rejects.toMatchObject({ code: 'cancelled' })
    expect(namesIn(models)).toEqual([])
    mkdirSync(join(models, '.import-crashed'))
    const next = createModelStore({ folder: models, bundledFolders: [at('bundled')] })
    await next.import(from, {})
    expect(namesIn(models)).toEqual(['sample'])
  })
})

describe('importing a GGUF file', () => {
  it.each([
    [
      { 'general.architecture': 'llama', 'llama.context_length': 8192 },
      { kind: 'generator', maxTokens: 8192 },
    ],
    [
      { 'general.architecture': 'bert', 'bert.pooling_type': 2, 'bert.embedding_length': 384 },
      { kind: 'embedder', pooling: 'cls', dimensions: 384 },
    ],
    [{ 'general.architecture': 'bert', 'bert.pooling_type': 4 }, { kind: 'reranker' }],
  ])('reads from its head what it is: %j', async (metadata, expected) => {
    const tokens = Array.from({ length: 20_000 }, (_, index) => `token ${index}`)
    const head = { ...metadata, 'general.name': 'Tiny', 'general.license': 'mit', 'tokenizer.ggml.tokens': tokens }
    writeFiles(root, { 'Tiny-1.0-Q4_K_M.gguf': ggufBytes(head) })
    const { manifest } = await store.import(at('Tiny-1.0-Q4_K_M.gguf'), {})
    expect(manifest).toMatchObject({
      id: 'tiny-1.0-q4-k-m',
      format: 'gguf',
      label: 'Tiny',
      licence: { id: 'MIT' },
      ...expected,
    })
    expect(manifest.files).toMatchObject([{ path: 'Tiny-1.0-Q4_K_M.gguf', precision: 'Q4_K_M' }])
  })

  it.each([
    ['another kind of file', Buffer.from('not a gguf file at all')],
    ['a torn one', ggufBytes({ 'general.architecture': 'llama' }).subarray(0, 30)],
    [
      'one that names a huge text',
      Buffer.concat([ggufBytes({}).subarray(0, 16), Buffer.from('0100000000000000ffffffffffffff7f', 'hex')]),
    ],
  ])('refuses %s', async (_what, bytes) => {
    writeFiles(root, { 'x.gguf': bytes })
    await expect(store.import(at('x.gguf'), {})).rejects.toMatchObject({ code: 'model-invalid' })
  })

  it('does not choose among several', async () => {
    const gguf = ggufBytes({ 'general.architecture': 'llama' })
    await expect(store.import(writeFiles(at('two'), { 'a.gguf': gguf, 'b.gguf': gguf }), {})).rejects.toMatchObject({
      code: 'model-invalid',
      details: { files: ['a.gguf', 'b.gguf'] },
    })
  })
})

describe('packs', () => {
  const pack = async (sign?: string): Promise<string> => {
    const from = writeFiles(at('sample'), { ...onnxFiles, 'model.json': JSON.stringify(manifestOf()) })
    await store.import(from, {})
    const path = at('sample.quarrypack')
    await store.export('sample', path, { signKey: sign })
    await store.remove('sample')
    return path
  }
  /** The pack with one of its entries changed. */
  const repack = (path: string, change: (entries: Record<string, Uint8Array>) => void): string => {
    const entries = unzipSync(readFileSync(path))
    change(entries)
    writeFileSync(at('changed.quarrypack'), zipSync(entries, { level: 0 }))
    return at('changed.quarrypack')
  }

  it('carry a model from one machine to another, with its licence', async () => {
    const path = await pack()
    expect(namesIn(models)).toEqual([])
    const entries = unzipSync(readFileSync(path))
    expect(strFromU8(entries['LICENCE.txt'] ?? new Uint8Array())).toMatch(/Licence: MIT[^]*Keep this notice\./)
    const { manifest, signature } = await store.import(path, {})
    expect(signature).toEqual({ state: 'unsigned' })
    expect(manifest).toMatchObject(manifestOf({ files: manifest.files }))
    expect(readFileSync(join(models, 'sample/tokenizer.json'), 'utf8')).toBe(onnxFiles['tokenizer.json'])
  })

  it('say who signed them', async () => {
    const { privateKey, publicKey, keyId } = await createKeyFiles(at('key'))
    const other = await createKeyFiles(at('other'))
    const path = await pack(privateKey)
    expect((await store.import(path, {})).signature).toEqual({ state: 'unknown-key', keyId })
    await store.remove('sample')
    const trusted = await store.import(path, { trustKeys: [other.publicKey, publicKey] })
    expect(trusted.signature).toEqual({ state: 'trusted', keyId })
    await store.remove('sample')
    await expect(store.import(path, { trustKeys: [other.publicKey] })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining(keyId) as string,
    })
    const unsigned = repack(path, (entries) => delete entries['signature.json'])
    await expect(store.import(unsigned, { trustKeys: [publicKey] })).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('not signed') as string,
    })
  })

  it.each([
    ['the label', (manifest: Record<string, unknown>) => (manifest.label = 'Another')],
    ['a prefix', (manifest: Record<string, unknown>) => (manifest.prefixes = { query: '', passage: 'Ignore this: ' })],
  ])('with a signature are refused when %s was changed after it', async (_what, change) => {
    const { privateKey } = await createKeyFiles(at('key'))
    const path = repack(await pack(privateKey), (entries) => {
      const list = JSON.parse(strFromU8(entries['quarrypack.json'] ?? new Uint8Array())) as {
        manifest: Record<string, unknown>
      }
      change(list.manifest)
      entries['quarrypack.json'] = strToU8(JSON.stringify(list))
    })
    await expect(store.import(path, {})).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringContaining('changed after it was signed') as string,
    })
    expect(namesIn(models)).toEqual([])
  })

  it.each<[string, (entries: Record<string, Uint8Array>) => unknown, RegExp]>([
    ['a changed byte', (entries) => (entries['model/config.json']![3]! ^= 1), /config\.json is not what the list/],
    ['a file more', (entries) => (entries['model/evil.json'] = strToU8('x')), /does not name/],
    ['a file less', (entries) => delete entries['model/config.json'], /"model\/config\.json" is missing/],
    ['another size', (entries) => (entries['model/config.json'] = strToU8('{}')), /another size/],
    ['another licence', (entries) => (entries['LICENCE.txt'] = entries['LICENCE.txt']!.map(() => 65)), /licence text/],
    ['a list that is none', (entries) => (entries['quarrypack.json'] = strToU8('{}')), /not valid/],
    ['a torn signature', (entries) => (entries['signature.json'] = strToU8('{')), /signature/],
  ])('are refused with %s', async (_what, change, message) => {
    const path = repack(await pack(), change)
    await expect(store.import(path, {})).rejects.toMatchObject({
      code: 'model-invalid',
      message: expect.stringMatching(message) as string,
    })
    expect(namesIn(models)).toEqual([])
  })

  it('are not written over, nor of a model that is damaged', async () => {
    await pack()
    await store.import(at('sample.quarrypack'), {})
    await expect(store.export('sample', at('sample.quarrypack'), {})).rejects.toMatchObject({ code: 'name-taken' })
    const file = join(models, 'sample/tokenizer.json')
    writeFileSync(file, (onnxFiles['tokenizer.json'] ?? '').replace('m', 'M'))
    await expect(store.export('sample', at('new.quarrypack'), {})).rejects.toMatchObject({ code: 'model-invalid' })
    expect(namesIn(root)).not.toContain('new.quarrypack')
    expect(namesIn(root)).not.toContain('new.quarrypack.part')
  })

  it('of a plain folder in a .zip are a folder', async () => {
    const files = Object.entries(onnxFiles).map(([path, content]) => [`zipped/${path}`, strToU8(content)] as const)
    writeFileSync(at('any.zip'), zipSync(Object.fromEntries(files)))
    expect((await store.import(at('any.zip'), {})).manifest.id).toBe('zipped')
    await expect(
      store.import(at('any.zip'), { trustKeys: [(await createKeyFiles(at('k'))).publicKey] }),
    ).rejects.toMatchObject({
      code: 'input-invalid',
    })
  })

  it('are signed with Ed25519 keys only', async () => {
    writeFileSync(at('text.pem'), 'no key')
    await pack()
    await store.import(at('sample.quarrypack'), {})
    for (const signKey of [at('text.pem')]) {
      await expect(store.export('sample', at('y.quarrypack'), { signKey })).rejects.toMatchObject({
        code: 'input-invalid',
      })
    }
    await createKeyFiles(at('key'))
    await expect(createKeyFiles(at('key'))).rejects.toMatchObject({ code: 'name-taken' })
  })
})

describe('the list', () => {
  it('joins what is here with what is in the catalogue', async () => {
    await store.import(writeFiles(at('own'), onnxFiles), {})
    const found = (await store.list()).map(({ manifest, state, origin, inCatalogue }) => ({
      ...{ id: manifest.id, state, origin, inCatalogue },
    }))
    expect(found).toEqual([
      { id: 'known-small', state: 'absent', origin: null, inCatalogue: true },
      { id: 'own', state: 'installed', origin: 'workspace', inCatalogue: false },
      { id: 'static', state: 'installed', origin: 'bundled', inCatalogue: false },
    ])
  })

  it('shows folders that were put there by hand, and what is wrong with others', async () => {
    writeFiles(join(models, 'by-hand'), onnxFiles)
    writeFiles(join(models, 'Odd Name'), onnxFiles)
    writeFiles(join(models, 'broken'), { 'model.json': '{' })
    writeFiles(join(models, 'other'), { ...onnxFiles, 'model.json': JSON.stringify(manifestOf()) })
    writeFiles(join(models, 'notes'), { 'notes.txt': 'no model' })
    const files = [{ path: 'config.json', bytes: 3 }]
    writeFiles(join(models, 'shrunk'), {
      ...onnxFiles,
      'model.json': JSON.stringify(manifestOf({ id: 'shrunk', files })),
    })
    const found = (await store.list()).filter(({ origin }) => origin === 'workspace')
    expect(found.map(({ manifest, state, described }) => [manifest.id, state, described])).toEqual([
      ['broken', 'damaged', false],
      ['by-hand', 'installed', true],
      ['odd-name', 'damaged', true],
      ['other', 'damaged', false],
      ['shrunk', 'damaged', false],
    ])
    expect(await store.verify('by-hand', {})).toContainEqual({ path: 'config.json', state: 'unchecked' })
  })

  it('is of models that can be removed, unless they are bundled', async () => {
    await store.import(writeFiles(at('own'), onnxFiles), {})
    await store.remove('own')
    expect(namesIn(models)).toEqual([])
    await expect(store.remove('own')).rejects.toMatchObject({ code: 'model-missing' })
    await expect(store.remove('static')).rejects.toMatchObject({ code: 'input-invalid' })
    expect(existsSync(at('bundled/static/config.json'))).toBe(true)
  })

  it('notices changed and missing files when asked to verify', async () => {
    await store.import(writeFiles(at('own'), onnxFiles), {})
    writeFileSync(join(models, 'own/onnx/model.onnx'), (onnxFiles['onnx/model.onnx'] ?? '').replace('w', 'W'))
    const checks = await store.verify('own', {})
    expect(checks.find(({ path }) => path === 'onnx/model.onnx')?.state).toBe('wrong')
  })
})
