import { spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openWorkspace } from '../database/open-workspace.ts'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { projectRoot } from '../testing/test-app.ts'
import { type Finished, finished, firstLine, quarry as runQuarry, startQuarry } from './testing/quarry.ts'

/** The real command line in a process of its own. */
describe('quarry', { timeout: 120_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  let workspace: string
  let files: string

  beforeAll(async () => {
    temporary = temporaryFolder()
    workspace = join(temporary.path, 'workspace')
    files = join(temporary.path, 'papers')
    mkdirSync(join(files, 'deep'), { recursive: true })
    writeFileSync(join(files, 'kelp.md'), '# Kelp\n\n## Survey\n\nThe kelp survey takes place in June each year.\n')
    writeFileSync(join(files, 'deep', 'gulls.txt'), 'The gulls of the island breed on the northern cliffs.')
    writeFileSync(join(files, 'broken.pdf'), '%PDF-1.7\nthis is no PDF')
    const { code, json } = await quarry('ingest', files, '--collection', 'Station', '--workspace', workspace, '--json')
    expect({ code, json }).toMatchObject({ code: 1, json: { ready: 2, failed: 1, unchanged: 0 } })
  }, 120_000)
  afterAll(() => temporary[Symbol.dispose]())

  const inWorkspace = (...args: string[]) => quarry(...args, '--workspace', workspace)

  describe('JSON', () => {
    it('of ingest names what failed and why, with exit code 1 and one line for a person', async () => {
      const { code, json, errors } = await inWorkspace('ingest', files, '--collection', 'station', '--json')
      expect(code).toBe(1)
      expect(keys(json)).toEqual([
        'added',
        'changed',
        'chunks',
        'failed',
        'failures',
        'job',
        'ready',
        'removed',
        'unchanged',
      ])
      expect(json).toMatchObject({
        ready: 0,
        unchanged: 2,
        failed: 1,
        failures: [{ path: 'papers/broken.pdf', code: 'file-corrupt' }],
      })
      expect(errors).toEqual(['quarry: 1 file could not be added; "failures" says why.'])
    })

    it('of search has the keys of the contract, whichever side of the command the options are on', async () => {
      const after = await inWorkspace('search', 'kelp survey', '--collection', 'Station', '-k', '1', '--json')
      const before = await quarry(
        '--json',
        '--workspace',
        workspace,
        'search',
        'kelp survey',
        '--collection',
        'Station',
        '-k',
        '1',
      )
      expect(after.json).toEqual(before.json)
      expect([after.code, before.code, after.errors]).toEqual([0, 0, []])
      expect(keys(after.json)).toEqual(['results'])
      const { results } = after.json as { results: Record<string, unknown>[] }
      expect(results).toHaveLength(1)
      expect(keys(results[0])).toEqual(
        ['document', 'path', 'page', 'place', 'start', 'end', 'headings', 'text', 'score', 'found_by'].sort(),
      )
      expect(results[0]).toMatchObject({
        document: 'kelp.md',
        path: 'papers/kelp.md',
        page: null,
        headings: expect.arrayContaining(['Kelp']) as string[],
      })
      expect(['text', 'vector', 'both']).toContain(results[0]?.found_by)
    })

    it.each(['hybrid', 'text', 'vector'])('of search --mode %s finds the passage', async (mode) => {
      const { json, code } = await inWorkspace('search', 'gulls', '--collection', 'Station', '--mode', mode, '--json')
      expect(code).toBe(0)
      expect((json as { results: object[] }).results[0]).toMatchObject({ document: 'gulls.txt' })
    })

    it('of ask has answer, citations, refused and the trace', async () => {
      const { json, code } = await inWorkspace('ask', 'When is the kelp survey?', '--collection', 'Station', '--json')
      expect(code).toBe(0)
      expect(keys(json)).toEqual([
        'answer',
        'citations',
        'invented',
        'low_relevance',
        'note',
        'passage_mode',
        'refused',
        'trace_id',
        'unsupported',
      ])
      expect(json).toMatchObject({ unsupported: [], invented: 0, note: null, passage_mode: 'retrieved' })
      expect(json).toMatchObject({ refused: false, answer: expect.stringContaining('June') as string })
      const { citations } = json as { citations: Record<string, unknown>[] }
      expect(keys(citations[0])).toEqual(['marker', 'document', 'path', 'page', 'place', 'start', 'end', 'text'].sort())
    })

    it('of ask may be of several collections, each of which has to be there', async () => {
      const own = ['--workspace', join(temporary.path, 'several')]
      const kites = join(temporary.path, 'kites.md')
      writeFileSync(kites, '# Kites\n\nThe kite festival begins on the second Saturday of May.\n')
      await quarry('ingest', kites, '--collection', 'Kites', ...own)
      const of = ['--collection', 'Kites', 'Station', '--json', ...own]
      expect((await quarry('ask', 'When is the kelp survey?', ...of)).code).toBe(2)
      await quarry('ingest', join(files, 'kelp.md'), '--collection', 'Station', ...own)
      const kite = await quarry('ask', 'When does the kite festival begin?', ...of)
      expect(kite.json).toMatchObject({ answer: expect.stringContaining('second Saturday') as string })
      const kelp = await quarry('ask', 'When is the kelp survey?', ...of)
      expect(kelp.json).toMatchObject({ answer: expect.stringContaining('June') as string })
    })

    it('of ask about one document, as a whole, says so', async () => {
      const of = ['--collection', 'Station', '--document', 'papers/kelp.md']
      const { json, code } = await inWorkspace('ask', 'What is this about?', ...of, '--json')
      expect({ code, json }).toMatchObject({ code: 0, json: { passage_mode: 'whole-document', refused: false } })
      const { citations } = json as { citations: { path: string }[] }
      expect(new Set(citations.map(({ path }) => path))).toEqual(new Set(['papers/kelp.md']))
      expect((await inWorkspace('ask', 'When?', '--whole', ...of)).output).toContain('from the whole document.')
      expect((await inWorkspace('ask', 'When?', '--whole', '--collection', 'Station')).code).toBe(2)
    })

    it('of a refused question is an answer too: exit code 0', async () => {
      const question = 'Who composed the opera Tosca?'
      const { json, code } = await inWorkspace('ask', question, '--collection', 'Station', '--json')
      expect({ code, json }).toMatchObject({ code: 0, json: { refused: true, citations: [] } })
    })

    it('of documents has a row for each, failed ones with their reason', async () => {
      const { json, code } = await inWorkspace('documents', '--json')
      expect(code).toBe(0)
      expect(keys(json)).toEqual(['documents'])
      const { documents } = json as { documents: Record<string, unknown>[] }
      for (const row of documents)
        expect(keys(row)).toEqual(['chunks', 'id', 'pages', 'path', 'reason', 'status', 'type'])
      expect(documents.map(({ path, status }) => [path, status])).toEqual([
        ['papers/broken.pdf', 'failed'],
        ['papers/deep/gulls.txt', 'ready'],
        ['papers/kelp.md', 'ready'],
      ])
      expect(documents[0]?.reason).toMatch(/\.$/)
      expect(documents[1]?.reason).toBeNull()
    })

    it('of collections and jobs lists them', async () => {
      const collections = await inWorkspace('collections', '--json')
      expect(collections.json).toMatchObject({ collections: [{ name: 'Station', documents: 3, ready: 2, failed: 1 }] })
      const jobs = await inWorkspace('jobs', '--json')
      expect(jobs.json).toMatchObject({ jobs: [{ status: 'done' }, { status: 'done', done: 3, total: 3 }] })
    })

    it('of eval retrieval has metrics from 0 to 1, latency and the number of queries', async () => {
      const folder = beirFolder(join(temporary.path, 'beir'))
      const { json, code } = await quarry('eval', 'retrieval', folder, '--json')
      expect(code).toBe(0)
      expect(json).toEqual({
        metrics: { 'ndcg@10': 1, 'recall@10': 1, 'recall@100': 1, 'mrr@10': 1 },
        latency_ms: { p50: expect.any(Number) as number, p95: expect.any(Number) as number },
        queries: 2,
      })
    })
  })

  describe('for a person', () => {
    it('prints tables, passages and answers, and names a failed file on standard error', async () => {
      const ingest = await inWorkspace('ingest', files, '--collection', 'Station')
      expect(ingest.code).toBe(1)
      expect(ingest.output).toMatch(/0 ready, 2 unchanged, 1 failed/)
      expect(ingest.errors).toEqual([expect.stringMatching(/^quarry: failed papers\/broken\.pdf: .+\.$/)])
      expect((await inWorkspace('documents')).output).toMatch(/^path +type +status/)
      expect((await inWorkspace('search', 'kelp', '--collection', 'Station')).output).toMatch(/^1\. papers\/kelp\.md/)
      const ask = await inWorkspace('ask', 'When is the kelp survey?', '--collection', 'Station')
      expect(ask.output).toMatch(/June.*\[1\][\s\S]*\n\[1\] papers\/kelp\.md/)
    })

    it('runs through npx in the clone', async () => {
      const { code, output } = await told(
        finished(spawn('npx', ['--no-install', 'quarry', '--help'], { cwd: projectRoot })),
      )
      expect(code).toBe(0)
      for (const command of ['ingest', 'search', 'ask', 'eval', 'collections', 'documents', 'jobs', 'serve']) {
        expect(output).toContain(command)
      }
    })
  })

  describe('an error', () => {
    it.each<[string, string[], RegExp, string]>([
      ['no arguments', [], /Say what to do/, 'input-invalid'],
      ['an unknown command', ['serch', 'x'], /unknown command 'serch'.*search/, 'input-invalid'],
      ['an unknown option', ['documents', '--colection', 'x'], /unknown option '--colection'/, 'input-invalid'],
      ['no query', ['search', '--collection', 'Station'], /missing required argument 'query'/, 'input-invalid'],
      ['no collection', ['search', 'x'], /--collection/, 'input-invalid'],
      ['a bad -k', ['search', 'x', '--collection', 'Station', '-k', '0'], /whole number from 1/, 'input-invalid'],
      ['a bad --mode', ['ask', 'x', '--collection', 'Station', '--mode', 'y'], /hybrid, text, vector/, 'input-invalid'],
      ['a bad port', ['serve', '--port', '70000'], /port number from 0 to 65535/, 'input-invalid'],
      ['an unknown collection', ['search', 'x', '--collection', 'No'], /called "No".*"Station"/, 'item-missing'],
      ['a missing path', ['ingest', '/no/such/file', '--collection', 'New'], /\/no\/such\/file/, 'file-missing'],
      ['a missing test set', ['eval', 'retrieval', '/no/such/set'], /corpus\.jsonl/, 'file-missing'],
      ['an empty name', ['ingest', '/', '--collection', ''], /"name" is not valid/, 'input-invalid'],
    ])('for %s is one line, JSON for a program, and exit code 2', async (_name, args, message, code) => {
      const { code: exitCode, errors, json } = await inWorkspace(...args, '--json')
      expect(exitCode).toBe(2)
      expect(errors).toEqual([expect.stringMatching(/^quarry: /)])
      expect(errors[0]).toMatch(message)
      expect(json).toEqual({
        error: {
          code,
          message: expect.stringMatching(message) as string,
          retryable: false,
          details: expect.any(Object) as object,
        },
      })
    })

    it('leaves nothing behind: a missing path makes no collection', async () => {
      const { json } = await inWorkspace('collections', '--json')
      expect((json as { collections: { name: string }[] }).collections.map(({ name }) => name)).toEqual(['Station'])
    })

    it('names file and line of a broken test set', async () => {
      const folder = beirFolder(join(temporary.path, 'broken-beir'))
      writeFileSync(join(folder, 'corpus.jsonl'), '{"_id": "d1", "title": "", "text": "kelp"}\n{"_id": "d2",\n')
      const { code, errors } = await quarry('eval', 'retrieval', folder)
      expect(code).toBe(2)
      expect(errors).toEqual([expect.stringMatching(/corpus\.jsonl, line 2/)])
    })

    it('without --json leaves standard output empty', async () => {
      const { code, output, errors } = await inWorkspace('search', 'x', '--collection', 'No')
      expect({ code, output, lines: errors.length }).toEqual({ code: 2, output: '', lines: 1 })
    })

    it('for one missing path among others is a failed item: exit code 1', async () => {
      const paths = [join(files, 'kelp.md'), join(files, 'gone.md')]
      const { code, json } = await inWorkspace('ingest', ...paths, '--collection', 'Station', '--json')
      expect({ code, json }).toMatchObject({
        code: 1,
        json: { unchanged: 1, failed: 1, failures: [{ path: 'gone.md', code: 'file-missing' }] },
      })
    })

    it('for a workspace in use says who holds it', async () => {
      using folder = temporaryFolder()
      using _held = openWorkspace(folder.path, 'the other program')
      const { code, errors } = await quarry('documents', '--workspace', folder.path)
      expect(code).toBe(2)
      expect(errors).toEqual([expect.stringMatching(`the other program \\(process ${process.pid}`)])
    })

    it('for a workspace below a file says where', async () => {
      const { code, json } = await quarry('documents', '--workspace', join(files, 'kelp.md', 'x'), '--json')
      expect({ code, json }).toMatchObject({
        code: 2,
        json: { error: { code: 'workspace-unwritable', message: expect.stringContaining('kelp.md') as string } },
      })
    })

    const asNobody = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv')
    it.skipIf(!asNobody)(
      'for a folder that may not be written (needs root and setpriv to test) says where',
      async () => {
        using folder = temporaryFolder()
        chmodSync(folder.path, 0o555)
        const args = [join(projectRoot, 'core/host/cli.ts'), 'documents', '--workspace', join(folder.path, 'workspace')]
        const rights = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
        const { code, errors } = await told(finished(spawn('setpriv', [...rights, process.execPath, ...args])))
        expect(code).toBe(2)
        expect(errors).toEqual([expect.stringContaining(folder.path)])
      },
    )
  })

  describe('sources', () => {
    it('are added, synced, listed and removed', async () => {
      const folder = join(temporary.path, 'live')
      const own = ['--workspace', join(temporary.path, 'sources'), '--json']
      mkdirSync(folder)
      writeFileSync(join(folder, 'kelp.md'), '# Kelp\n\nThe kelp survey is in June.\n')
      writeFileSync(join(folder, 'draft.tmp.md'), 'Nobody should find this.')
      const added = await quarry('sources', 'add', folder, '--collection', 'Bay', '--exclude', '**/*.tmp.md', ...own)
      expect(added).toMatchObject({ code: 0, json: { added: 1, failed: 0 } })
      writeFileSync(join(folder, 'gulls.md'), 'Gulls breed in May.')
      writeFileSync(join(folder, 'kelp.md'), '# Kelp\n\nThe kelp survey is in July now.\n')
      const synced = await quarry('sources', 'sync', '--collection', 'Bay', ...own)
      expect(synced).toMatchObject({ code: 0, json: { added: 1, changed: 1, removed: 0, unchanged: 0 } })
      const shown = await quarry('documents', 'show', 'live/kelp.md', '--chunks', '--elements', ...own)
      expect(shown.json).toMatchObject({
        document: { path: 'live/kelp.md', status: 'ready' },
        elements: [{ element: { kind: 'heading', level: 1 } }, { text: 'The kelp survey is in July now.' }],
        chunks: [{ ordinal: 0, disabled: false }],
        edits: [],
      })
      const preview = await quarry('documents', 'preview', join(folder, 'gulls.md'), '--collection', 'Bay', ...own)
      expect(preview.json).toMatchObject({ type: 'markdown', totals: { chunks: 1 } })
      const tagged = await quarry('documents', 'tag', 'live/gulls.md', '--add', 'birds', ...own)
      expect(tagged.json).toEqual({ changed: 1 })
      const found = await quarry('search', 'survey May', '--collection', 'Bay', '--filter', 'tag=birds', ...own)
      expect(found.json).toMatchObject({ results: [{ path: 'live/gulls.md' }] })
      const list = await quarry('sources', 'list', ...own)
      expect(list.json).toMatchObject({
        sources: [{ location: folder, documents: 2, result: { added: 1, changed: 1, removed: 0 }, error: null }],
      })
      expect((await quarry('sources', 'remove', folder, ...own)).json).toEqual({ removed: 2 })
    })
  })

  describe('serve', () => {
    it.skipIf(!existsSync(join(projectRoot, 'out/renderer/index.html')))(
      'prints its address, serves the page (skipped where it is not built) and stops on SIGTERM',
      async () => {
        using folder = temporaryFolder()
        const child = startQuarry(['serve', '--workspace', folder.path, '--json'])
        const ended = told(finished(child))
        const { url, port, workspace: place } = JSON.parse(await firstLine(child)) as Record<string, string>
        expect(place).toBe(folder.path)
        expect(url).toContain(`http://127.0.0.1:${port}/`)
        const page = await fetch(url ?? '')
        expect(page.status).toBe(200)
        expect(await page.text()).toContain('<script')
        const second = await quarry('documents', '--workspace', folder.path)
        expect(second.errors).toEqual([expect.stringMatching(`quarry serve \\(process ${child.pid}`)])
        child.kill('SIGTERM')
        expect(await ended).toMatchObject({ code: 0, errors: [] })
        // And the workspace is free again.
        expect((await quarry('documents', '--workspace', folder.path)).code).toBe(0)
      },
    )

    it('says that a port is taken', async () => {
      await using server = createServer()
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const { port } = server.address() as AddressInfo
      const { code, errors } = await inWorkspace('serve', '--port', String(port))
      expect(code).toBe(2)
      expect(errors).toEqual([expect.stringMatching(`^quarry: Port ${port} is taken`)])
    })
  })

  it('keeps what was ready when it is interrupted, and takes up the rest', async () => {
    using folder = temporaryFolder()
    const many = join(folder.path, 'many')
    mkdirSync(many)
    const count = 300
    for (let index = 0; index < count; index += 1) writeFileSync(join(many, `${index}.txt`), `Note ${index} on kelp.`)
    const args = ['--workspace', join(folder.path, 'workspace')]
    const child = startQuarry(['ingest', many, '--collection', 'c', '--json', ...args])
    const ended = finished(child)
    await untilReady(join(folder.path, 'workspace'))
    child.kill('SIGINT')
    const { code, json } = await ended
    expect({ code, json }).toMatchObject({ code: 2, json: { error: { code: 'cancelled' } } })

    const { json: list } = await quarry('documents', '--json', ...args)
    const { documents } = list as { documents: { status: string; chunks: number }[] }
    expect(documents.length).toBeGreaterThan(0)
    expect(documents.length).toBeLessThan(count)
    expect(documents.filter(({ status, chunks }) => status !== 'ready' || chunks !== 1)).toEqual([])

    const again = await quarry('ingest', many, '--collection', 'c', '--json', ...args)
    expect(again).toMatchObject({
      code: 0,
      json: { ready: count - documents.length, unchanged: documents.length, failed: 0 },
    })
  })
})

interface Told extends Omit<Finished, 'errors'> {
  /** Lines on standard error. */
  errors: string[]
}

async function quarry(...args: string[]): Promise<Told> {
  return told(runQuarry(args))
}

async function told(ended: Promise<Finished>): Promise<Told> {
  const { errors, ...rest } = await ended
  return { ...rest, errors: errors.split('\n').filter((line) => line !== '' && !line.startsWith('npm warn')) }
}

/** Looks into the database of a running ingest until some documents are ready. */
async function untilReady(folder: string): Promise<void> {
  const { default: Sqlite } = await import('better-sqlite3')
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 50))
    try {
      using database = disposable(new Sqlite(join(folder, 'workspace.sqlite'), { readonly: true }))
      const sql = `SELECT count(*) FROM documents WHERE status = 'ready'`
      if ((database.value.prepare(sql).pluck().get() as number) > 5) return
    } catch {
      // Not there yet.
    }
  }
}

function disposable<Value extends { close(): unknown }>(value: Value): Disposable & { value: Value } {
  return { value, [Symbol.dispose]: () => void value.close() }
}

function keys(value: unknown): string[] {
  return Object.keys(value as object).sort()
}

/** Two documents, two questions, one query without a judgment. */
function beirFolder(folder: string): string {
  mkdirSync(join(folder, 'qrels'), { recursive: true })
  const lines = (rows: object[]): string => rows.map((row) => JSON.stringify(row)).join('\n')
  const corpus = [
    { _id: 'd1', title: 'Kelp', text: 'The kelp survey takes place in June.' },
    { _id: 'd2', title: 'Gulls', text: 'Gulls breed on the northern cliffs.' },
  ]
  const queries = [
    { _id: 'q1', text: 'kelp survey' },
    { _id: 'q2', text: 'where do gulls breed' },
    { _id: 'q3', text: 'not judged' },
  ]
  writeFileSync(join(folder, 'corpus.jsonl'), lines(corpus))
  writeFileSync(join(folder, 'queries.jsonl'), lines(queries))
  writeFileSync(join(folder, 'qrels/test.tsv'), 'query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n')
  return folder
}
