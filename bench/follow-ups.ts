import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AskEvent, Exchange } from '../core/contract/ask.ts'
import { carryOver } from '../core/flows/carry-over.ts'
import { demoCorpus, openTestApp, projectRoot } from '../core/testing/test-app.ts'

interface Conversation {
  id: string
  /** 'seen': the rules were made with these before the eyes; 'unseen': written afterwards, and nothing was changed for them. */
  set: 'seen' | 'unseen'
  kind: string
  /** Questions in their order; the last one is the one that counts. */
  turns: string[]
  path: string
  /** Words of the document, one of which has to be found. */
  quotes: string[]
}

interface Sums {
  all: number
  /** Without the rewrite, and with it. */
  first: [number, number]
  five: [number, number]
  changed: number
}

interface Asked {
  question: string
  rewritten: string | null
  passages: { path: string; text: string }[]
  answer: string
}

/**
 * `npm run bench -- follow-ups [--verbose]`: conversations over the demonstration documents, asked of the product with its
 * default pipeline, each turn answered by it. Hit@5: the passage that answers the last question is among the first five.
 * Then the other way round: questions that stand by themselves, each asked after an unrelated one, must stay as they are.
 */
export async function run(args: string[]): Promise<void> {
  const { conversations } = JSON.parse(readFileSync(join(import.meta.dirname, 'follow-ups.json'), 'utf8')) as {
    conversations: Conversation[]
  }
  const { cases } = JSON.parse(readFileSync(join(projectRoot, 'resources/demo/questions.json'), 'utf8')) as {
    cases: { question: string; answerable: boolean; expected: { path: string }[] }[]
  }
  await using test = await openTestApp()
  const { id } = await test.client.collections.create({ name: 'Demo' })
  await test.ingest(id, demoCorpus)
  const ask = async (question: string, history: Exchange[]): Promise<Asked> => {
    const asked: Asked = { question, rewritten: null, passages: [], answer: '' }
    for await (const event of await test.client.ask.run({ collectionIds: [id], question, history })) {
      take(asked, event)
    }
    return asked
  }
  const sums = new Map<string, Sums>()
  for (const { id: name, set, kind, turns, path, quotes } of conversations) {
    const history: Exchange[] = []
    for (const question of turns.slice(0, -1)) {
      const { answer } = await ask(question, history)
      history.push({ question, answer })
    }
    const last = turns.at(-1) ?? ''
    const [alone, together] = [await ask(last, []), await ask(last, history)]
    const [before, after] = [rankOf(alone, path, quotes), rankOf(together, path, quotes)]
    for (const key of [set, `${set}, ${kind}`]) {
      const sum = sums.get(key) ?? { all: 0, first: [0, 0], five: [0, 0], changed: 0 }
      sum.all += 1
      sum.changed += together.rewritten === null ? 0 : 1
      ;[before, after].forEach((rank, which) => {
        sum.first[which]! += rank === 1 ? 1 : 0
        sum.five[which]! += rank <= 5 ? 1 : 0
      })
      sums.set(key, sum)
    }
    if (args.includes('--verbose') || after > 5)
      console.log(`${name} ${before} -> ${after}: ${last} => ${together.rewritten ?? '(as it is)'}`)
  }
  const share = (count: number, all: number): string => `${count} of ${all} (${Math.round((100 * count) / all)} %)`
  for (const [key, { all, first, five, changed }] of [...sums].sort(([a], [b]) => a.localeCompare(b))) {
    console.log(
      `${key}: hit@1 ${share(first[0], all)} -> ${share(first[1], all)}, hit@5 ${share(five[0], all)} -> ${share(five[1], all)}, rewritten ${changed}`,
    )
  }

  const others = JSON.parse(readFileSync(join(import.meta.dirname, 'answers-questions.json'), 'utf8')) as {
    cases: { question: string }[]
  }
  const alone = [...cases, ...others.cases]
  const changed = alone.flatMap(({ question }, index) => {
    const before = alone[(index + 7) % alone.length]?.question ?? ''
    const rewritten = carryOver(question, [{ question: before, answer: '' }])
    return rewritten === undefined ? [] : [`${question} => ${rewritten}`]
  })
  console.log(
    `\nQuestions that stand by themselves, changed after an unrelated one: ${share(changed.length, alone.length)}`,
  )
  for (const line of changed) console.log(`  ${line}`)
}

function take(asked: Asked, event: AskEvent): void {
  if (event.type === 'rewrite-end') asked.rewritten = event.question
  if (event.type === 'retrieval-end') asked.passages = event.passages
  if (event.type === 'ask-end') asked.answer = event.answer
}

/** Of the first passage that says it, from 1; Infinity: none does. */
function rankOf({ passages }: Asked, path: string, quotes: readonly string[]): number {
  const at = passages.findIndex(
    (passage) =>
      passage.path.endsWith(path.split('/').at(-1) ?? '') &&
      quotes.some((quote) => plain(passage.text).includes(plain(quote))),
  )
  return at < 0 ? Infinity : at + 1
}

/** Letters and digits alone: tables are written in many ways. */
function plain(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '')
}
