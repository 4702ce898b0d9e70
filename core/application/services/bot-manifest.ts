import { z } from 'zod'
import { botSettingsSchema } from '../../contract/bots.ts'
import { AppError } from '../../contract/errors.ts'
import { pipelineSchema } from '../../contract/pipeline.ts'

/** The member of a bot's file that says what the others are. */
export const manifestName = 'manifest.json'
export const manifestFormat = 'quarry-bot'
/** Counted up with every change that an older Quarry would not understand. */
export const manifestVersion = 1
export const mostManifestBytes = 32 * 1024 * 1024

// Control characters in a name are found in no file that Quarry wrote.
const plain = (length: number) =>
  z
    .string()
    .min(1)
    .max(length)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'a name with control characters')

const pathSchema = plain(1000)
  .refine((path) => !/^(?:[\\/]|[a-z]:)/i.test(path), 'an absolute path')
  .refine((path) => !path.split(/[\\/]/).includes('..'), 'a path that leads out of its folder')

export const manifestDocumentSchema = z.object({
  path: pathSchema,
  /** Of the bytes in this file, in hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
  /** The archive's member; null: it is not in here. */
  member: z
    .string()
    .regex(/^documents\/[0-9]{1,3}\/[0-9]{1,7}(?:\.[a-z0-9]{1,10})?$/)
    .nullable(),
  /** 'text': the stored text, because the original was not there any more as it was read. */
  content: z.enum(['original', 'text']),
})
export type ManifestDocument = z.infer<typeof manifestDocumentSchema>

export const manifestSchema = z.object({
  format: z.literal(manifestFormat),
  version: z.literal(manifestVersion),
  bot: botSettingsSchema
    .omit({ release: true, collectionIds: true })
    .extend({ name: plain(80), template: z.string().max(80).default('') }),
  release: z
    .object({
      line: plain(120),
      number: z.int().min(1).nullable(),
      /** It follows what is in production in the line. */
      isFollowed: z.boolean(),
      note: z.string().max(4000),
      /** Its prompt is in it. */
      pipeline: pipelineSchema,
    })
    .nullable(),
  collections: z
    .array(
      z.object({
        name: plain(120),
        description: z.string().max(2000),
        /** How many it had, in the file or not. */
        count: z.int().min(0),
        documents: z.array(manifestDocumentSchema).max(50_000),
      }),
    )
    .max(50),
})
export type BotManifest = z.infer<typeof manifestSchema>

/** Errors: file-corrupt, input-invalid (written by a newer version of Quarry). */
export function readManifest(bytes: Uint8Array): BotManifest {
  const value = parseJson(bytes)
  const head = z.object({ format: z.literal(manifestFormat), version: z.int() }).safeParse(value)
  if (!head.success) throw corrupt('it is no bot that Quarry exported')
  if (head.data.version > manifestVersion) {
    throw new AppError(
      'input-invalid',
      `This bot was exported by a newer version of Quarry (format ${head.data.version}, this one reads ${manifestVersion}). Update Quarry, then import it.`,
      { details: { version: head.data.version } },
    )
  }
  const read = manifestSchema.safeParse(value)
  if (!read.success) {
    const [issue] = read.error.issues
    const where = issue && issue.path.length > 0 ? ` at ${issue.path.join('.')}` : ''
    throw corrupt(`its list of contents has ${issue?.message ?? 'another form'}${where}`)
  }
  for (const { documents } of read.data.collections) {
    requireUnique(documents.map(({ path }) => path))
  }
  requireUnique(read.data.collections.flatMap(({ documents }) => documents.flatMap(({ member }) => member ?? [])))
  return read.data
}

function requireUnique(names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw corrupt(`"${name.slice(0, 200)}" is in it twice`)
    seen.add(name)
  }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch (error) {
    throw corrupt('its list of contents cannot be read', error)
  }
}

export function corrupt(what: string, cause?: unknown): AppError {
  return new AppError('file-corrupt', `This file cannot be imported: ${what}. Export the bot again.`, { cause })
}
