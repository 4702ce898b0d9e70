import { describe, expect, it } from 'vitest'
import type { AskEvent } from '../contract/ask.ts'
import { AppError } from '../contract/errors.ts'
import type { RetrievedPassage } from '../contract/search.ts'
import type { Trace } from '../contract/traces.ts'
import type { AnswerPart } from '../generators/generator.ts'
import type { CollectionId, DocumentId, TraceId } from '../shared/ids.ts'
import { ask, type AskSteps, type GivenPassages } from './ask.ts'

const passage: RetrievedPassage = {
  documentId: 'doc_1' as DocumentId,
  document: 'a.md',
  path: 'a.md',
  title: null,
  chunkId: 1,
  start: 100,
  end: 120,
  text: 'Ada wrote the notes.',
  context: '',
  headings: [],
  page: 2,
  pageLast: 2,
  place: null,
  edited: false,
  score: 1,
  scoreKind: 'fusion',
  foundBy: 'both',
  textScore: 1,
  textRank: 1,
  vectorScore: 1,
  vectorRank: 1,
  rerankScore: null,
  hits: [],
}

function steps(parts: AnswerPart[], overrides: Partial<AskSteps> = {}) {
  const traces: Trace[] = []
  const all: AskSteps = {
    retrieve: async () => [passage],
    fit: (passages) => passages,
    async *generate() {
      yield* parts
    },
    resolve: (found, start, end) =>
      end > found.text.length
        ? undefined
        : {
            documentId: found.documentId,
            document: found.document,
            path: found.path,
            chunkId: 1,
            start: found.start + start,
            end: found.start + end,
            text: found.text.slice(start, end),
            place: null,
            page: 2,
            headings: [],
            boxes: [],
          },
    saveTrace: (trace) => void traces.push(trace),
    now: () => performance.now(),
    ...overrides,
  }
  return { all, traces }
}

const question = { traceId: 'trc_1' as TraceId, collectionIds: ['col_1' as CollectionId], text: 'Who wrote?' }
const run = (all: AskSteps, signal?: AbortSignal): Promise<AskEvent[]> => Array.fromAsync(ask(question, all, signal))

describe('ask', () => {
  it('numbers citations by span and puts markers into the text', async () => {
    const { all, traces } = steps([
      { type: 'text-delta', text: 'Ada.' },
      { type: 'citation', passage: 0, start: 0, end: 3 },
      { type: 'text-delta', text: ' Notes.' },
      { type: 'citation', passage: 0, start: 10, end: 19 },
      { type: 'text-delta', text: ' Ada again.' },
      { type: 'citation', passage: 0, start: 0, end: 3 },
    ])
    const events = await run(all)
    const end = events.at(-1)
    expect(end).toMatchObject({ type: 'ask-end', answer: 'Ada. [1] Notes. [2] Ada again. [1]', refused: false })
    expect(
      end?.type === 'ask-end' && end.citations.map(({ marker, start, end: to, text }) => [marker, start, to, text]),
    ).toEqual([
      [1, 100, 103, 'Ada'],
      [2, 110, 119, 'the notes'],
    ])
    expect(events.map((event) => event.type).slice(0, 4)).toEqual([
      'ask-start',
      'retrieval-end',
      'answer-delta',
      'citation',
    ])
    expect(traces).toHaveLength(1)
    expect(traces[0]?.spans.map((span) => span.name)).toEqual(['question', 'retrieve', 'fit', 'generate'])
    expect(traces[0]?.answer).toBe(end?.type === 'ask-end' && end.answer)
  })

  it('says which sentences the passages do not say, as spans of the answer with its markers', async () => {
    const { all, traces } = steps([
      { type: 'text-delta', text: 'Ada' },
      { type: 'text-delta', text: ' wrote' },
      { type: 'citation', passage: 0, start: 0, end: 3 },
      { type: 'text-delta', text: '.' },
      { type: 'sentence-end', isSupported: true },
      { type: 'text-delta', text: ' She was' },
      { type: 'text-delta', text: ' forty' },
      { type: 'citation', passage: 0, start: 0, end: 3 },
      { type: 'text-delta', text: '.' },
      { type: 'sentence-end', isSupported: false },
      { type: 'text-delta', text: '\n\nNo.' },
      { type: 'sentence-end', isSupported: false },
    ])
    const events = await run(all)
    const end = events.at(-1)
    if (end?.type !== 'ask-end') throw new Error('The answer has no end.')
    expect(end.unsupported.map((span) => end.answer.slice(span.start, span.end))).toEqual(['She was forty [1].', 'No.'])
    expect(events.flatMap((event) => (event.type === 'unsupported' ? [event.start] : []))).toEqual(
      end.unsupported.map(({ start }) => start),
    )
    expect(traces[0]?.unsupported).toEqual(end.unsupported)
  })

  it('drops invented citations and says so in the trace', async () => {
    const { all, traces } = steps([
      { type: 'text-delta', text: 'Made up.' },
      { type: 'citation', passage: 0, start: 0, end: 500 },
      { type: 'citation', passage: 7, start: 0, end: 1 },
    ])
    expect((await run(all)).at(-1)).toMatchObject({ answer: 'Made up.', citations: [] })
    expect(traces[0]?.spans.at(-1)?.output).toMatchObject({ invented: 2 })
  })

  describe('of one document', () => {
    const parts: AnswerPart[] = [{ type: 'text-delta', text: 'All of it.' }]
    const read = async (text: string, more: { scope?: 'auto' | 'passages' | 'document'; fits?: boolean } = {}) => {
      const given: GivenPassages[] = []
      const { all, traces } = steps(parts, {
        document: { passages: () => [passage, { ...passage, chunkId: 2 }], fits: async () => more.fits ?? true },
        async *generate(request) {
          given.push(request)
          yield* parts
        },
      })
      const asked = { ...question, text, ...(more.scope ? { scope: more.scope } : {}) }
      const events = await Array.fromAsync(ask(asked, all))
      const retrieved = events.find((event) => event.type === 'retrieval-end')
      return { given: given[0], trace: traces[0], end: events.at(-1), retrieved }
    }

    it('gives all of it where the question asks what it says as a whole', async () => {
      const { given, trace, end, retrieved } = await read('Summarise this.')
      expect(given).toMatchObject({ wholeDocument: 'overview', passages: [{ chunkId: 1 }, { chunkId: 2 }] })
      expect(trace).toMatchObject({ passageMode: 'whole-document' })
      expect(trace?.spans.map(({ name }) => name)).toEqual(['question', 'read whole', 'generate'])
      expect(end).toMatchObject({ passageMode: 'whole-document' })
      expect(retrieved).toMatchObject({ passageMode: 'whole-document', note: null })
    })

    it('gives all of it for any question where a person wants that', async () => {
      const { given } = await read('Who wrote?', { scope: 'document' })
      expect(given?.wholeDocument).toBe('question')
    })

    it('gives passages for a detail, or where a person wants that', async () => {
      for (const asked of [read('Who wrote?'), read('Summarise this.', { scope: 'passages' })]) {
        const { given, end, retrieved } = await asked
        expect(given?.wholeDocument).toBeUndefined()
        expect(given?.passages).toHaveLength(1)
        expect(end).toMatchObject({ passageMode: 'retrieved' })
        expect(retrieved).toMatchObject({ note: null })
      }
    })

    it('gives passages, and says why, where it does not fit', async () => {
      const { given, trace, retrieved } = await read('Summarise this.', { fits: false })
      expect(given?.wholeDocument).toBeUndefined()
      expect(retrieved).toMatchObject({ passageMode: 'retrieved', note: expect.stringContaining('longer') as string })
      expect(trace?.spans.map(({ name }) => name)).toEqual(['question', 'read whole', 'retrieve', 'fit', 'generate'])
    })
  })

  it('completes a question from what went before, says so, and answers that one', async () => {
    const asked: string[] = []
    const given: GivenPassages[] = []
    const { all, traces } = steps([], {
      retrieve: async (text) => {
        asked.push(text)
        return [passage]
      },
      async *generate(request) {
        given.push(request)
        yield { type: 'text-delta', text: 'Ada.' }
      },
    })
    const history = [{ question: 'Who wrote the notes on the engine?', answer: 'Ada.' }]
    const events = await Array.fromAsync(ask({ ...question, text: 'Why did she?', history }, all))
    const completed = 'Why did she (wrote the notes on the engine)?'
    expect(events[1]).toEqual({ type: 'rewrite-end', question: completed, how: 'carried-over' })
    expect(asked).toEqual([completed])
    expect(given[0]?.question).toBe(completed)
    expect(traces[0]).toMatchObject({ question: 'Why did she?', rewritten: completed })
    expect(traces[0]?.spans.map(({ name }) => name)).toContain('rewrite')
    const alone = await Array.fromAsync(ask({ ...question, text: 'How deep is the borehole?', history }, all))
    expect(alone.map(({ type }) => type)).not.toContain('rewrite-end')
    expect(traces[1]?.rewritten).toBeNull()
  })

  it('passes a refusal on', async () => {
    const { all, traces } = steps([{ type: 'refusal', reason: 'Nothing here answers that.' }])
    expect((await run(all)).at(-1)).toMatchObject({
      refused: true,
      answer: 'Nothing here answers that.',
      citations: [],
    })
    expect(traces[0]?.refused).toBe(true)
  })

  it('saves the trace of a question that failed, with the step that failed', async () => {
    const { all, traces } = steps([], {
      retrieve: async () => {
        throw new AppError('model-missing', 'No model.')
      },
    })
    await expect(run(all)).rejects.toMatchObject({ code: 'model-missing' })
    expect(traces).toHaveLength(1)
    expect(traces[0]).toMatchObject({
      error: { code: 'model-missing' },
      spans: [
        { name: 'question', error: { code: 'model-missing' } },
        { name: 'retrieve', error: { code: 'model-missing' } },
      ],
    })
  })

  it('saves the trace of a question that its asker left', async () => {
    const { all, traces } = steps([
      { type: 'text-delta', text: 'Half' },
      { type: 'text-delta', text: ' more' },
    ])
    for await (const event of ask(question, all)) if (event.type === 'answer-delta') break
    expect(traces).toMatchObject([{ answer: 'Half', error: { code: 'cancelled' } }])
  })

  it('stops generating when it is cancelled', async () => {
    const stop = new AbortController()
    const { all, traces } = steps([], {
      async *generate() {
        yield { type: 'text-delta', text: 'one' }
        stop.abort()
        yield { type: 'text-delta', text: 'two' }
      },
    })
    await expect(run(all, stop.signal)).rejects.toMatchObject({ code: 'cancelled' })
    expect(traces[0]?.answer).toBe('one')
  })
})
