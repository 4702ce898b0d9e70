import { useEffect, useId, useState } from 'react'
import { FilePlus2, FolderPlus, X } from 'lucide-react'
import { Radio, RadioGroup } from 'react-aria-components'
import { create } from 'zustand'
import type { CollectionId } from '../../../core/shared/ids.ts'
import { shell, type Picked } from '../../platform/shell.ts'
import { batchName, useAdding } from '../../state/adding.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure } from '../../state/notices.ts'
import { fromHere, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { BotIcon } from '../../ui/bot-icon.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { freeName, nameFromFiles } from './bot-names.ts'
import { CollectionChoice } from './collection-choice.tsx'

interface NewBotStore {
  /** What was dropped or picked for it, in batches. */
  picked: Picked[]
  collectionIds: CollectionId[]
  /** Null: as the documents propose. */
  name: string | null
  template: string
  add(picked: Picked | null): void
  set(change: Partial<Pick<NewBotStore, 'picked' | 'collectionIds' | 'name' | 'template'>>): void
}

const blank = { picked: [], collectionIds: [], name: null, template: '' }

/** The bot being made. It is kept while one looks something up on another page. */
export const useNewBot = create<NewBotStore>((set) => ({
  ...blank,
  add: (picked) => {
    if (picked && picked.paths.length + picked.files.length > 0) {
      set((state) => ({ picked: [...state.picked, picked] }))
    }
  },
  set: (change) => set(change),
}))

/** Documents, a name, done. */
export function NewBot() {
  const { picked, collectionIds, name: typed, template, add, set } = useNewBot()
  const bots = useBots((state) => state.bots) ?? []
  const collections = useWorkspace((state) => state.collections) ?? []
  const templates = useRead((signal) => core().bots.templates(undefined, { signal }), '').value?.templates ?? []
  const [failure, setFailure] = useState<string | null>(null)
  const [isMaking, setMaking] = useState(false)
  const id = useId()
  useEffect(() => {
    document.title = 'New bot · Quarry'
    useAdding.getState().setTaker({
      title: 'Documents for the new bot',
      text: 'They are read on this machine. Folders keep their structure.',
      take: (dropped) => useNewBot.getState().add(dropped),
    })
    return () => useAdding.getState().setTaker(null)
  }, [])
  const [first] = picked
  const [firstId] = collectionIds
  const proposed =
    (first && nameFromFiles(batchName(first))) || collections.find((each) => each.id === firstId)?.name || ''
  const name =
    typed ??
    (proposed === ''
      ? ''
      : freeName(
          proposed,
          bots.map((bot) => bot.name),
        ))

  const make = async (): Promise<void> => {
    if (name.trim() === '') {
      setFailure('Give the bot a name.')
      document.getElementById(`${id}-name`)?.focus()
      return
    }
    setMaking(true)
    setFailure(null)
    const goThere = fromHere()
    let madeId: CollectionId | null = null
    try {
      if (picked.length > 0) {
        const free = freeName(
          name.trim(),
          collections.map((each) => each.name),
        )
        madeId = (await core().collections.create({ name: free })).id
        await useWorkspace.getState().refresh()
      }
      const ids = madeId ? [madeId, ...collectionIds] : collectionIds
      const bot = await core().bots.create({ template, settings: { name: name.trim(), collectionIds: ids } })
      useBots.getState().note(bot)
      for (const batch of picked) void useAdding.getState().add(batch, madeId)
      set(blank)
      goThere({ page: 'bots', botId: bot.id }, { replace: true })
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
      if (madeId) {
        await core().collections.remove({ collectionId: madeId }).catch(sayFailure)
        await useWorkspace.getState().refresh()
      }
      setMaking(false)
    }
  }
  return (
    <>
      <PageHeader
        title="New bot"
        actions={
          <Button look="quiet" onPress={() => navigate({ page: 'bots', botId: null })}>
            All bots
          </Button>
        }
      />
      <div className="page-scroll">
        <form
          className="new-bot"
          onSubmit={(event) => {
            event.preventDefault()
            if (!isMaking) void make()
          }}
        >
          <section aria-labelledby={`${id}-documents`}>
            <h2 id={`${id}-documents`}>What does it answer from?</h2>
            <div className="drop-box">
              <p>Drop documents or a folder anywhere on this window, or choose them.</p>
              <div className="drop-actions">
                <Button
                  icon={<FilePlus2 size={15} aria-hidden />}
                  onPress={() => void shell.pickFiles().then(add, sayFailure)}
                >
                  Choose files
                </Button>
                <Button
                  icon={<FolderPlus size={15} aria-hidden />}
                  onPress={() => void shell.pickFolder().then(add, sayFailure)}
                >
                  Choose a folder
                </Button>
              </div>
              {picked.length > 0 ? (
                <ul className="picked" aria-label="Chosen documents">
                  {picked.map((batch, index) => (
                    <li key={index}>
                      <span>{batchName(batch)}</span>
                      <span className="soft number">
                        {batch.files.length > 1 ? formatNumberOf(batch.files.length, 'file') : ''}
                      </span>
                      <IconButton
                        label={`Take out ${batchName(batch)}`}
                        icon={<X size={14} aria-hidden />}
                        onPress={() => set({ picked: picked.filter((other) => other !== batch) })}
                      />
                    </li>
                  ))}
                </ul>
              ) : null}
            </div>
            {collections.length > 0 ? (
              <CollectionChoice
                label={picked.length > 0 ? 'And from these collections' : 'Or from collections that are here'}
                value={collectionIds}
                onChange={(next) => set({ collectionIds: next })}
              />
            ) : null}
          </section>
          <section aria-labelledby={`${id}-called`}>
            <h2 id={`${id}-called`}>What is it called?</h2>
            <div className="field">
              <label htmlFor={`${id}-name`}>Name</label>
              <input
                id={`${id}-name`}
                className="input"
                value={name}
                maxLength={80}
                autoComplete="off"
                aria-invalid={failure ? true : undefined}
                aria-describedby={failure ? `${id}-failure` : undefined}
                onChange={(event) => set({ name: event.target.value })}
              />
            </div>
          </section>
          {templates.length > 0 ? (
            <RadioGroup
              className="templates"
              value={template}
              onChange={(next) => set({ template: next })}
              aria-labelledby={`${id}-template`}
            >
              <h2 id={`${id}-template`}>What is it for?</h2>
              <div className="template-cards">
                <TemplateCard
                  id=""
                  label="Anything"
                  summary="Answers from the documents, and says when they do not."
                  icon=""
                />
                {templates.map(({ id: templateId, label, summary, settings }) => (
                  <TemplateCard
                    key={templateId}
                    id={templateId}
                    label={label}
                    summary={summary}
                    icon={settings.icon ?? ''}
                  />
                ))}
              </div>
            </RadioGroup>
          ) : null}
          <div className="new-bot-foot">
            {failure ? (
              <p id={`${id}-failure`} className="field-failure" role="alert">
                {failure}
              </p>
            ) : (
              <p className="soft">
                {picked.length + collectionIds.length === 0
                  ? 'Without documents it can be made, and gets them later.'
                  : 'You can talk to it at once, while documents are still being read. Everything can be changed later.'}
              </p>
            )}
            <Button look="primary" type="submit" isDisabled={isMaking}>
              {isMaking ? 'Making it …' : 'Make the bot'}
            </Button>
          </div>
        </form>
      </div>
    </>
  )
}

function TemplateCard({ id, label, summary, icon }: { id: string; label: string; summary: string; icon: string }) {
  return (
    <Radio value={id} className="template-card">
      <BotIcon icon={icon} name={label} />
      <span>
        <strong>{label}</strong>
        <span className="soft">{summary}</span>
      </span>
    </Radio>
  )
}
