import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readBeir } from './read-beir.ts'

const good = {
  'corpus.jsonl': '\uFEFF{"_id":"d1","title":"T","text":"one"}\n{"_id":2,"text":""}\n\n',
  'queries.jsonl': '{"_id":"q1","text":"first?"}\r\n{"_id":"q2","text":"second?"}\r\n{"_id":"q3","text":"unjudged?"}',
  'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\t2\t0\nq2\td1\t0\n',
}

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quarry-beir-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('readBeir', () => {
  it('reads documents, and the queries that have something to find', async () => {
    await write(good)
    expect(await readBeir(folder)).toEqual({
      corpus: [
        { id: 'd1', title: 'T', text: 'one' },
        { id: '2', text: '' },
      ],
      cases: [
        {
          id: 'q1',
          question: 'first?',
          relevance: new Map([
            ['d1', 2],
            ['2', 0],
          ]),
          split: 'test',
          spans: [],
          metadata: {},
          order: 0,
        },
      ],
      unjudged: [
        { id: 'q2', question: 'second?', metadata: {}, order: 1 },
        { id: 'q3', question: 'unjudged?', metadata: {}, order: 2 },
      ],
    })
  })

  it('reads every file of judgements where that is asked for, and spans where there are some', async () => {
    await write({
      ...good,
      'qrels/train.tsv': 'q1\t2\t1\nq3\td1\t1\n',
      'spans.json': '[{"qid":"q3","doc":"d1","answers":[{"text":"ne","start":1}]}]',
    })
    const { cases } = await readBeir(folder, { splits: 'all' })
    expect(cases.map(({ id, split }) => [id, split])).toEqual([
      ['q1', 'test'],
      ['q3', 'train'],
    ])
    expect([...cases[0]!.relevance]).toEqual([
      ['d1', 2],
      ['2', 0],
    ])
    expect(cases[1]!.spans).toEqual([{ query: 'q3', document: 'd1', text: 'ne', start: 1 }])
    await write({ ...good, 'spans.json': '[{"qid":"q3"}]' })
    await expect(readBeir(folder)).rejects.toMatchObject({ code: 'file-corrupt' })
  })

  it('says which file is missing', async () => {
    await write({ 'corpus.jsonl': good['corpus.jsonl'] })
    await expect(readBeir(folder)).rejects.toMatchObject({
      code: 'file-missing',
      message: expect.stringContaining('queries.jsonl is not there') as string,
    })
  })

  it.each([
    ['corpus.jsonl', '{"_id":"d1","text":"one"}\n{"_id":"d2"', 2, 'not a JSON object'],
    ['corpus.jsonl', '{"_id":"d1","title":"no text"}', 1, '"text" is missing'],
    ['corpus.jsonl', '{"_id":"d1","text":""}\n{"_id":"d1","text":""}', 2, 'a second time'],
    ['queries.jsonl', '["q1"]', 1, 'is missing or of the wrong kind'],
    ['qrels/test.tsv', 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq1 d1 1', 3, 'three values with tabs'],
  ])('names file and line: %s %j', async (name, content, line, what) => {
    await write({ ...good, [name]: content })
    await expect(readBeir(folder)).rejects.toMatchObject({
      code: 'file-corrupt',
      message: expect.stringMatching(new RegExp(`${name}, line ${line}: .*${what}`)) as string,
    })
  })

  it('refuses judgments of another set', async () => {
    await write({ ...good, 'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq1\telsewhere\t1\n' })
    await expect(readBeir(folder)).rejects.toMatchObject({ code: 'file-corrupt' })
  })
})

async function write(files: Record<string, string>): Promise<void> {
  await mkdir(join(folder, 'qrels'), { recursive: true })
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
}
