import type { z } from 'zod'
import { AppError } from '../contract/errors.ts'

/**
 * One implementation in a family (parsers, chunkers, embedders …): data plus one factory. The settings form is drawn
 * from `options` (a zod object whose members carry defaults and descriptions).
 */
export interface Definition<Options, Instance, Dependencies = void> {
  /** Stable and unique in its family; stored in pipelines. Kebab-case. */
  readonly id: string
  readonly label: string
  /** One sentence: what it does and when to choose it. */
  readonly summary: string
  /** Raised whenever the same input and options may give another output: it is part of the index fingerprint. */
  readonly version: number
  readonly options: z.ZodType<Options>
  create(options: Options, dependencies: Dependencies): Instance
}

/** The entry with this id, or an error that lists the ids there are. */
export function findDefinition<Entry extends { id: string }>(
  family: string,
  list: readonly Entry[],
  id: string,
): Entry {
  const found = list.find((entry) => entry.id === id)
  if (found) return found
  const known = list.map((entry) => entry.id).join(', ')
  throw new AppError('implementation-unknown', `There is no ${family} called "${id}". Known: ${known}.`, {
    details: { family, id, known: list.map((entry) => entry.id) },
  })
}
