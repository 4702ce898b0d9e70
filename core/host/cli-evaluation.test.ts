import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { startRemoteServer } from '../testing/remote-server.ts'
import { openTestApp } from '../testing/test-app.ts'
import { quarry } from './testing/quarry.ts'

const facts = ['winch', 'jetty', 'lamp', 'pump', 'mast', 'gauge', 'hood', 'shed'].map((subject, index) => ({
  question: `How often is the ${subject} inspected?`,
  text: `The ${subject} is inspected every ${index + 2} days.`,
}))

/** The real command line in a process of its own, on a workspace with eight cases. */
describe('measuring on the command line', { timeout: 600_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  const at = (name: string): string => join(temporary.path, name)
  const inWorkspace = (...args: string[]) => quarry([...args, '--workspace', at('workspace')])

  beforeAll(async () => {
    temporary = temporaryFolder()
    await using test = await openTestApp({ dataFolder: at('workspace') })
    const { client } = test
    writeFileSync(join(test.folder, 'rounds.md'), facts.map(({ text }) => `${text} Ask the keeper.\n\n`).join(''))
    const { id: collectionId } = await client.collections.create({ name: 'Station' })
    await test.ingest(collectionId, join(test.folder, 'rounds.md'))
    const { id: datasetId } = await client.datasets.create({ name: 'Rounds', collectionId })
    for (const { question, text } of facts)
      await client.datasets.addCase({ datasetId, case: { question, expected: [{ path: 'rounds.md', text }] } })
    writeFileSync(
      at('small.json'),
      JSON.stringify({ chunker: { id: 'recursive', options: { maxTokens: 16, minTokens: 0 } } }),
    )
  })
  afterAll(() => temporary[Symbol.dispose]())

  it('sends runs to a folder of MLflow and reads them back', async () => {
    const made = await inWorkspace('eval', '--dataset', 'Rounds', '--name', 'sent', '--json')
    expect(made.code).toBe(0)
    const { json: known } = await inWorkspace('runs', 'list', '--json')
    const { id } = (known as { runs: { id: string }[] }).runs[0]!
    const sent = await inWorkspace('runs', 'send', id, '--folder', at('mlruns'), '--json')
    expect(sent).toMatchObject({ code: 0, json: { written: 1, known: 0 } })
    expect((await inWorkspace('runs', 'fetch', '--folder', at('mlruns'), '--json')).json).toMatchObject({ known: 1 })
    const elsewhere = await quarry(['runs', 'fetch', '--folder', at('mlruns'), '--workspace', at('other'), '--json'])
    expect(elsewhere.json).toMatchObject({ imported: [id], foreign: 0 })
    expect((await inWorkspace('runs', 'send', id, '--json')).code).toBe(2)
  })

  it('passes and fails gates, with a report for build servers', async () => {
    const good = await inWorkspace(
      'eval',
      '--dataset',
      'rounds',
      '--gate',
      'recall@5>=0.9',
      '--junit',
      at('good.xml'),
      '--json',
    )
    expect(good.code).toBe(0)
    expect(good.json).toMatchObject({ passed: true, cases: 8, metrics: { 'recall@5': { mean: 1, cases: 8 } } })
    expect(readFileSync(at('good.xml'), 'utf8')).toMatch(/<testsuites tests="9" failures="0" errors="0">/)
    const bad = await inWorkspace(
      'eval',
      'run',
      '--dataset',
      'Rounds',
      '--gate',
      'span-iou@5>=0.99',
      '--gate',
      'beauty>0',
      '--junit',
      at('bad.xml'),
      '--json',
    )
    expect(bad.code).toBe(3)
    expect(bad.json).toMatchObject({ passed: false, gates: [{ passed: false }, { passed: false, value: null }] })
    expect(bad.errors).toMatch(/gate failed, span-iou@5>=0\.99/)
    expect(readFileSync(at('bad.xml'), 'utf8')).toContain('failures="2"')
  })

  it('fails for a loss against a baseline, and for nothing else', async () => {
    const before = await inWorkspace(
      'eval',
      'run',
      '--dataset',
      'Rounds',
      '--pipeline',
      at('small.json'),
      '--name',
      'small',
      '--json',
    )
    expect(before.code).toBe(0)
    const { run } = before.json as { run: string }
    expect((await inWorkspace('runs', 'pin', run)).code).toBe(0)
    // The present pipeline puts everything into one chunk: it finds all, and much else.
    const after = await inWorkspace('eval', 'run', '--dataset', 'Rounds', '--baseline', 'pinned', '--json')
    expect(after.code).toBe(3)
    expect(after.json).toMatchObject({ passed: false, baseline: run })
    const { run: worse } = after.json as { run: string }
    expect(after.errors).toMatch(/span-precision-omega is worse/)
    const same = await inWorkspace(
      'eval',
      'run',
      '--dataset',
      'Rounds',
      '--pipeline',
      at('small.json'),
      '--baseline',
      run,
      '--json',
    )
    expect(same.code).toBe(0)

    const list = await inWorkspace('runs', 'list', '--dataset', 'Rounds', '--json')
    const rows = (list.json as { runs: { id: string; name: string; baseline: boolean }[] }).runs
    expect(rows.find(({ baseline }) => baseline)).toMatchObject({ id: run, name: 'small' })
    const compare = await inWorkspace('runs', 'compare', run, rows[0]!.id)
    expect(compare).toMatchObject({ code: 0, output: expect.stringMatching(/no difference shown/) as string })
    const junit = await inWorkspace(
      'runs',
      'compare',
      run,
      worse,
      '--gate',
      'recall@5>=0',
      '--junit',
      at('compare.xml'),
    )
    expect(junit).toMatchObject({ code: 0, output: expect.stringContaining('gate passed, recall@5>=0') as string })
    expect(readFileSync(at('compare.xml'), 'utf8')).toMatch(
      /<testsuite name="quarry runs compare"[^]*name="gate recall@5&gt;=0"\/>[^]*name="span-iou@5 against the baseline"/,
    )
    // Without a gate every metric counts, and one of them is worse.
    const lost = await inWorkspace('runs', 'compare', run, worse, '--junit', at('lost.xml'), '--json')
    expect(lost).toMatchObject({ code: 3, json: { gates: [], passed: false } })
    expect(lost.errors).toMatch(/span-precision-omega is worse/)
    expect(readFileSync(at('lost.xml'), 'utf8')).toContain(
      'name="span-precision-omega is no worse than that of the baseline"><failure',
    )
    const again = await inWorkspace('runs', 'rerun', run, '--json')
    const show = await inWorkspace('runs', 'show', run, '--json')
    const metricsOf = (value: unknown) => (value as { summary: { metrics: unknown } }).summary.metrics
    expect(metricsOf(again.json)).toEqual(metricsOf(show.json))
    expect((await inWorkspace('runs', 'export', run, at('run.csv'))).code).toBe(0)
    expect(readFileSync(at('run.csv'), 'utf8').trim().split('\n')).toHaveLength(9)
    const twice = await inWorkspace('runs', 'export', run, at('run.csv'), '--json')
    expect(twice).toMatchObject({ code: 2, json: { error: { code: 'name-taken' } } })
  })

  it('says how far a judge agrees with people', async () => {
    const { json } = await inWorkspace('runs', 'list', '--dataset', 'Rounds', '--json')
    const { id } = (json as { runs: { id: string }[] }).runs[0]!
    const { json: shown } = await inWorkspace('runs', 'show', id, '--cases', '--json')
    const cases = (shown as { results: { caseId: string; scores: Record<string, number> }[] }).results
    // People say the opposite of the metric about the first case, and the same about the others.
    const lines = cases.map(({ caseId, scores }, index) => {
      const isYes = (scores['recall@5'] ?? 0) >= 0.5
      return `${caseId},${isYes === index > 0 ? 'yes' : 'no'}`
    })
    writeFileSync(at('labels.csv'), ['case,label', ...lines, 'nobody,yes'].join('\n'))
    const calibrate = (file: string, ...more: string[]) =>
      inWorkspace('runs', 'calibrate', id, '--labels', at(file), '--metric', 'recall@5', ...more)
    const said = await calibrate('labels.csv', '--json')
    expect(said).toMatchObject({ code: 0, json: { cases: cases.length, agreement: 7 / 8, unused: 1 } })
    const human = await calibrate('labels.csv')
    expect(human.output).toContain(`recall@5 agrees with people on 87.5 % of 8 cases; Cohen's kappa 0.00`)
    expect(human.errors).toContain('1 labels are of cases')
    const wrong: [file: string, text: string, complaint: RegExp][] = [
      ['columns.csv', 'id,label\n1,yes', /no column "case"/],
      ['words.csv', 'case,label\n1,perhaps', /line 2: "perhaps" is no label/],
      ['twice.csv', 'case,label\n1,yes\n1,no', /line 3: the case "1" is there twice/],
      ['words.json', '{"1": "yes"}', /true or false for each case; "1" has neither/],
      ['empty.csv', 'case,label\n', /has no labels/],
    ]
    for (const [file, text, complaint] of wrong) {
      writeFileSync(at(file), text)
      const refused = await calibrate(file)
      expect(refused.code).toBe(2)
      expect(refused.errors).toMatch(complaint)
    }
    expect((await calibrate('labels.csv', '--threshold', '2')).code).toBe(2)
  })

  it('has a model judge the answers, one of a provider by its name', async () => {
    await using server = await startRemoteServer()
    server.says('{"claims": [{"claim": "It is said.", "verdict": true}, {"claim": "It is not.", "verdict": false}]}')
    const url = server.baseUrl('openai-compatible')
    const added = await inWorkspace('providers', 'add', 'mine', '--kind', 'openai-compatible', '--url', url, '--allow')
    expect(added.code).toBe(0)
    const judged = (judge: string, ...more: string[]) =>
      inWorkspace('eval', 'run', '--dataset', 'Rounds', '--limit', '2', '--judge', judge, '--json', ...more)
    const { code, json } = await judged('mine/good-model')
    expect(code).toBe(0)
    expect(json).toMatchObject({ metrics: { faithfulness: { mean: 0.5, errors: 0 } } })
    server.says('{"no": "claims"}')
    const failed = await judged('mine/good-model', '--gate', 'faithfulness<=1')
    // A judge's failure is no score: not 0, and nothing that could pass a gate.
    expect(failed).toMatchObject({ code: 3, json: { gates: [{ value: null, passed: false }] } })
    const missing = await judged('nothing-like-it')
    expect(missing).toMatchObject({ code: 2, json: { error: { code: 'model-missing' } } })
    expect((await inWorkspace('providers', 'remove', 'mine')).code).toBe(0)
  })

  it('tunes, and says what it found', async () => {
    const set = ['--set', 'chunker.options.maxTokens=16,256', '--set', 'chunker.options.minTokens=0']
    const { code, json } = await inWorkspace(
      'tune',
      '--dataset',
      'Rounds',
      ...set,
      '--metric',
      'span-iou@5',
      '--held-out',
      '0.3',
      '--json',
    )
    expect(code).toBe(0)
    expect(json).toMatchObject({ status: 'done', combinations: 2, result: { unfinished: null } })
    const { id } = json as { id: string }
    const shown = await inWorkspace('tune', '--resume', id)
    expect(shown.output).toMatch(/indexes built for 3 trials/)
    const wrong = await inWorkspace('tune', '--dataset', 'Rounds', '--set', 'chunker.options.maxTokens=1', '--json')
    expect(wrong).toMatchObject({ code: 2, json: { error: { code: 'input-invalid' } } })

    // Filters: no words at all are all documents, and one with a comma in it goes into a list.
    const filtered = (values: string) =>
      inWorkspace('tune', '--dataset', 'Rounds', '--set', `filter=${values}`, '--json')
    expect(await filtered(',type=markdown and not name=nothing.md')).toMatchObject({
      code: 0,
      json: {
        spec: { parameters: [{ path: 'filter', values: ['', 'type=markdown and not name=nothing.md'] }] },
        result: { indexesBuilt: 0, unfinished: null },
      },
    })
    expect(await filtered('["name:{a,b}.md", "type=pdf or"]')).toMatchObject({
      code: 2,
      json: { error: { message: expect.stringContaining('The pipeline\'s filter "type=pdf or"') as string } },
    })
  })

  it('cuts a file without a workspace', async () => {
    writeFileSync(at('note.md'), '# One\n\nFirst paragraph.\n\n# Two\n\nSecond paragraph.\n')
    const { code, json } = await quarry([
      'chunk',
      at('note.md'),
      '--chunker',
      'recursive',
      '--options',
      '{"maxTokens": 8, "minTokens": 0}',
      '--json',
    ])
    expect(code).toBe(0)
    const { chunks } = json as { chunks: { text: string; start: number; end: number }[] }
    expect(chunks.length).toBeGreaterThan(1)
    const unknown = await quarry(['chunk', at('note.md'), '--chunker', 'nobody', '--json'])
    expect(unknown).toMatchObject({ code: 2, json: { error: { code: 'implementation-unknown' } } })
  })

  it('measures a chunker on a published layout', async () => {
    const folder = at('set')
    mkdirSync(join(folder, 'corpora'), { recursive: true })
    const corpus = facts.map(({ text }) => `${text}\n\n`).join('')
    writeFileSync(join(folder, 'corpora', 'rounds.md'), corpus)
    const rows = facts.map(({ question, text }) => {
      const start = corpus.indexOf(text)
      const references = JSON.stringify([{ content: text, start_index: start, end_index: start + text.length }])
      return `"${question}","${references.replaceAll('"', '""')}",rounds`
    })
    writeFileSync(join(folder, 'questions_df.csv'), ['question,references,corpus_id', ...rows, ''].join('\n'))
    const sizes = ['--size', '12', '--overlap', '0', '--count', 'characters/4.4', '--options', '{"minTokens": 0}']
    const { code, json } = await quarry(['eval', 'chunking', folder, ...sizes, '--mode', 'text', '-k', '1', '--json'])
    expect(code).toBe(0)
    const { metrics, queries } = json as { metrics: Record<string, number>; queries: number }
    expect(queries).toBe(8)
    expect(metrics.recall).toBeGreaterThan(0.9)
    expect(metrics.iou).toBeGreaterThan(0.9)
    expect(metrics.precision_omega).toBeGreaterThan(0.9)
    const failed = await quarry(['eval', 'chunking', folder, ...sizes, '--gate', 'iou>0.999', '--json'])
    expect(failed.code).toBe(3)
    expect(await quarry(['eval', 'chunking', at('nowhere'), '--json'])).toMatchObject({
      code: 2,
      json: { error: { code: 'file-missing' } },
    })
    expect(existsSync(at('nowhere'))).toBe(false)
  })
})
