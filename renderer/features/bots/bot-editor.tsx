import { useEffect, useId, useMemo, useState, type ReactNode } from 'react'
import { ArrowDown, ArrowUp, MessageSquareText, MoreHorizontal, Plus, X } from 'lucide-react'
import { create } from 'zustand'
import type { Bot, BotSettings, BotTool } from '../../../core/contract/bots.ts'
import type { Release } from '../../../core/contract/releases.ts'
import type { CollectionId, ConversationId } from '../../../core/shared/ids.ts'
import { useBots } from '../../state/bots.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { hrefOf, navigate } from '../../state/route.ts'
import { BotIcon } from '../../ui/bot-icon.tsx'
import { BotProblems } from '../../ui/bot-problems.tsx'
import { Button, IconButton } from '../../ui/button.tsx'
import { CheckedFilter } from '../../ui/checked-filter.tsx'
import { Menu } from '../../ui/menu.tsx'
import { PageHeader } from '../../ui/page-header.tsx'
import { useReadiness } from '../../ui/reading-progress.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { ExportDialog, RemoveBotDialog } from './bot-dialogs.tsx'
import { botEntries } from './bot-entries.tsx'
import { wordsOf } from './bot-names.ts'
import type { TestChat } from './bots-page.tsx'
import { CollectionChoice } from './collection-choice.tsx'
import { ReleaseField } from './release-field.tsx'

interface EditorStore {
  /** What was changed and not yet saved, by bot. */
  changes: Record<string, Partial<BotSettings>>
  /** The conversation that a bot is tried in, by bot. */
  trials: Record<string, ConversationId | null>
}

const useEditor = create<EditorStore>(() => ({ changes: {}, trials: {} }))

/** The settings of a bot, beside a conversation in which they are tried. */
export function BotEditor({ bot, Chat }: { bot: Bot; Chat: TestChat }) {
  const changes = useEditor((state) => state.changes[bot.id])
  const trial = useEditor((state) => state.trials[bot.id] ?? null)
  const [failure, setFailure] = useState<string | null>(null)
  const [isSaving, setSaving] = useState(false)
  const [exporting, setExporting] = useState<Bot | null>(null)
  const [removing, setRemoving] = useState<Bot | null>(null)
  const settings = useMemo<BotSettings>(() => ({ ...bot, ...changes }), [bot, changes])
  const isChanged = changes !== undefined
  const { isReading } = useReadiness(bot)
  useEffect(() => {
    document.title = `${bot.name} · Quarry`
  }, [bot.name])
  const set = (change: Partial<BotSettings>): void => {
    setFailure(null)
    useEditor.setState((state) => ({
      changes: { ...state.changes, [bot.id]: { ...state.changes[bot.id], ...change } },
    }))
  }
  /** What was changed while it was being saved stays a change. */
  const forget = (saved: Partial<BotSettings>): void =>
    useEditor.setState((state) => {
      const { [bot.id]: own, ...others } = state.changes
      const left = Object.entries(own ?? {}).filter(([key, value]) => value !== saved[key as keyof BotSettings])
      return { changes: left.length === 0 ? others : { ...others, [bot.id]: Object.fromEntries(left) } }
    })
  const discard = (): void => useEditor.setState(({ changes: { [bot.id]: _, ...others } }) => ({ changes: others }))
  const setTrial = (conversationId: ConversationId | null): void =>
    useEditor.setState((state) => ({ trials: { ...state.trials, [bot.id]: conversationId } }))
  const save = async (): Promise<void> => {
    if (!changes) return
    setSaving(true)
    try {
      const starters = (changes.starters ?? bot.starters).map((text) => text.trim()).filter((text) => text !== '')
      const saved = await core().bots.update({
        botId: bot.id,
        settings: changes.starters ? { ...changes, starters } : changes,
      })
      useBots.getState().note(saved)
      forget(changes)
      useNotices.getState().say('Saved. The next question is answered so.')
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setSaving(false)
    }
  }
  return (
    <>
      <PageHeader
        title={
          <>
            <BotIcon icon={settings.icon} name={settings.name} /> {bot.name}
          </>
        }
        scope={
          <a className="quiet-link" href={hrefOf({ page: 'bots', botId: null })}>
            All bots
          </a>
        }
        actions={
          <>
            {isChanged ? (
              <Button look="quiet" onPress={discard}>
                Discard changes
              </Button>
            ) : null}
            <Button
              icon={<MessageSquareText size={14} aria-hidden />}
              onPress={() => navigate({ page: 'chat', botId: bot.id, conversationId: null })}
            >
              Chat
            </Button>
            <Button look="primary" isDisabled={!isChanged || isSaving} onPress={() => void save()}>
              {isSaving ? 'Saving …' : isChanged ? 'Save' : 'Saved'}
            </Button>
            <Menu
              label="Actions for this bot"
              trigger={<IconButton label="Actions for this bot" icon={<MoreHorizontal size={16} aria-hidden />} />}
              entries={botEntries(bot, { onExport: setExporting, onRemove: setRemoving })}
            />
          </>
        }
      />
      <div className="bot-editor">
        <form
          className="bot-settings"
          aria-label="Settings"
          onSubmit={(event) => {
            event.preventDefault()
            void save()
          }}
        >
          {failure ? (
            <p className="field-failure" role="alert">
              {failure}
            </p>
          ) : null}
          <BotProblems bot={bot} inEditor isReading={isReading} />
          <Fields bot={bot} settings={settings} set={set} />
        </form>
        <section className="bot-trial" aria-label="Try it">
          <header className="bot-trial-head">
            <h2>Try it</h2>
            {isChanged ? <span className="soft">Save to try what you changed.</span> : null}
            {trial ? (
              <Button look="quiet" small onPress={() => setTrial(null)}>
                Begin again
              </Button>
            ) : null}
          </header>
          <Chat bot={bot} conversationId={trial} isTrial onConversation={({ id }) => setTrial(id)} />
        </section>
      </div>
      <ExportDialog bot={exporting} onClose={() => setExporting(null)} />
      <RemoveBotDialog
        bot={removing}
        onClose={() => setRemoving(null)}
        onDone={() => navigate({ page: 'bots', botId: null }, { replace: true })}
      />
    </>
  )
}

interface FieldsProps {
  bot: Bot
  settings: BotSettings
  set(change: Partial<BotSettings>): void
}

const toolLabels: [BotTool, string, string][] = [
  ['summarise-document', 'Summarise a document', 'Says what a document says as a whole, when it is asked to.'],
  ['list-documents', 'List its documents', 'Says which documents it answers from, when it is asked.'],
]

function Fields({ bot, settings, set }: FieldsProps) {
  const saved = useRelease(bot.release)
  const release = useRelease(settings.release)
  const hasModel = saved && saved.pipeline.generator.id !== 'extractive'
  return (
    <>
      <Group title="What it is">
        <div className="bot-name-fields">
          <Line label="Icon" value={settings.icon} onChange={(icon) => set({ icon })} most={16} />
          <Line label="Name" value={settings.name} onChange={(name) => set({ name })} most={80} />
        </div>
        <Line
          label="Description"
          value={settings.description}
          onChange={(description) => set({ description })}
          most={400}
        />
        <Area
          label="Greeting"
          help="Stands above an empty conversation."
          value={settings.greeting}
          onChange={(greeting) => set({ greeting })}
          most={1000}
        />
      </Group>
      <Group title="What it answers from">
        <CollectionChoice
          label="Collections"
          value={settings.collectionIds}
          onChange={(collectionIds) => set({ collectionIds })}
        />
        <Citable
          collectionIds={settings.collectionIds}
          release={release}
          value={settings.filter}
          onChange={(filter) => set({ filter })}
        />
        <ReleaseField value={settings.release} onChange={(release) => set({ release })} />
      </Group>
      <Group title="How it answers">
        <p className="bot-model-note soft">
          {hasModel === null
            ? 'Instructions, tone and languages are for a language model.'
            : hasModel
              ? 'Instructions, tone and languages are followed by the language model of its release.'
              : 'Its release answers with sentences of the documents, without a language model. Instructions, tone and languages have no effect until it has one.'}
        </p>
        <Area
          label="Instructions"
          value={settings.instructions}
          onChange={(instructions) => set({ instructions })}
          most={8000}
          rows={4}
        />
        <Line
          label="Tone"
          placeholder="plain and friendly"
          value={settings.tone}
          onChange={(tone) => set({ tone })}
          most={200}
        />
        <SelectField
          label="Length"
          value={settings.length}
          entries={[
            { id: 'short', label: 'Short' },
            { id: 'medium', label: 'Medium' },
            { id: 'long', label: 'Long' },
          ]}
          onChange={(length) => set({ length: length as BotSettings['length'] })}
        />
        <Languages value={settings.languages} onChange={(languages) => set({ languages })} />
        <Area
          label="When the documents do not say"
          help="What it says instead of an answer, with a language model or without. Empty: Quarry’s own words."
          value={settings.refusal}
          onChange={(refusal) => set({ refusal })}
          most={500}
        />
        <div className="collection-choice" role="group" aria-label="Besides answering">
          <h3>Besides answering</h3>
          {toolLabels.map(([tool, label, help]) => (
            <label key={tool} className="check-line">
              <input
                type="checkbox"
                checked={settings.tools.includes(tool)}
                onChange={(event) =>
                  set({
                    tools: event.target.checked
                      ? [...settings.tools, tool]
                      : settings.tools.filter((other) => other !== tool),
                  })
                }
              />
              <span>
                {label} <span className="soft">{help}</span>
              </span>
            </label>
          ))}
        </div>
      </Group>
      <Group title="Questions to begin with">
        <Starters
          value={settings.starters}
          collectionIds={settings.collectionIds}
          onChange={(starters) => set({ starters })}
        />
      </Group>
    </>
  )
}

/** The release that is meant now; null while it is not known, or nothing answers. */
function useRelease(choice: BotSettings['release']): Release | null {
  const key = JSON.stringify(choice)
  const [known, setKnown] = useState<{ key: string; release: Release } | null>(null)
  useEffect(() => {
    const controller = new AbortController()
    core()
      .releases.resolve({ choice: JSON.parse(key) as BotSettings['release'] }, { signal: controller.signal })
      .then((release) => setKnown({ key, release }))
      // What is wrong with the release stands among the bot's problems.
      .catch(() => {})
    return () => controller.abort()
  }, [key])
  return known?.key === key ? known.release : null
}

/** Which documents may be cited, within what its pipeline searches. */
function Citable({
  collectionIds,
  release,
  value,
  onChange,
}: {
  collectionIds: readonly CollectionId[]
  release: Release | null
  value: string
  onChange(value: string): void
}) {
  const searched = release?.pipeline.filter ?? ''
  return (
    <div className="field">
      <h3>What may be cited</h3>
      <CheckedFilter
        value={value}
        onChange={onChange}
        collectionIds={collectionIds}
        releaseId={searched === '' ? undefined : release?.id}
        none="All documents of its collections"
        what="may be cited"
      />
      {searched === '' ? null : (
        <p className="field-help">
          Its pipeline searches only documents that pass <code>{searched}</code>.
        </p>
      )}
    </div>
  )
}

function Languages({ value, onChange }: { value: string[]; onChange(value: string[]): void }) {
  // As typed: a comma just written is not taken away again.
  const [typed, setTyped] = useState(value.join(', '))
  const shown = wordsOf(typed).join() === value.join() ? typed : value.join(', ')
  return (
    <Line
      label="Languages it may answer in"
      placeholder="that of the question"
      value={shown}
      most={800}
      onChange={(text) => {
        setTyped(text)
        onChange(wordsOf(text).slice(0, 20))
      }}
    />
  )
}

const mostStarters = 8

function Starters({
  value,
  collectionIds,
  onChange,
}: {
  value: string[]
  collectionIds: CollectionId[]
  onChange(value: string[]): void
}) {
  const [isProposing, setProposing] = useState(false)
  const propose = async (): Promise<void> => {
    setProposing(true)
    try {
      const { questions } = await core().bots.proposeStarters({ collectionIds, count: 4 })
      if (questions.length === 0) {
        useNotices.getState().say('There is nothing yet in these documents that questions could be made of.')
      } else onChange(questions.slice(0, mostStarters))
    } catch (error) {
      sayFailure(error)
    } finally {
      setProposing(false)
    }
  }
  const move = (from: number, to: number): void => {
    const next = [...value]
    const [moved = ''] = next.splice(from, 1)
    next.splice(to, 0, moved)
    onChange(next)
  }
  return (
    <>
      <ul className="starters">
        {value.map((question, index) => (
          <li key={index}>
            <input
              className="input"
              aria-label={`Question ${index + 1}`}
              value={question}
              maxLength={300}
              autoComplete="off"
              onChange={(event) => onChange(value.map((other, at) => (at === index ? event.target.value : other)))}
            />
            <IconButton
              label={`Move question ${index + 1} up`}
              icon={<ArrowUp size={14} aria-hidden />}
              isDisabled={index === 0}
              onPress={() => move(index, index - 1)}
            />
            <IconButton
              label={`Move question ${index + 1} down`}
              icon={<ArrowDown size={14} aria-hidden />}
              isDisabled={index === value.length - 1}
              onPress={() => move(index, index + 1)}
            />
            <IconButton
              label={`Take out question ${index + 1}`}
              icon={<X size={14} aria-hidden />}
              onPress={() => onChange(value.filter((_, at) => at !== index))}
            />
          </li>
        ))}
      </ul>
      <div className="starter-actions">
        <Button
          small
          icon={<Plus size={14} aria-hidden />}
          isDisabled={value.length >= mostStarters}
          onPress={() => onChange([...value, ''])}
        >
          Add a question
        </Button>
        <Button small isDisabled={isProposing || collectionIds.length === 0} onPress={() => void propose()}>
          {isProposing ? 'Reading …' : value.length === 0 ? 'Propose some' : 'Propose others'}
        </Button>
      </div>
    </>
  )
}

function Group({ title, children }: { title: string; children: ReactNode }) {
  const id = useId()
  return (
    <section className="bot-group" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  )
}

interface TextProps {
  label: string
  value: string
  onChange(value: string): void
  /** Characters. */
  most: number
  placeholder?: string
}

function Line({ label, value, onChange, most, placeholder }: TextProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input"
        value={value}
        maxLength={most}
        placeholder={placeholder}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}

function Area({ label, value, onChange, most, help, rows = 2 }: TextProps & { help?: string; rows?: number }) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="input bot-area"
        value={value}
        rows={rows}
        maxLength={most}
        aria-describedby={help ? `${id}-help` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {help ? (
        <p id={`${id}-help`} className="field-help">
          {help}
        </p>
      ) : null}
    </div>
  )
}
