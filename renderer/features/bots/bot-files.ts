import type { Bot } from '../../../core/contract/bots.ts'
import type { Picked } from '../../platform/shell-api.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { noteStart } from '../../state/jobs.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { fromHere } from '../../state/route.ts'
import { sendFile } from '../../state/send-file.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { saveFile } from '../../ui/save-file.ts'

/** Whether what was picked is a bot as a file, and not documents. */
export function isBotFile({ paths, files }: Picked): boolean {
  const names = [...paths, ...files.map(({ path }) => path)]
  return names.length === 1 && /\.quarrybot$/i.test(names[0] ?? '')
}

/** Makes a bot of a file, says what was changed on the way, and goes to it. Errors: those of importing. */
export async function importBot(picked: Picked, signal: AbortSignal): Promise<void> {
  const goThere = fromHere()
  const [path] = picked.paths
  const [file] = picked.files
  if (!path && !file) return
  const input = file
    ? {
        uploadId: await sendFile(
          file.path,
          file.file,
          (piece) => core().ingest.upload(piece, { signal }),
          () => {},
          signal,
        ),
      }
    : { path: path as string }
  const { bot, jobId, notes } = await core().bots.import(input, { signal })
  useBots.getState().note(bot)
  await useWorkspace.getState().refresh()
  if (jobId) await noteStart(jobId)
  useNotices.getState().say([`Imported “${bot.name}”.`, ...notes].join(' '))
  goThere({ page: 'bots', botId: bot.id })
}

/** Takes a bot in as a file, piece by piece, and hands it over. Leaving stops it. */
export async function exportBot(
  bot: Bot,
  withDocuments: boolean,
  onProgress: (bytes: number, total: number | null) => void,
  signal: AbortSignal,
): Promise<void> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  let name = `${bot.name}.quarrybot`
  let total: number | null = null
  let bytes = 0
  let notes: string[] | null = null
  for await (const event of await core().bots.export({ botId: bot.id, withDocuments }, { signal })) {
    if (signal.aborted) return
    if (event.type === 'export-start') ({ name, bytes: total } = event)
    else if (event.type === 'export-end') ({ notes } = event)
    else {
      const piece = bytesOf(event.base64)
      pieces.push(piece)
      bytes += piece.length
    }
    onProgress(bytes, total)
  }
  // Without its end it is not a whole file.
  if (!notes) return
  saveFile(name, new Blob(pieces, { type: 'application/zip' }))
  if (notes.length > 0) useNotices.getState().say(notes.join(' '))
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

/** Makes a second one with the same settings, and goes to it. */
export async function duplicateBot(bot: Bot): Promise<void> {
  const goThere = fromHere()
  try {
    const copy = await core().bots.duplicate({ botId: bot.id })
    useBots.getState().note(copy)
    useNotices.getState().say(`“${copy.name}” has the settings of “${bot.name}”.`)
    goThere({ page: 'bots', botId: copy.id })
  } catch (error) {
    sayFailure(error)
  }
}
