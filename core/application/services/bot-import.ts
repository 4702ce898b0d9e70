import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Bot } from '../../contract/bots.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import { AppError, toAppError } from '../../contract/errors.ts'
import type { Pipeline } from '../../contract/pipeline.ts'
import type { ReleaseChoice } from '../../contract/releases.ts'
import { openZip, type ZipArchive } from '../../containers/zip.ts'
import { throwIfAborted } from '../../shared/abort.ts'
import { canonicalJson } from '../../shared/hash.ts'
import type { CollectionId, JobId, UploadId } from '../../shared/ids.ts'
import { temporaryFolder } from '../../shared/temporary-folder.ts'
import { type BotManifest, corrupt, manifestName, mostManifestBytes, readManifest } from './bot-manifest.ts'
import type { Bots } from './bots.ts'
import { botTemplates } from './templates.ts'

export interface BotImportParts {
  bots: Bots
  machineLearning: MachineLearningClient
}

export interface ImportedBot {
  bot: Bot
  /** Reads its documents; null where there are none in the file. */
  jobId: JobId | null
  /** What is not here as it was there, as sentences. */
  notes: string[]
}

/** Uploads go in such pieces. */
const uploadBytes = 4 * 1024 * 1024
/** As large as a document may be. */
const mostDocumentBytes = 256_000_000

/**
 * A bot from a file that was exported: all of it, or nothing is left of it. The file is data: what it says is checked
 * before anything is made, and nothing in it is run. Errors: those of the contract.
 */
export async function importBot(
  from: { uploadId?: UploadId | undefined; path?: string | undefined },
  parts: BotImportParts,
  signal?: AbortSignal,
): Promise<ImportedBot> {
  const { uploadId, path } = from
  if (path !== undefined) {
    if (isAbsolute(path)) return importFile(path, parts, signal)
    throw new AppError('input-invalid', `"${path}" is not an absolute path. Give the whole path.`)
  }
  using folder = temporaryFolder()
  const copy = join(folder.path, 'bot.zip')
  await fetchUpload(uploadId!, copy, parts.machineLearning, signal)
  const imported = await importFile(copy, parts, signal)
  await parts.machineLearning.ingest.discard({ uploadIds: [uploadId!] })
  return imported
}

async function fetchUpload(
  uploadId: UploadId,
  to: string,
  machineLearning: MachineLearningClient,
  signal: AbortSignal | undefined,
): Promise<void> {
  await using file = await open(to, 'wx')
  for await (const { base64 } of await machineLearning.ingest.uploaded({ uploadId }, signal ? { signal } : {})) {
    await file.writeFile(Buffer.from(base64, 'base64'))
  }
}

async function importFile(path: string, parts: BotImportParts, signal: AbortSignal | undefined): Promise<ImportedBot> {
  await using archive = await openZip(path, signal ? { signal } : {})
  const manifest = await manifestOf(archive, signal)
  const undo = createUndo()
  const notes: string[] = []
  try {
    const release = await placeRelease(manifest, parts, undo, notes)
    const placed = await placeDocuments(archive, manifest, parts, undo, signal)
    const { template, ...settings } = manifest.bot
    // A template that is not known here any more is nothing to fail over.
    const isKnown = botTemplates.some(({ id }) => id === template)
    const bot = await parts.bots.create(isKnown ? template : '', {
      ...settings,
      name: parts.bots.freeName(settings.name),
      ...(release ? { release } : {}),
      collectionIds: placed ? [placed.collectionId] : [],
    })
    undo.add(() => parts.bots.remove(bot.id))
    throwIfAborted(signal)
    if (!placed) {
      notes.push(...withoutDocuments(manifest))
      return { bot, jobId: null, notes }
    }
    const { collectionId, uploadIds } = placed
    const { jobId } = await parts.machineLearning.ingest.start({ collectionId, uploadIds })
    notes.push(...textNotes(manifest))
    return { bot, jobId, notes }
  } catch (error) {
    await undo.all()
    throw error
  }
}

async function manifestOf(archive: ZipArchive, signal: AbortSignal | undefined): Promise<BotManifest> {
  const sizes = new Map(archive.members.map(({ member, size }) => [member, size]))
  if (!sizes.has(manifestName)) throw corrupt('it is no bot that Quarry exported')
  const bytes = await archive.read(manifestName, { maxBytes: mostManifestBytes, ...(signal ? { signal } : {}) })
  const manifest = readManifest(bytes)
  for (const { documents } of manifest.collections) {
    for (const { member, path, bytes: stated } of documents) {
      if (member === null) continue
      const size = sizes.get(member)
      // Links, and what leads out of the archive, are no members.
      if (size === undefined) throw corrupt(`"${path}" is missing in it`)
      if (size !== stated) throw corrupt(`"${path}" has another size than its list of contents says`)
      if (size > mostDocumentBytes) {
        const limit = mostDocumentBytes / 1e6
        throw new AppError('file-too-large', `"${path}" in this file is larger than ${limit} MB, which is the limit.`)
      }
    }
  }
  return manifest
}

/** The same release, where there is one here; else its pipeline as a draft, and the bot follows what is standard here. */
async function placeRelease(
  { release, bot }: BotManifest,
  { machineLearning }: BotImportParts,
  undo: Undo,
  notes: string[],
): Promise<ReleaseChoice | undefined> {
  if (!release) {
    notes.push('The file has no pipeline: the bot follows what new bots follow here.')
    return undefined
  }
  const { lines } = await machineLearning.lines.list()
  const wanted = canonicalJson(release.pipeline)
  for (const line of lines) {
    const { releases } = await machineLearning.lines.get({ lineId: line.id })
    const same = releases.find(({ stage, pipeline }) => stage !== 'draft' && canonicalJson(pipeline) === wanted)
    if (!same) continue
    if (release.isFollowed && line.production?.id === same.id) return { kind: 'production', lineId: line.id }
    return { kind: 'pinned', releaseId: same.id }
  }
  const standard = lines.find(({ isStandard }) => isStandard) ?? lines[0]
  if (!standard) throw new AppError('internal', 'There is no line of releases. Open the workspace again.')
  const was = `${release.line}, ${release.number === null ? 'a draft' : `release ${release.number}`}`
  const draft = await machineLearning.releases.createDraft({
    lineId: standard.id,
    pipeline: release.pipeline,
    note: `Came with the bot "${bot.name}" (${was}).`,
  })
  undo.add(() => machineLearning.releases.discard({ releaseId: draft.id, reason: 'The import of its bot failed.' }))
  notes.push(
    `Its pipeline (${was}) is not one of the releases here. It is a draft of "${standard.name}" now: measure it and release ` +
      'it, then choose it in the settings of the bot. Until then the bot follows what new bots follow here.',
  )
  return undefined
}

/** A collection of its own with what is in the file, uploaded and not read yet. */
async function placeDocuments(
  archive: ZipArchive,
  manifest: BotManifest,
  { machineLearning }: BotImportParts,
  undo: Undo,
  signal: AbortSignal | undefined,
): Promise<{ collectionId: CollectionId; uploadIds: UploadId[] } | undefined> {
  const filled = manifest.collections.filter(({ documents }) => documents.some(({ member }) => member !== null))
  const [only] = filled
  if (!only) return undefined
  const name = filled.length === 1 ? only.name : manifest.bot.name
  const about = filled.length === 1 ? only.description : `Documents of the bot "${manifest.bot.name}".`
  const { id: collectionId } = await createCollection(name, about, machineLearning)
  undo.add(() => machineLearning.collections.remove({ collectionId }))
  if (manifest.release) await tryPipeline(collectionId, manifest.release.pipeline, machineLearning)
  const uploadIds: UploadId[] = []
  undo.add(async () => {
    if (uploadIds.length > 0) await machineLearning.ingest.discard({ uploadIds })
  })
  for (const { name: folder, documents } of filled) {
    for (const { member, path, sha256, bytes } of documents) {
      if (member === null) continue
      throwIfAborted(signal)
      const content = await archive.read(member, { maxBytes: bytes, ...(signal ? { signal } : {}) })
      if (createHash('sha256').update(content).digest('hex') !== sha256) {
        throw corrupt(`"${path}" is not what its list of contents says`)
      }
      // Several collections become folders of one.
      const place = filled.length === 1 ? path : `${folder.replaceAll(/[\\/]/g, '-')}/${path}`
      uploadIds.push(await upload(place, content, machineLearning))
    }
  }
  return { collectionId, uploadIds }
}

/** As its documents were read and cut there; where something for that is not here, as they are here. */
async function tryPipeline(
  collectionId: CollectionId,
  pipeline: Pipeline,
  machineLearning: MachineLearningClient,
): Promise<void> {
  try {
    await machineLearning.collections.setPipeline({ collectionId, pipeline })
  } catch (error) {
    if (toAppError(error).code !== 'model-missing') throw error
  }
}

async function createCollection(name: string, description: string, machineLearning: MachineLearningClient) {
  for (let number = 1; ; number++) {
    const ending = number === 1 ? '' : ` (${number})`
    const candidate = `${name.slice(0, 120 - ending.length).toWellFormed()}${ending}`
    try {
      return await machineLearning.collections.create({ name: candidate, description })
    } catch (error) {
      if (toAppError(error).code !== 'name-taken') throw error
    }
  }
}

async function upload(path: string, content: Uint8Array, machineLearning: MachineLearningClient): Promise<UploadId> {
  let uploadId: UploadId | undefined
  let offset = 0
  do {
    const piece = content.slice(offset, offset + uploadBytes)
    const last = offset + piece.length >= content.length
    const data = new Blob([piece])
    const taken = await machineLearning.ingest.upload({ path, offset, data, last, ...(uploadId ? { uploadId } : {}) })
    uploadId = taken.uploadId
    offset += piece.length
  } while (offset < content.length)
  return uploadId
}

function withoutDocuments({ collections }: BotManifest): string[] {
  const names = collections.map(({ name, count }) => `"${name}" (${count} ${count === 1 ? 'document' : 'documents'})`)
  if (names.length === 0) return []
  return [
    `The file has no documents. There the bot answered from ${names.join(', ')}. Choose collections in its settings.`,
  ]
}

function textNotes({ collections }: BotManifest): string[] {
  const texts = collections.flatMap(({ documents }) => documents.filter(({ content }) => content === 'text'))
  if (texts.length === 0) return []
  const what = texts.length === 1 ? '1 document is' : `${texts.length} documents are`
  return [`${what} here as text alone, because the original was not there when the bot was exported.`]
}

type Undo = ReturnType<typeof createUndo>

/** What has to be taken back where something fails, newest first. */
function createUndo() {
  const steps: (() => unknown)[] = []
  return {
    add: (step: () => unknown) => void steps.push(step),
    async all(): Promise<void> {
      for (const step of steps.reverse()) {
        try {
          await step()
        } catch {
          // What failed is told; that some of it could not be taken back would only hide it.
        }
      }
    },
  }
}
