import { useEffect, useRef, useState } from 'react'
import type { Bot } from '../../../core/contract/bots.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatBytes, formatNumberOf, shareOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { exportBot } from './bot-files.ts'

/** A bot as one file, with its documents or without them. */
export function ExportDialog({ bot, onClose }: { bot: Bot | null; onClose(): void }) {
  return (
    <Dialog isOpen={bot !== null} onClose={onClose} title={`Export “${bot?.name ?? ''}”`}>
      {bot ? <ExportForm bot={bot} onClose={onClose} /> : null}
    </Dialog>
  )
}

function ExportForm({ bot, onClose }: { bot: Bot; onClose(): void }) {
  const [withDocuments, setWithDocuments] = useState(false)
  const [progress, setProgress] = useState<{ bytes: number; total: number | null } | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const controller = useRef<AbortController | null>(null)
  // Closing the dialog stops it.
  useEffect(() => () => controller.current?.abort(), [])
  const start = async (): Promise<void> => {
    const mine = new AbortController()
    controller.current = mine
    setFailure(null)
    setProgress({ bytes: 0, total: null })
    try {
      await exportBot(bot, withDocuments, (bytes, total) => setProgress({ bytes, total }), mine.signal)
      if (!mine.signal.aborted) onClose()
    } catch (error) {
      if (!mine.signal.aborted) setFailure(toFailure(error))
    } finally {
      setProgress(null)
    }
  }
  const text = progress ? formatBytes(progress.bytes) : ''
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void start()
      }}
    >
      <div className="dialog-body">
        <p>
          One file with the bot’s settings and the release that answers for it, which can be imported on another
          machine. Conversations are not part of it.
        </p>
        <label className="check-line">
          <input
            type="checkbox"
            checked={withDocuments}
            disabled={progress !== null}
            onChange={(event) => setWithDocuments(event.target.checked)}
          />
          <span>
            With its documents
            <span className="soft"> — whoever gets the file can read them</span>
          </span>
        </label>
        {progress ? (
          <>
            <Meter
              share={progress.total === null ? null : shareOf(progress.bytes, progress.total)}
              label="Exporting"
              valueText={text}
            />
            <p className="soft number">{text}</p>
          </>
        ) : null}
        {failure ? <FailureNote failure={failure} /> : null}
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={progress !== null}>
          Export
        </Button>
      </footer>
    </form>
  )
}

/** Says what will be lost and what stays, then removes the bot. */
export function RemoveBotDialog({ bot, onClose, onDone }: { bot: Bot | null; onClose(): void; onDone(): void }) {
  return (
    <Dialog isOpen={bot !== null} onClose={onClose} title={`Remove “${bot?.name ?? ''}”?`} role="alertdialog">
      {bot ? <RemoveForm bot={bot} onClose={onClose} onDone={onDone} /> : null}
    </Dialog>
  )
}

function RemoveForm({ bot, onClose, onDone }: { bot: Bot; onClose(): void; onDone(): void }) {
  const [withConversations, setWithConversations] = useState(false)
  const remove = async (): Promise<void> => {
    onClose()
    try {
      await core().bots.remove({ botId: bot.id, withConversations })
      useNotices.getState().say(`Removed “${bot.name}”.`)
      onDone()
      await useBots.getState().refresh()
    } catch (error) {
      sayFailure(error)
    }
  }
  const conversations = formatNumberOf(bot.conversations, 'conversation')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        void remove()
      }}
    >
      <div className="dialog-body">
        <p>
          Its settings, instructions and starter questions will be removed. This cannot be undone; an export keeps them.
        </p>
        {bot.conversations > 0 ? (
          <label className="check-line">
            <input
              type="checkbox"
              checked={withConversations}
              onChange={(event) => setWithConversations(event.target.checked)}
            />
            <span>
              Remove its {conversations}, too
              <span className="soft"> — otherwise they stay and can be read</span>
            </span>
          </label>
        ) : null}
        <p className="soft">Its collections and their documents stay.</p>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose} autoFocus>
          Keep
        </Button>
        <Button look="danger" type="submit">
          Remove bot
        </Button>
      </footer>
    </form>
  )
}
