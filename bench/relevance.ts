import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { littleToDo } from '../core/generators/extractive/relevance.ts'
import { askAll, folders, isWrong, type Outcome, readCases, root } from './answers-product.ts'

/**
 * Whom the warning "what was found has little to do with the question" warns of what: the questions of `npm run bench --
 * answers-product`, asked of the whole product, and for several thresholds the share of answers that are warned of among
 * the right ones and among the wrong ones. Refusals are no answers.
 *
 *   npm run bench -- relevance
 */
export async function run(): Promise<void> {
  const demo = readCases(join(root, 'resources/demo/questions.json')).map((each) => ({ ...each, set: 'demonstration' }))
  const others = readCases(join(root, 'bench/answers-questions.json')).map((each) => ({
    ...each,
    set: each.collection === 'demo' ? 'demonstration, other words' : 'Chroma corpora',
  }))
  const outcomes: Outcome[] = []
  for (const [collection, folder] of Object.entries(folders)) {
    if (!existsSync(folder)) {
      console.log(`relevance: ${collection} skipped, there is no ${folder}`)
      continue
    }
    const cases = [...(collection === 'demo' ? demo : []), ...others.filter((each) => each.collection === collection)]
    outcomes.push(...(await askAll(folder, cases)))
  }
  const answered = outcomes.filter(({ refused, likelihood }) => !refused && likelihood !== null)
  const rows = [...new Set(answered.map(({ set }) => set)), 'all'].flatMap((set) =>
    [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8].map((below) => {
      const own = answered.filter((each) => set === 'all' || each.set === set)
      const [right, wrong] = [own.filter((each) => !isWrong(each)), own.filter(isWrong)]
      const warned = (among: readonly Outcome[]): string => {
        const count = among.filter(({ likelihood }) => (likelihood ?? 1) < below).length
        return `${count} of ${among.length} (${Math.round((100 * count) / Math.max(1, among.length))} %)`
      }
      return { set, below, right: warned(right), wrong: warned(wrong), used: below === littleToDo ? '<' : '' }
    }),
  )
  console.table(rows)
}
