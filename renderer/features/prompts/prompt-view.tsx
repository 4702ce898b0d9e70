import { useEffect, useRef, useState } from 'react'
import { ArrowLeft, Trash2, Undo2 } from 'lucide-react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { PromptVersion } from '../../../core/contract/prompts.ts'
import type { PromptId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { fromHere, hrefOf, navigate } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { ConfirmDialog } from '../../ui/dialog.tsx'
import { NoteField } from '../../ui/draft-dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatNumberOf, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { PreviewPanel } from './preview-panel.tsx'
import { placeLabels, PromptDiff } from './prompt-diff.tsx'
import { usePromptDrafts } from './prompt-drafts.ts'
import { PromptField } from './prompt-field.tsx'
import { problemsOf, withVariable, type PromptPlace, type PromptTexts, type PromptVariable } from './prompt-words.ts'
import { TestPanel } from './test-panel.tsx'

type PromptWithVersions = Awaited<ReturnType<ReturnType<typeof core>['prompts']['get']>>

const placeHelp = {
  system: 'What the model is told before everything else: who it is and how it answers.',
  user: 'What it is given for each question.',
} as const

/** One prompt: its words, what becomes of them, its versions. */
export function PromptView({ promptId }: { promptId: PromptId }) {
  const generation = useConnection((state) => state.generation)
  const { value, failure, retry } = useRead(
    (signal) =>
      Promise.all([core().prompts.get({ promptId }, { signal }), core().prompts.variables(undefined, { signal })]),
    generation,
  )
  const [read, known] = value ?? [null, null]
  const [saved, setSaved] = useState<PromptWithVersions | null>(null)
  const record = saved && (read?.version ?? 0) < saved.version ? saved : read
  const [removing, setRemoving] = useState(false)
  useEffect(() => {
    document.title = `${record?.name ?? 'Prompt'} · Quarry`
  }, [record?.name])
  const remove = async (): Promise<void> => {
    const goBack = fromHere()
    await core().prompts.remove({ promptId })
    usePromptDrafts.getState().discard(promptId)
    goBack({ page: 'prompts', promptId: null })
  }
  return (
    <>
      <PageHeader
        title={record?.name ?? 'Prompt'}
        scope={
          <span className="soft number">
            <a href={hrefOf({ page: 'prompts', promptId: null })}>Prompts</a>
            {record ? ` · version ${record.version}, ${formatWhen(record.changedAt)}` : ''}
          </span>
        }
        actions={
          <>
            {record ? (
              <Button icon={<Trash2 size={15} aria-hidden />} onPress={() => setRemoving(true)}>
                Remove …
              </Button>
            ) : null}
            <Button
              icon={<ArrowLeft size={15} aria-hidden />}
              onPress={() => navigate({ page: 'prompts', promptId: null })}
            >
              All prompts
            </Button>
          </>
        }
      />
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {record && known ? (
        <Editor record={record} variables={known.variables} onSaved={setSaved} />
      ) : failure ? null : (
        <p className="page-note soft">Reading the prompt …</p>
      )}
      <ConfirmDialog
        isOpen={removing}
        onClose={() => setRemoving(false)}
        onConfirm={() => void remove().catch(sayFailure)}
        title={`Remove “${record?.name ?? ''}”?`}
        action="Remove it"
      >
        <p>
          Its {formatNumberOf(record?.versions.length ?? 0, 'version')} are lost. Pipelines that use one carry its words
          and keep them.
        </p>
      </ConfirmDialog>
    </>
  )
}

function Editor({
  record,
  variables,
  onSaved,
}: {
  record: PromptWithVersions
  variables: readonly PromptVariable[]
  onSaved(record: PromptWithVersions): void
}) {
  const { id, versions } = record
  const present = versions[0]?.prompt ?? { system: '', user: '' }
  const { drafts, edit, discard } = usePromptDrafts()
  const draft = drafts[id] ?? null
  const texts: PromptTexts = draft ?? { system: present.system, user: present.user }
  const [note, setNote] = useState('')
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [place, setPlace] = useState<PromptPlace>('system')
  const fields = { system: useRef<HTMLTextAreaElement>(null), user: useRef<HTMLTextAreaElement>(null) }
  const caret = useRef<number | null>(null)
  const set = (change: Partial<PromptTexts>): void => {
    setFailure(null)
    edit(id, present, { ...texts, ...change })
  }
  useEffect(() => {
    const area = fields[place].current
    if (caret.current === null || !area) return
    area.focus()
    area.setSelectionRange(caret.current, caret.current)
    caret.current = null
  })
  const insert = (name: string): void => {
    const area = fields[place].current
    const end = texts[place].length
    const next = withVariable(texts[place], name, area?.selectionStart ?? end, area?.selectionEnd ?? end)
    caret.current = next.caret
    set({ [place]: next.text })
  }
  const isWrong = (['system', 'user'] as const).some((each) => problemsOf(texts[each], each, variables).length > 0)
  const save = async (): Promise<void> => {
    try {
      const saved = await core().prompts.save({ promptId: id, ...texts, note: note.trim() })
      onSaved(saved)
      // What was written while it was being saved stays written.
      const now = usePromptDrafts.getState().drafts[id]
      if (now?.system === texts.system && now.user === texts.user) discard(id)
      setNote('')
      useNotices.getState().say(`It is version ${saved.version} now. Pipelines keep the words that they have.`)
    } catch (error) {
      setFailure(toFailure(error))
    }
  }
  return (
    <div className="pipeline prompt">
      <div className="pipeline-settings">
        <div className="pipeline-scroll prompt-fields">
          {(['system', 'user'] as const).map((each) => (
            <PromptField
              key={each}
              label={placeLabels[each]}
              help={placeHelp[each]}
              place={each}
              value={texts[each]}
              variables={variables}
              onChange={(text) => set({ [each]: text })}
              field={fields[each]}
              onFocus={() => setPlace(each)}
            />
          ))}
          <section aria-labelledby="prompt-variables" className="prompt-variables">
            <h2 id="prompt-variables">Variables</h2>
            <p className="soft">
              Put into the {placeLabels[place].toLowerCase()}, where the caret was. A line whose variables are all empty
              is left out.
            </p>
            <dl>
              {variables.map((variable) => (
                <div key={variable.name} className="prompt-variable-line">
                  <dt>
                    <Button
                      small
                      isDisabled={!variable.places.includes(place)}
                      onPress={() => insert(variable.name)}
                      aria-label={`Insert ${variable.name}`}
                    >
                      {`{{${variable.name}}}`}
                    </Button>
                  </dt>
                  <dd>
                    {variable.summary}
                    {variable.isRequired ? ' Must be there.' : ''}
                    {variable.places.length === 1 && variable.places[0]
                      ? ` In the ${placeLabels[variable.places[0]].toLowerCase()} only.`
                      : ''}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        </div>
        {failure ? <FailureNote failure={failure} title="It was not saved" /> : null}
        {draft ? (
          <form
            className="pipeline-apply prompt-save"
            aria-label="Unsaved changes"
            onSubmit={(event) => {
              event.preventDefault()
              void save()
            }}
          >
            <NoteField label="What this version changes" value={note} onChange={setNote} />
            <Button
              onPress={() => {
                discard(id)
                setFailure(null)
              }}
            >
              Take back
            </Button>
            <Button look="primary" type="submit" isDisabled={isWrong}>
              Save as version {record.version + 1}
            </Button>
          </form>
        ) : null}
      </div>
      <Tabs className="prompt-side">
        <TabList className="view-tabs" aria-label="What becomes of it">
          <Tab id="preview" className="view-tab">
            Preview
          </Tab>
          <Tab id="versions" className="view-tab">
            Versions
          </Tab>
          <Tab id="test" className="view-tab">
            Test
          </Tab>
        </TabList>
        <TabPanel id="preview" className="prompt-panel">
          <PreviewPanel texts={texts} />
        </TabPanel>
        <TabPanel id="versions" className="prompt-panel">
          <Versions versions={versions} draft={draft} onTake={(version) => set(version.prompt)} />
        </TabPanel>
        <TabPanel id="test" className="prompt-panel">
          <TestPanel record={record} versions={versions} draft={draft} />
        </TabPanel>
      </Tabs>
    </div>
  )
}

const written = 'written'

/** What each version changed; any two of them side by side. */
function Versions({
  versions,
  draft,
  onTake,
}: {
  versions: readonly PromptVersion[]
  draft: PromptTexts | null
  onTake(version: PromptVersion): void
}) {
  const [from, setFrom] = useState<string | null>(null)
  const [to, setTo] = useState<string | null>(null)
  const choices = [
    ...(draft ? [{ id: written, label: 'As it is written now' }] : []),
    ...versions.map(({ number, note }) => ({ id: String(number), label: `Version ${number}`, hint: note })),
  ]
  const toId = choices.some(({ id }) => id === to) ? to : (choices[0]?.id ?? null)
  const fromId = choices.some(({ id }) => id === from) ? from : (choices[1]?.id ?? choices[0]?.id ?? null)
  const textsOf = (id: string | null): PromptTexts | undefined =>
    id === written ? (draft ?? undefined) : versions.find(({ number }) => String(number) === id)?.prompt
  const [before, after] = [textsOf(fromId), textsOf(toId)]
  return (
    <>
      {choices.length > 1 ? (
        <>
          <div className="prompt-grid">
            <SelectField label="From" value={fromId} entries={choices} onChange={setFrom} />
            <SelectField label="To" value={toId} entries={choices} onChange={setTo} />
          </div>
          {before && after ? <PromptDiff before={before} after={after} /> : null}
        </>
      ) : (
        <p className="soft">
          There is one version. Change the words and save: both stay, and what differs is shown here.
        </p>
      )}
      <ol className="release-history" reversed aria-label="Versions">
        {versions.map((version, index) => (
          <li key={version.number}>
            <p className="release-event">
              <span className="release-event-what">Version {version.number}</span>
              <span className="soft number">{formatWhen(version.createdAt)}</span>
              {index > 0 ? (
                <Button
                  small
                  look="quiet"
                  icon={<Undo2 size={14} aria-hidden />}
                  aria-label={`Take version ${version.number} up again`}
                  onPress={() => onTake(version)}
                >
                  Take it up again
                </Button>
              ) : null}
            </p>
            {version.note ? <p className="release-reason">{version.note}</p> : null}
          </li>
        ))}
      </ol>
    </>
  )
}
