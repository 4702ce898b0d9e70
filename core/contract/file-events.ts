import { z } from 'zod'

/** The most bytes that one piece of a file has, before it is written as base64. */
export const pieceBytes = 768 * 1024

/**
 * A file as a stream: what it is, its bytes in order, the end. Bytes travel as base64 (at most 1 MiB of it a piece):
 * JSON is what every wire carries inside a stream.
 */
export const fileEventSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('file-start'),
    name: z.string(),
    /** By what the file was read as, never by its name alone: 'application/pdf'; for what nobody may run, plain bytes. */
    mediaType: z.string(),
    bytes: z.int(),
    /** SHA-256 in hexadecimal: of what was read when the document was indexed, and of what follows. */
    sha256: z.string(),
  }),
  z.object({ type: z.literal('file-piece'), base64: z.base64() }),
  z.object({ type: z.literal('file-end') }),
])
export type FileEvent = z.infer<typeof fileEventSchema>
