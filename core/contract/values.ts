import { z } from 'zod'
import type { Id } from '../shared/ids.ts'
import { errorCodes } from './errors.ts'

/** A branded id on the wire: a plain string, typed. */
export function id<Name extends string>(): z.ZodType<Id<Name>, string> {
  return z
    .string()
    .min(1)
    .max(64)
    .transform((value) => value as Id<Name>)
}

export const errorDataSchema = z.object({
  code: z.enum(errorCodes),
  message: z.string(),
  retryable: z.boolean(),
  details: z.record(z.string(), z.unknown()),
})

export const searchModeSchema = z.enum(['hybrid', 'text', 'vector'])
export type SearchMode = z.infer<typeof searchModeSchema>
