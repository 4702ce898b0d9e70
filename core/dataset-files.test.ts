import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import iconv from 'iconv-lite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TextGenerator } from './generators/text-generator.ts'
import { generateCases } from './services/dataset-generation.ts'
import type { CollectionId, DatasetId } from './shared/ids.ts'
import { demoCorpus, openTestApp, type TestApp } from './testing/test-app.ts'

/** Cases in and out of datasets in files, and questions made of documents, on a real workspace. */
let app: TestApp
let collectionId: CollectionId

beforeAll(async () => {
  app = await openTestApp()
  const { id } = await app.client.collections.create({ name: 'Station' })
  collectionId = id
  await app.ingest(id, ...readdirSync(demoCorpus).map((name) => join(demoCorpus, name)))
}, 120_000)
afterAll(() => app[Symbol.asyncDispose]())

type ImportInput = Parameters<TestApp['client']['datasets']['import']>[0]

async function importing(input: ImportInput) {
  for await (const event of await app.client.datasets.import(input)) if (event.type === 'import-end') return event
  throw new Error('It ended without a result.')
}

let files = 0
function file(text: string | Uint8Array, ending = 'jsonl'): string {
  files += 1
  const path = join(app.folder, `cases ${files}.${ending}`)
  writeFileSync(path, text)
  return path
}

const lines = (...cases: unknown[]): string => cases.map((each) => JSON.stringify(each)).join('\n')

async function exported(datasetId: DatasetId, format: 'jsonl' | 'csv' | 'beir'): Promise<string> {
  files += 1
  const path = join(app.folder, `export ${files}${format === 'beir' ? '' : `.${format}`}`)
  for await (const event of await app.client.datasets.export({ datasetId, format, path })) {
    if (event.type === 'export-end') expect(event.hash).toBe((await app.client.datasets.get({ datasetId })).hash)
  }
  return path
}

const wave = 'It was reduced after the winch incident at mooring SP3 (report INC-2024-07)'

describe('import of JSONL', () => {
  it('finds passages by their words or by offsets, and says what was not read', async () => {
    const { documents } = await app.client.documents.list({ collectionId })
    const boats = documents.find(({ path }) => path === 'operations/boats.md')!
    const { text } = await app.client.documents.text({ documentId: boats.id, around: 100_000 })
    const start = text.indexOf(wave)
    const path = file(
      lines(
        { id: 'by words', question: 'Why?', expected: [{ path: 'operations/boats.md', quote: wave }], colour: 'red' },
        { id: 'by offsets', question: 'And why?', expected: [{ path: 'boats.md', start, end: start + wave.length }] },
        { id: 'refuse', question: 'Who owns the moon?', answerable: false, tags: ['off topic'], split: 'test' },
      ),
    )
    const { dataset, added, warnings } = await importing({ path, name: 'By hand', collectionId })
    expect(added).toBe(3)
    expect(warnings.join()).toContain('"colour"')
    const { cases } = await app.client.datasets.cases({ datasetId: dataset.id })
    expect(cases.map(({ id, expected }) => [id, expected.map((span) => [span.start, span.text])])).toEqual([
      ['by words', [[start, wave]]],
      ['by offsets', [[start, wave]]],
      ['refuse', []],
    ])
    expect(cases[2]).toMatchObject({ answerable: false, tags: ['off topic'], split: 'test', origin: 'import' })
  })

  it.each([
    ['a line that is no JSON', '{"question":"a","answer":"b"}\n{"question":', 'file-corrupt', 2],
    ['a line that is no object', '{"question":"a","answer":"b"}\n\n[1]', 'file-corrupt', 3],
    ['an empty question', lines({ question: ' ' }), 'file-corrupt', 1],
    ['no question', lines({ text: 'a' }), 'file-corrupt', 1],
    ['an id twice', lines({ id: 'a', question: 'q' }, { id: 'a', question: 'r' }), 'file-corrupt', 2],
    ['a missing document', lines({ question: 'q', expected: [{ path: 'no.md', text: 'x' }] }), 'file-corrupt', 1],
    [
      'a span outside',
      lines({ question: 'q', expected: [{ path: 'operations/boats.md', start: 1, end: 9e6 }] }),
      'file-corrupt',
      1,
    ],
    [
      'words not found',
      lines({ question: 'q', expected: [{ path: 'operations/boats.md', quote: 'zebra' }] }),
      'file-corrupt',
      1,
    ],
    [
      'words found twice',
      lines({ question: 'q', expected: [{ path: 'operations/boats.md', quote: 'Fulmar' }] }),
      'file-corrupt',
      1,
    ],
    ['a passage without document', lines({ question: 'q', expected: [{ text: 'x' }] }), 'file-corrupt', 1],
    ['a wrong state', lines({ question: 'q', state: 'maybe' }), 'file-corrupt', 1],
    ['nothing', '\n\n', 'file-empty', undefined],
  ])('refuses %s, names the line and keeps nothing', async (_, text, code, line) => {
    const path = file(text)
    const details = line === undefined ? {} : { line }
    await expect(importing({ path, name: 'Refused', collectionId })).rejects.toMatchObject({ code, details })
    const { datasets } = await app.client.datasets.list()
    expect(datasets.map(({ name }) => name)).not.toContain('Refused')
  })

  it('tells every problem, and adds nothing to a dataset that is there', async () => {
    const { id: datasetId } = await app.client.datasets.create({ name: 'Kept as it is', collectionId })
    const wrong = Array.from({ length: 150 }, (_, index) => ({ id: `c${index}`, question: index === 3 ? 'fine' : '' }))
    const failed = importing({ path: file(lines(...wrong)), datasetId })
    await expect(failed).rejects.toMatchObject({ code: 'file-corrupt', details: { count: 149 } })
    expect(await app.client.datasets.get({ datasetId })).toMatchObject({ cases: 0, version: 0 })
  })

  it('refuses, skips or replaces cases that are there', async () => {
    const { id: datasetId } = await app.client.datasets.create({ name: 'Again' })
    const path = file(lines({ id: 'a', question: 'first', answer: 'x' }, { id: 'b', question: 'second', answer: 'x' }))
    await importing({ path, datasetId })
    await expect(importing({ path, datasetId })).rejects.toMatchObject({ code: 'name-taken' })
    const other = file(
      lines({ id: 'b', question: 'changed', answer: 'x' }, { id: 'c', question: 'third', answer: 'x' }),
    )
    expect(await importing({ path: other, datasetId, onDuplicate: 'skip' })).toMatchObject({ added: 1, skipped: 1 })
    const replaced = await importing({ path: other, datasetId, onDuplicate: 'replace' })
    expect(replaced).toMatchObject({ added: 0, replaced: 2 })
    const { cases } = await app.client.datasets.cases({ datasetId })
    expect(cases.map(({ question }) => question)).toEqual(['first', 'changed', 'third'])
  })

  it('takes what is not there as stale where that is asked for', async () => {
    const path = file(lines({ id: 'a', question: 'q', expected: [{ path: 'later.md', text: 'to come' }] }))
    const end = await importing({ path, name: 'Stale', collectionId, allowStale: true })
    expect(end).toMatchObject({ added: 1, stale: 1, dataset: { stale: 1 } })
  })

  it('reads other encodings, and refuses what is no text', async () => {
    const question = 'Wie hoch dürfen die Wellen für Übungen sein?'
    for (const encoding of ['utf16-le', 'utf-8']) {
      const bytes = iconv.encode(lines({ question, answer: 'x' }), encoding, { addBOM: true })
      const { dataset } = await importing({ path: file(bytes), name: `In ${encoding}` })
      expect((await app.client.datasets.cases({ datasetId: dataset.id })).cases[0]!.question).toBe(question)
    }
    const latin = iconv.encode(lines({ question, answer: 'x' }), 'windows-1252')
    const { dataset, warnings } = await importing({ path: file(latin), name: 'In Latin' })
    expect((await app.client.datasets.cases({ datasetId: dataset.id })).cases[0]!.question).toBe(question)
    expect(warnings.join()).toMatch(/not UTF-8/)
    const noise = Uint8Array.from({ length: 4000 }, (_, index) => (index * 7919) % 256)
    await expect(importing({ path: file(noise), name: 'Noise' })).rejects.toMatchObject({ code: 'file-corrupt' })
    await expect(importing({ path: join(app.folder, 'nowhere.jsonl') })).rejects.toMatchObject({ code: 'file-missing' })
    await expect(importing({ path: file('x', 'docx') })).rejects.toMatchObject({ code: 'type-unsupported' })
  })

  it('takes a file that a page uploaded', async () => {
    const data = new Blob([lines({ question: 'q', answer: 'x' })])
    const { uploadId } = await app.client.ingest.upload({ path: 'from the page.jsonl', data, last: true, offset: 0 })
    const { dataset } = await importing({ uploadId })
    expect(dataset).toMatchObject({ name: 'from the page', cases: 1 })
  })
})

describe('import of CSV', () => {
  it('reads one passage a row, quoted cells with line breaks, other delimiters', async () => {
    const csv = `question;path;quote;answer;tags;answerable\r\n"Why\r\nso low?";operations/boats.md;"${wave}";Because;a;\r\nWho owns the moon?;;;;b;false\r\n`
    const { dataset } = await importing({ path: file(csv, 'csv'), name: 'Table', collectionId })
    const { cases } = await app.client.datasets.cases({ datasetId: dataset.id })
    expect(cases).toMatchObject([
      { question: 'Why\r\nso low?', answer: 'Because', tags: ['a'], expected: [{ text: wave }], answerable: true },
      { question: 'Who owns the moon?', answerable: false, expected: [], tags: ['b'] },
    ])
  })

  it.each([
    ['no header', 'Why?,boats\n', 1],
    ['a column twice', 'question,question\na,b\n', 1],
    ['too many cells', 'question,answer\n"two\nlines",b\nc,d,e\n', 4],
    ['a number that is none', 'question,path,start,end\nq,operations/boats.md,one,2\n', 2],
    ['JSON that is none', 'question,expected\nq,[{]\n', 2],
    ['a quote that does not end', 'question,answer\nq,"r\n', 2],
    ['neither yes nor no', 'question,answerable\nq,perhaps\n', 2],
  ])('refuses %s and names the line', async (_, text, line) => {
    await expect(importing({ path: file(text, 'csv'), name: 'Refused', collectionId })).rejects.toMatchObject({
      code: 'file-corrupt',
      details: { line },
    })
  })
})

describe('an export', () => {
  let datasetId: DatasetId

  beforeAll(async () => {
    const path = file(
      lines(
        {
          id: 'one "quoted", with; marks',
          question: 'Zeile eins\nline "two", three; 🚤',
          answer: '',
          expected: [
            { path: 'operations/boats.md', quote: wave, grade: 2 },
            { path: 'boats.md', start: 0, end: 30 },
          ],
          tags: ['a b', 'ü'],
          split: 'train',
          state: 'proposed',
          notes: '=1+1',
        },
        { id: '2', question: 'Nothing?', answerable: false, state: 'rejected' },
        {
          id: 'three',
          question: 'Which?',
          relevant: [
            { path: 'science/calibration-guide.md', grade: 3 },
            { path: 'gone', grade: 0 },
          ],
        },
        { id: 'four', question: 'Only words?', answer: 'yes', origin: 'generated' },
      ),
    )
    datasetId = (await importing({ path, name: 'Full', collectionId })).dataset.id
  })

  it.each(['jsonl', 'csv', 'beir'] as const)('as %s comes back with the same hash', async (format) => {
    const path = await exported(datasetId, format)
    const again = await importing({ path, name: `Full again as ${format}`, collectionId })
    const before = await app.client.datasets.cases({ datasetId })
    const after = await app.client.datasets.cases({ datasetId: again.dataset.id })
    const plain = ({ cases }: typeof before) => cases.map(({ createdAt: _createdAt, ...rest }) => rest)
    // CSV has no way to tell an empty answer from none.
    if (format === 'csv') before.cases[0]!.answer = null
    expect(plain(after)).toEqual(plain(before))
    if (format !== 'csv') expect(again.dataset.hash).toBe((await app.client.datasets.get({ datasetId })).hash)
  })

  it('as CSV has the same hash where no answer is an empty text', async () => {
    await app.client.datasets.updateCase({ datasetId, caseId: 'one "quoted", with; marks', change: { answer: null } })
    const path = await exported(datasetId, 'csv')
    const again = await importing({ path, name: 'Full again', collectionId })
    expect(again.dataset.hash).toBe((await app.client.datasets.get({ datasetId })).hash)
  })

  it('as BEIR is a set of its own: documents, questions and judgements go into another collection', async () => {
    const folder = await exported(datasetId, 'beir')
    expect(readdirSync(folder).sort()).toEqual(['corpus.jsonl', 'qrels', 'queries.jsonl', 'spans.json'])
    const again = await importing({ path: folder, name: 'Somewhere else' })
    expect(again.dataset.collectionId).not.toBe(collectionId)
    expect(again.dataset).toMatchObject({ stale: 0, hash: (await app.client.datasets.get({ datasetId })).hash })
    const { cases } = await app.client.datasets.cases({ datasetId: again.dataset.id })
    expect(cases[0]!.expected[0]).toMatchObject({ text: wave, lost: null })
  })

  it('is the same text when a page downloads it', async () => {
    for (const format of ['jsonl', 'csv'] as const) {
      let text = ''
      for await (const part of await app.client.datasets.download({ datasetId, format })) text += part.text
      expect(text).toBe(readFileSync(await exported(datasetId, format), 'utf8'))
    }
  })

  it('as BEIR is the same files when a page downloads it', async () => {
    const files = new Map<string, string>()
    for await (const { file, text } of await app.client.datasets.download({ datasetId, format: 'beir' }))
      files.set(file, (files.get(file) ?? '') + text)
    const folder = await exported(datasetId, 'beir')
    const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect([...files.keys()].sort()).toEqual(
      names.map(({ parentPath, name }) => relative(folder, join(parentPath, name)).replaceAll('\\', '/')).sort(),
    )
    for (const [file, text] of files) expect(text).toBe(readFileSync(join(folder, file), 'utf8'))
  })

  it('keep the words as they were typed, white space and all', async () => {
    const quote = wave.replace(' ', '  ')
    const { services } = app.app
    const given = {
      id: 'typed',
      question: 'How high?',
      answerable: true,
      expected: [{ path: 'operations/boats.md', quote }],
    }
    const { id } = services.datasets.createFrom('Typed', '', collectionId, [given], 'Came along')
    const { hash, stale } = await app.client.datasets.get({ datasetId: id })
    expect(stale).toBe(0)
    const again = await importing({ path: await exported(id, 'jsonl'), name: 'Typed again', collectionId })
    expect(again.dataset).toMatchObject({ hash, stale: 0 })
  })

  it('writes over nothing, and leaves nothing half written', async () => {
    const path = await exported(datasetId, 'jsonl')
    const again = app.client.datasets.export({ datasetId, format: 'csv', path })
    await expect(drain(again)).rejects.toMatchObject({ code: 'name-taken' })
    const nowhere = join(app.folder, 'no folder', 'x.jsonl')
    await expect(
      drain(app.client.datasets.export({ datasetId, format: 'jsonl', path: nowhere })),
    ).rejects.toMatchObject({
      code: 'file-missing',
    })
    // A device that has no room for a single byte.
    if (existsSync('/dev/full')) {
      const full = app.client.datasets.export({ datasetId, format: 'jsonl', path: '/dev/full' })
      await expect(drain(full)).rejects.toMatchObject({ code: 'name-taken' })
    }
    expect(readdirSync(app.folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})

/** A language model that always says the same. */
function writes(text: string): TextGenerator {
  return {
    modelId: 'scripted',
    contextTokens: 4096,
    countTokens: () => Promise.resolve(1),
    async *stream() {
      yield await Promise.resolve({ type: 'text-delta' as const, text })
    },
    dispose: () => Promise.resolve(),
  }
}

async function drain(events: Promise<AsyncIterable<unknown>>): Promise<void> {
  for await (const _event of await events) continue
}

describe('a set that brings its documents', () => {
  it('in BEIR layout becomes a collection and cases with documents, spans and splits', async () => {
    const folder = join(app.folder, 'beir')
    mkdirSync(join(folder, 'qrels'), { recursive: true })
    const corpus = [
      { _id: 'd/1', title: 'The 🚤 boats', text: 'Ten 🚤 boats are here. Eleven boats were there.' },
      { _id: 'd2', title: '', text: 'The tide comes in at noon.' },
      { _id: 'empty', title: '', text: '' },
    ]
    writeFileSync(join(folder, 'corpus.jsonl'), lines(...corpus))
    const queries = [
      { _id: 'q1', text: 'How many boats were there?' },
      { _id: 'q2', text: 'When does the tide come?' },
      { _id: 'q3', text: 'Nobody judged this.' },
    ]
    writeFileSync(join(folder, 'queries.jsonl'), lines(...queries))
    writeFileSync(join(folder, 'qrels/test.tsv'), 'query-id\tcorpus-id\tscore\nq1\td/1\t2\n')
    writeFileSync(join(folder, 'qrels/train.tsv'), 'query-id\tcorpus-id\tscore\nq2\td2\t1\nq2\td/1\t0\n')
    const start = [...corpus[0]!.text].join('').indexOf('Eleven') - 1 // in characters, of which the boat is one
    writeFileSync(
      join(folder, 'spans.json'),
      JSON.stringify([{ qid: 'q1', doc: 'd/1', answers: [{ text: 'Eleven', start }] }]),
    )
    const { dataset, warnings, skipped } = await importing({ path: folder, name: 'Tides' })
    expect(skipped).toBe(1)
    expect(warnings).toHaveLength(2)
    expect(dataset).toMatchObject({ stale: 0, splits: { test: 1, train: 1 } })
    const { cases } = await app.client.datasets.cases({ datasetId: dataset.id })
    expect(cases).toMatchObject([
      { id: 'q1', expected: [{ path: 'd/1', text: 'Eleven', lost: null }], relevant: [{ path: 'd/1', grade: 2 }] },
      {
        id: 'q2',
        expected: [],
        relevant: [
          { path: 'd2', grade: 1 },
          { path: 'd/1', grade: 0 },
        ],
      },
    ])
    expect(cases.flatMap(({ relevant }) => relevant.map(({ documentId }) => documentId))).not.toContain(null)
    const { results } = await app.client.search.run({
      collectionId: dataset.collectionId!,
      query: 'tide at noon',
      k: 1,
    })
    expect(results[0]!.documentId).toBe(cases[1]!.relevant[0]!.documentId)
  })

  it('in the layout of the chunking evaluation is checked reference by reference', async () => {
    const folder = join(app.folder, 'chunking')
    mkdirSync(join(folder, 'corpora'), { recursive: true })
    const text = 'A 🚤 boat.\n\nThe harbour is closed in winter. It opens in May.\n'
    writeFileSync(join(folder, 'corpora/harbour.md'), text)
    const content = 'It opens in May.'
    const units = text.indexOf(content)
    const table = (...starts: number[]): string =>
      [
        'question,references,corpus_id',
        ...starts.map((start) => {
          const references = JSON.stringify([{ content, start_index: start, end_index: start + content.length }])
          return `When does it open?,"${references.replaceAll('"', '""')}",harbour`
        }),
      ].join('\n')
    writeFileSync(join(folder, 'questions_df.csv'), table(units, units - 1))
    const { dataset } = await importing({ path: folder, name: 'Harbour' })
    const { cases } = await app.client.datasets.cases({ datasetId: dataset.id })
    expect(cases.map(({ id, expected, tags }) => [id, expected[0]!.start, tags])).toEqual([
      ['harbour-1', units, ['harbour']],
      ['harbour-2', units, ['harbour']],
    ])
    writeFileSync(join(folder, 'questions_df.csv'), table(units, 3))
    await expect(importing({ path: folder, name: 'Wrong' })).rejects.toMatchObject({
      code: 'file-corrupt',
      details: { line: 3 },
    })
    const { collections } = await app.client.collections.list()
    expect(collections.map(({ name }) => name)).not.toContain('Wrong')
  })
})

describe('100,000 cases', () => {
  it('come in, are split and go out again; a call that is left leaves nothing', async () => {
    const many = Array.from({ length: 100_000 }, (_, index) =>
      JSON.stringify({
        id: `case-${index}`,
        question: `What is number ${index}?`,
        answer: String(index),
        tags: [`t${index % 5}`],
      }),
    )
    const path = file(many.join('\n'))
    const stop = new AbortController()
    const left = async (): Promise<void> => {
      for await (const event of await app.client.datasets.import({ path, name: 'Left' }, { signal: stop.signal })) {
        // At the first word of it: a quick machine is done a moment later.
        if (event.type === 'progress') stop.abort()
      }
    }
    await expect(left()).rejects.toMatchObject({ code: 'cancelled' })
    expect((await app.client.datasets.list()).datasets.map(({ name }) => name)).not.toContain('Left')

    const { dataset } = await importing({ path, name: 'Very many' })
    expect(dataset.cases).toBe(100_000)
    const parts = [
      { name: 'train', share: 0.9 },
      { name: 'test', share: 0.1 },
    ]
    const split = await app.client.datasets.split({ datasetId: dataset.id, parts })
    expect(split.splits).toEqual({ train: 90_000, test: 10_000 })
    const { cases, total } = await app.client.datasets.cases({
      datasetId: dataset.id,
      split: 'test',
      offset: 9_990,
      limit: 100,
    })
    expect([cases.length, total]).toEqual([10, 10_000])
    const written = readFileSync(await exported(dataset.id, 'jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
    expect(written).toHaveLength(100_000)
  }, 300_000)
})

describe('questions made of documents', () => {
  async function generating(input: Parameters<TestApp['client']['datasets']['generate']>[0], client = app.client) {
    for await (const event of await client.datasets.generate(input)) if (event.type === 'generate-end') return event
    throw new Error('It ended without a result.')
  }

  it('are proposed, are about passages of many documents, and are the same each time', async () => {
    const make = async (name: string) => {
      const { id: datasetId } = await app.client.datasets.create({ name, collectionId })
      const end = await generating({ datasetId, limit: 80 })
      return { end, cases: (await app.client.datasets.cases({ datasetId })).cases, datasetId }
    }
    const first = await make('Generated')
    expect(first.end.added).toBe(80)
    expect(
      first.cases.every(({ state, origin, stale }) => state === 'proposed' && origin === 'generated' && stale === null),
    ).toBe(true)
    expect(new Set(first.cases.map(({ question }) => question)).size).toBe(80)
    expect(new Set(first.cases.flatMap(({ expected }) => expected.map(({ path }) => path))).size).toBeGreaterThan(15)
    expect(Object.keys(first.end.dataset.tags)).toEqual(expect.arrayContaining(['cell', 'cloze', 'heading']))
    for (const { question, answer, tags, expected } of first.cases) {
      if (tags.includes('cloze')) expect(question).toContain('____')
      if (tags.includes('cloze')) expect(expected[0]!.text.replaceAll(/\s+/g, ' ')).toContain(answer)
    }
    const second = await make('Generated again')
    expect(second.end.dataset.hash).toBe(first.end.dataset.hash)

    // What a person turned down is not proposed again.
    const rejected = first.cases.slice(0, 5).map(({ id }) => id)
    await app.client.datasets.setCases({ datasetId: first.datasetId, caseIds: rejected, state: 'rejected' })
    const more = await generating({ datasetId: first.datasetId, limit: 80 })
    const { cases } = await app.client.datasets.cases({ datasetId: first.datasetId })
    expect(cases).toHaveLength(80 + more.added)
    expect(cases.filter(({ state }) => state === 'rejected').map(({ id }) => id)).toEqual(rejected)
    expect(new Set(cases.map(({ question }) => question)).size).toBe(cases.length)
  })

  it('are as many as were asked for, though some are known by other words', async () => {
    const { id: datasetId } = await app.client.datasets.create({ name: 'Reworded', collectionId })
    await generating({ datasetId, limit: 12 })
    const { cases } = await app.client.datasets.cases({ datasetId })
    for (const { id: caseId, question } of cases)
      await app.client.datasets.updateCase({ datasetId, caseId, change: { question: `In other words: ${question}` } })
    expect((await generating({ datasetId, limit: 12 })).added).toBe(12)
  })

  it('of a language model are kept where their quotes are in the document, and not twice', async () => {
    const { id } = await app.client.collections.create({ name: 'For a model' })
    const sentence = 'The pump house floods when the tide stands above 4.6 m at the eastern wall.'
    const filler = Array.from({ length: 8 }, (_, index) => `Paragraph ${index} says what was seen on day ${index}.`)
    const document = join(app.folder, 'pump.md')
    writeFileSync(document, ['# Pump house', sentence, ...filler].join('\n\n'))
    await app.ingest(id, document)
    const reply = { question: 'At which tide does the pump house flood?', quotes: [sentence], answer: 'above 4.6 m' }
    const { id: datasetId } = await app.client.datasets.create({ name: 'Of a model', collectionId: id })
    const { services } = app.app
    const ask = (text: string) => {
      const parts = {
        ...services,
        library: services.datasetLibrary,
        openTextGenerator: () => Promise.resolve(writes(text)),
      }
      const request = { datasetId, limit: 2, seed: 0, generator: { id: 'any', options: {} } }
      return generateCases(request, parts, { signal: new AbortController().signal, onProgress: () => {} })
    }
    const invented = JSON.stringify({ ...reply, quotes: ['The pump house burns.'] })
    expect(await ask(invented)).toMatchObject({ added: 0, dropped: { 'a quote is not in the document': 1 } })
    expect(await ask(JSON.stringify({ ...reply, question: 'What does the text say?' }))).toMatchObject({
      added: 0,
      dropped: { 'not a clear question': 1 },
    })
    expect(await ask('Once upon a time')).toMatchObject({ added: 0, dropped: { 'no question in the reply': 1 } })
    expect(await ask(JSON.stringify(reply))).toMatchObject({ added: 1 })
    const { cases } = await app.client.datasets.cases({ datasetId })
    expect(cases).toMatchObject([
      {
        question: reply.question,
        answer: 'above 4.6 m',
        state: 'proposed',
        tags: ['model'],
        expected: [{ text: sentence }],
      },
    ])
    expect(await ask(JSON.stringify(reply))).toMatchObject({ added: 0, dropped: { 'like another question': 1 } })
  })

  it('need documents', async () => {
    const { id: empty } = await app.client.collections.create({ name: 'Empty' })
    const one = await app.client.datasets.create({ name: 'Of nothing', collectionId: empty })
    await expect(generating({ datasetId: one.id })).rejects.toMatchObject({ code: 'collection-empty' })
    const other = await app.client.datasets.create({ name: 'Of nowhere' })
    await expect(generating({ datasetId: other.id })).rejects.toMatchObject({ code: 'input-invalid' })
    const generator = { id: 'llama', options: { model: 'nobody' } }
    const { id: datasetId } = await app.client.datasets.create({ name: 'Without a model', collectionId })
    await expect(generating({ datasetId, generator })).rejects.toMatchObject({ code: 'model-missing' })
  })
})

it('opens the sample with its questions, which find their passages as its documents come in', async () => {
  await using fresh = await openTestApp()
  const { jobId } = await fresh.client.workspace.addSample()
  await fresh.finished(jobId)
  const { datasets } = await fresh.client.datasets.list()
  expect(datasets).toMatchObject([{ name: 'Skerry Point questions', cases: 30, stale: 0, version: 1 }])
  const { cases } = await fresh.client.datasets.cases({ datasetId: datasets[0]!.id })
  expect(cases.flatMap(({ expected }) => expected).filter(({ lost }) => lost !== null)).toEqual([])
  await fresh.client.workspace.addSample()
  expect((await fresh.client.datasets.list()).datasets).toHaveLength(1)
}, 120_000)
