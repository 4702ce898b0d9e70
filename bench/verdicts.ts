import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Choice } from '../core/contract/pipeline.ts'
import type { DocumentId } from '../core/shared/ids.ts'
import { demoCorpus, openTestApp, projectRoot } from '../core/testing/test-app.ts'

/**
 * The two tables of docs/guides/which-chunking.md: what each way of cutting tears apart in the sample documents, and which
 * of them find the passage of a question, both as the chunk lab says it.
 *
 *   npm run bench -- verdicts
 */
const ways: { name: string; chunker: Choice }[] = [
  way('By structure, 256 tokens', 'recursive', { maxTokens: 256 }),
  way('By structure, 96 tokens', 'recursive', { maxTokens: 96 }),
  way('By sentences, 192 tokens, overlap 32', 'sentence', { maxTokens: 192, overlapTokens: 32 }),
  way('By headings, 384 tokens', 'markdown', { maxTokens: 384 }),
  way('By page, 512 tokens', 'page', { maxTokens: 512 }),
  way('Fixed size, 256 tokens, overlap 32', 'fixed', { maxTokens: 256, overlapTokens: 32 }),
  way('Fixed size, 256 tokens, no overlap', 'fixed', { maxTokens: 256, overlapTokens: 0 }),
]

const asked = [
  {
    path: 'operations/dive-safety-manual-2025.pdf',
    question: 'What is the deepest we are allowed to dive under the current rules?',
  },
  { path: 'operations/boats.md', question: 'A boat has missed its radio call. When do we ring the coastguard?' },
]

export async function run(): Promise<void> {
  await using test = await openTestApp()
  const { client } = test
  const { id: collectionId } = await client.collections.create({ name: 'demo' })
  await test.ingest(collectionId, demoCorpus)
  const { documents } = await client.documents.list({ collectionId, limit: 1000 })
  const open = (documentId: DocumentId) => client.lab.open({ source: { kind: 'document', documentId } })
  const chunkers = ways.map(({ chunker }) => chunker)

  const sums = ways.map(() => ({ chunks: 0, sentence: 0, row: 0, table: 0, code: 0 }))
  for (const { id } of documents) {
    const { labId } = await open(id)
    const { columns } = await client.lab.chunk({ labId, chunkers })
    columns.forEach(({ statistics }, index) => {
      const sum = sums[index]!
      sum.chunks += statistics.chunks
      for (const kind of ['sentence', 'row', 'table', 'code'] as const) sum[kind] += statistics.faults[kind] ?? 0
    })
  }
  console.log(`${documents.length} documents`)
  console.table(ways.map(({ name }, index) => ({ chunker: name, ...sums[index] })))

  const { cases } = JSON.parse(readFileSync(join(projectRoot, 'resources/demo/questions.json'), 'utf8')) as {
    cases: { question: string; expected: { path: string; quote: string }[] }[]
  }
  for (const { path, question } of asked) {
    const document = documents.find((each) => each.path.endsWith(path))
    const quote = cases
      .find((each) => each.question === question)
      ?.expected.find((passage) => path.endsWith(passage.path))?.quote
    if (!document || quote === undefined) throw new Error(`There is no passage in ${path} for "${question}".`)
    const { labId, textLength } = await open(document.id)
    const { text } = await client.lab.text({ labId, start: 0, end: textLength })
    const start = text.indexOf(quote)
    if (start < 0) throw new Error(`"${quote}" does not stand in ${path}.`)
    const expected = [{ start, end: start + quote.length }]
    const rows = ways.map(({ name }): Record<string, string> => ({ chunker: name }))
    for (const k of [1, 3]) {
      // As many at a time as the contract takes.
      const { columns } = await client.lab.retrieve({ labId, chunkers, question, k, expected })
      columns.forEach(({ verdict }, index) => {
        const row = rows[index]!
        row[`first ${k}`] = verdict?.passed ? 'pass' : 'fail'
        row[`IoU of the first ${k}`] = `${((verdict?.iou ?? 0) * 100).toFixed(1)} %`
      })
    }
    console.log(`\n${question}\n${path}: "${quote}"`)
    console.table(rows)
  }
}

function way(name: string, id: string, options: Record<string, unknown>): { name: string; chunker: Choice } {
  return { name, chunker: { id, options } }
}
