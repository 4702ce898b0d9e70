/** A core whose answers come when a test says so, in the order that it says. */
export function held<Answer>() {
  const waiting: { resolve(answer: Answer): void; reject(error: unknown): void }[] = []
  return {
    ask: (): Promise<Answer> => new Promise((resolve, reject) => waiting.push({ resolve, reject })),
    /** How often it was asked. */
    asked: () => waiting.length,
    /** Answers the question of this number, from 0, and lets the page take it in. */
    async answer(number: number, answer: Answer): Promise<void> {
      waiting[number]?.resolve(answer)
      await settled()
    },
    async fail(number: number, error: unknown): Promise<void> {
      waiting[number]?.reject(error)
      await settled()
    },
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))
