import { create } from 'zustand'
import { AppError } from '../../core/contract/errors.ts'
import type { CollectionId, UploadId } from '../../core/shared/ids.ts'
import type { Picked, PickedFile } from '../platform/shell-api.ts'
import { useBots } from './bots.ts'
import { core } from './client.ts'
import { noteStart } from './jobs.ts'
import { sayFailure, useNotices } from './notices.ts'
import { currentRoute, navigate, type Route } from './route.ts'
import { sendFile, type SentPiece } from './send-file.ts'
import { lastPart, nameOfBatch, runBounded } from './upload-plan.ts'
import { useWorkspace } from './workspace.ts'

export interface Upload {
  id: number
  collectionId: CollectionId
  label: string
  filesDone: number
  filesTotal: number
  bytesDone: number
  bytesTotal: number
  startedAt: number
  controller: AbortController
}

interface AddingStore {
  /** Copies into the workspace that are under way (a browser has no paths; the desktop needs none). */
  uploads: Upload[]
  /** What was dropped or picked where no collection was in sight: a dialog asks where it goes. */
  undecided: { picked: Picked; name: string } | null
  /** A page that takes what is dropped for itself. */
  taker: Taker | null
  setTaker(taker: Taker | null): void
  /** Adds to the collection, or asks which when there is none in sight. Failures become notices. */
  add(picked: Picked | null, collectionId: CollectionId | null): Promise<void>
  decide(collectionId: CollectionId | null): Promise<void>
}

/** Says on the overlay what it does with what is dropped. */
export interface Taker {
  title: string
  text: string
  take(picked: Picked): void
}

export const useAdding = create<AddingStore>((set, get) => ({
  uploads: [],
  undecided: null,
  taker: null,
  setTaker: (taker) => set({ taker }),
  add: async (picked, collectionId) => {
    if (!picked) return
    if (picked.paths.length + picked.files.length === 0) {
      useNotices.getState().say('There were no files in what was dropped.')
      return
    }
    const name = batchName(picked)
    if (!collectionId) set({ undecided: { picked, name } })
    else await start(picked, collectionId, name)
  },
  decide: async (collectionId) => {
    const { undecided } = get()
    set({ undecided: null })
    if (!undecided || !collectionId) return
    navigate({ page: 'library', collectionId, documentId: null, span: null })
    await start(undecided.picked, collectionId, undecided.name)
  },
}))

/** The collection that the present page is about, where files dropped now will go; null when there is none. */
export function collectionInSight(): CollectionId | null {
  const route = currentRoute()
  const named = route.page === 'library' || route.page === 'ask' ? route.collectionId : onlyCollectionOfBot(route)
  const { collections } = useWorkspace.getState()
  return collections?.some((collection) => collection.id === named) ? named : null
}

/** Of the bot that is talked to or set up: what is dropped there is for it to read. */
function onlyCollectionOfBot(route: Route): CollectionId | null {
  if (route.page !== 'chat' && route.page !== 'bots') return null
  const bot = useBots.getState().bots?.find(({ id }) => id === route.botId)
  return bot?.collectionIds.length === 1 ? (bot.collectionIds[0] ?? null) : null
}

let nextUpload = 1

async function start(picked: Picked, collectionId: CollectionId, name: string): Promise<void> {
  try {
    const uploadIds = picked.files.length > 0 ? await upload(picked.files, collectionId, name) : []
    if (picked.paths.length + uploadIds.length === 0) return
    const { jobId } = await core().ingest.start({ collectionId, paths: picked.paths, uploadIds })
    await noteStart(jobId)
    void useWorkspace.getState().refresh()
  } catch (error) {
    sayFailure(error)
  }
}

/** Four lanes: enough to hide the wire's delay, few enough to leave the core its breath. */
const lanes = 4

async function upload(files: PickedFile[], collectionId: CollectionId, name: string): Promise<UploadId[]> {
  const id = nextUpload++
  const controller = new AbortController()
  const bytesTotal = files.reduce((sum, { file }) => sum + file.size, 0)
  const entry: Upload = {
    id,
    collectionId,
    label: name,
    filesDone: 0,
    filesTotal: files.length,
    bytesDone: 0,
    bytesTotal,
    startedAt: Date.now(),
    controller,
  }
  useAdding.setState((state) => ({ uploads: [...state.uploads, entry] }))
  const advance = (change: { files?: number; bytes?: number }): void =>
    useAdding.setState((state) => ({
      uploads: state.uploads.map((other) =>
        other.id === id
          ? {
              ...other,
              filesDone: other.filesDone + (change.files ?? 0),
              bytesDone: other.bytesDone + (change.bytes ?? 0),
            }
          : other,
      ),
    }))
  const uploadIds: UploadId[] = []
  const unread: string[] = []
  try {
    const one = async ({ path, file }: PickedFile): Promise<void> => {
      try {
        const { signal } = controller
        const send = (piece: SentPiece) => core().ingest.upload(piece, { signal })
        uploadIds.push(await sendFile(path, file, send, (bytes) => advance({ bytes }), signal))
      } catch (error) {
        if (!isUnreadable(error)) throw error
        unread.push(path)
      }
      advance({ files: 1 })
    }
    await runBounded(files, lanes, one, controller.signal)
  } finally {
    useAdding.setState((state) => ({ uploads: state.uploads.filter((other) => other.id !== id) }))
  }
  const [first] = unread
  if (first !== undefined) {
    const rest = unread.length === 1 ? '' : ` and ${unread.length - 1} more`
    sayFailure(
      new AppError('file-unreadable', `${first}${rest} could not be read. Check the files, then add them again.`, {
        details: { paths: unread.slice(0, 100) },
      }),
    )
  }
  return uploadIds
}

/** The browser's own errors for a file that went away or may not be read. */
function isUnreadable(error: unknown): boolean {
  return error instanceof DOMException && (error.name === 'NotReadableError' || error.name === 'NotFoundError')
}

/** What a person calls what was picked. */
export function batchName(picked: Picked): string {
  if (picked.paths.length === 1) return lastPart(picked.paths[0] as string)
  return nameOfBatch(picked.files.length > 0 ? picked.files.map(({ path }) => path) : picked.paths.map(lastPart))
}
