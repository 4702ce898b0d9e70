import { z } from 'zod'

/** How many first results are looked at, as every evaluator of a result list offers it. */
export const firstResults = (standard: number) =>
  z.object({ k: z.int().min(1).max(10_000).default(standard).describe('Looks at this many first results.') })

export const noOptions = z.object({}).strict() as z.ZodType<Record<string, never>>
