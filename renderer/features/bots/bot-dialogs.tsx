import { useState } from 'react'
import type { Bot } from '../../../core/contract/bots.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'

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
        <p>Its settings, instructions and starter questions will be removed. This cannot be undone.</p>
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
