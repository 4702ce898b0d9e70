/** Branded ids: a `DocumentId` cannot be passed where a `ChunkId` is wanted. Ids sort by creation time. */
declare const brand: unique symbol
export type Id<Name extends string> = string & { readonly [brand]: Name }

export type CollectionId = Id<'collection'>
export type SourceId = Id<'source'>
export type DocumentId = Id<'document'>
export type JobId = Id<'job'>
export type TraceId = Id<'trace'>
export type UploadId = Id<'upload'>
export type ChunkEditId = Id<'chunkEdit'>
export type RunId = Id<'run'>
export type TuneId = Id<'tune'>
export type DatasetId = Id<'dataset'>
export type LineId = Id<'line'>
export type ReleaseId = Id<'release'>
export type PromptId = Id<'prompt'>
export type BotId = Id<'bot'>
export type ConversationId = Id<'conversation'>
export type MessageId = Id<'message'>

const prefixes = {
  collection: 'col',
  source: 'src',
  document: 'doc',
  job: 'job',
  trace: 'trc',
  upload: 'upl',
  chunkEdit: 'ced',
  run: 'run',
  tune: 'tun',
  dataset: 'dat',
  case: 'cas',
  line: 'lin',
  release: 'rel',
  prompt: 'pmt',
  bot: 'bot',
  conversation: 'cnv',
  message: 'msg',
} as const

let lastTime = 0
let sequence = 0

/** A new id: kind, milliseconds since 1970 in base 36, a sequence number within the millisecond, 48 random bits. */
export function createId<Name extends keyof typeof prefixes>(kind: Name, nowMs: number = Date.now()): Id<Name> {
  sequence = nowMs === lastTime ? sequence + 1 : 0
  lastTime = nowMs
  const random = crypto.getRandomValues(new Uint8Array(6))
  const tail = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('')
  const time = nowMs.toString(36).padStart(9, '0')
  return `${prefixes[kind]}_${time}${sequence.toString(36).padStart(3, '0')}${tail}` as Id<Name>
}
