import { AppError } from '../contract/errors.ts'

export interface CaseProblem {
  /** 1-based line of the file; absent where it is about a file as a whole. */
  line?: number
  message: string
}

/** What is wrong with a file of cases, collected so that a person can mend all of it at once. */
export interface CaseProblems {
  readonly count: number
  add(line: number | undefined, message: string): void
  /** Errors: file-corrupt, if anything was added. Names the first problem, the others are in `details`. */
  throwIfAny(): void
}

const mostTold = 100

export function collectProblems(file: string): CaseProblems {
  const told: CaseProblem[] = []
  let count = 0
  return {
    get count() {
      return count
    },
    add(line, message) {
      count += 1
      if (told.length < mostTold) told.push({ ...(line === undefined ? {} : { line }), message })
    },
    throwIfAny() {
      const [first] = told
      if (!first) return
      const place = first.line === undefined ? file : `${file}, line ${first.line}`
      const others =
        count === 1 ? '' : ` There ${count === 2 ? 'is 1 more problem' : `are ${count - 1} more problems`}.`
      throw new AppError('file-corrupt', `${place}: ${first.message}${others} Nothing was imported.`, {
        details: { file, line: first.line ?? null, problems: told, count },
      })
    },
  }
}
