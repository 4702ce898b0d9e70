import { useId, useState } from 'react'
import { FolderOpen } from 'lucide-react'
import { Label, Radio, RadioGroup, Switch } from 'react-aria-components'
import type { Schedule, Source, SourceOptions } from '../../../core/contract/sources.ts'
import type { CollectionId, JobId } from '../../../core/shared/ids.ts'
import { shell } from '../../platform/shell.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { globsOf, hasGlobs, nameOf } from './source-facts.ts'

/** Asks for a folder or archive on this machine and how it is to be followed. */
export function AddSourceDialog({
  isOpen,
  collectionId,
  onClose,
  onDone,
}: {
  isOpen: boolean
  collectionId: CollectionId
  onClose(): void
  onDone(jobId: JobId): void
}) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Add source">
      <AddForm collectionId={collectionId} onClose={onClose} onDone={onDone} />
    </Dialog>
  )
}

function AddForm({
  collectionId,
  onClose,
  onDone,
}: {
  collectionId: CollectionId
  onClose(): void
  onDone(jobId: JobId): void
}) {
  const id = useId()
  const [location, setLocation] = useState('')
  const [draft, setDraft] = useState<Draft>(newDraft)
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const inBrowser = shell.platform === 'browser'
  const submit = async (): Promise<void> => {
    const { options, problem } = toOptions(draft, true)
    const missing = location.trim() === '' ? 'Give the path of a folder or of a ZIP archive.' : null
    setFailure(missing ?? problem)
    if (missing || problem) return
    setBusy(true)
    try {
      const { jobId } = await core().sources.add({ collectionId, location: location.trim(), options })
      onClose()
      onDone(jobId)
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  const pick = async (): Promise<void> => {
    const path = (await shell.pickFolder())?.paths[0]
    if (path) setLocation(path)
  }
  return (
    <DialogForm
      failure={failure}
      onSubmit={() => void submit()}
      onClose={onClose}
      actions={
        <Button look="primary" type="submit" isDisabled={busy}>
          Add and sync
        </Button>
      }
    >
      <div className="field">
        <label htmlFor={`${id}-place`}>Folder or ZIP archive</label>
        <div className="place-line">
          <input
            id={`${id}-place`}
            className="input mono"
            value={location}
            autoFocus
            maxLength={4096}
            autoComplete="off"
            spellCheck={false}
            placeholder="/home/ada/papers"
            aria-describedby={inBrowser ? `${id}-why` : undefined}
            onChange={(event) => setLocation(event.target.value)}
          />
          {inBrowser ? null : (
            <Button icon={<FolderOpen size={15} aria-hidden />} onPress={() => void pick().catch(sayFailure)}>
              Choose …
            </Button>
          )}
        </div>
        {inBrowser ? (
          <p id={`${id}-why`} className="field-help soft">
            A browser does not tell a page where a folder is: type its whole path on the machine that runs Quarry. To
            copy files into the workspace instead, drop them on this window.
          </p>
        ) : null}
      </div>
      <OptionsFields draft={draft} onChange={setDraft} withGlobs />
    </DialogForm>
  )
}

/** How a source is followed and what of it is taken. */
export function EditSourceDialog({
  source,
  onClose,
  onDone,
}: {
  source: Source | null
  onClose(): void
  onDone(source: Source, andSync: boolean): void
}) {
  return (
    <Dialog isOpen={source !== null} onClose={onClose} title={`Edit “${source ? nameOf(source) : ''}”`}>
      {source ? <EditForm source={source} onClose={onClose} onDone={onDone} /> : null}
    </Dialog>
  )
}

function EditForm({
  source,
  onClose,
  onDone,
}: {
  source: Source
  onClose(): void
  onDone(source: Source, andSync: boolean): void
}) {
  const [draft, setDraft] = useState<Draft>(() => draftOf(source.options))
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const withGlobs = hasGlobs(source)
  const save = async (andSync: boolean): Promise<void> => {
    const { options, problem } = toOptions(draft, withGlobs)
    setFailure(problem)
    if (problem) return
    setBusy(true)
    try {
      const saved = await core().sources.update({ sourceId: source.id, options })
      onClose()
      onDone(saved, andSync)
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  return (
    <DialogForm
      failure={failure}
      onSubmit={() => void save(true)}
      onClose={onClose}
      actions={
        <>
          <Button onPress={() => void save(false)} isDisabled={busy}>
            Save
          </Button>
          <Button look="primary" type="submit" isDisabled={busy}>
            Save and sync
          </Button>
        </>
      }
    >
      {source.location ? <p className="source-place mono">{source.location}</p> : null}
      <OptionsFields draft={draft} onChange={setDraft} withGlobs={withGlobs} />
      <p className="soft">Documents change with the next sync.</p>
    </DialogForm>
  )
}

/** Says what goes and what stays, then removes the source. */
export function RemoveSourceDialog({
  source,
  onClose,
  onDone,
}: {
  source: Source | null
  onClose(): void
  onDone(): void
}) {
  return (
    <Dialog
      isOpen={source !== null}
      onClose={onClose}
      title={`Remove “${source ? nameOf(source) : ''}”?`}
      role="alertdialog"
    >
      {source ? <RemoveForm source={source} onClose={onClose} onDone={onDone} /> : null}
    </Dialog>
  )
}

function RemoveForm({ source, onClose, onDone }: { source: Source; onClose(): void; onDone(): void }) {
  const [keep, setKeep] = useState(false)
  const [busy, setBusy] = useState(false)
  const count = formatNumberOf(source.documents, 'document')
  const remove = async (): Promise<void> => {
    setBusy(true)
    try {
      const { removed } = await core().sources.remove({ sourceId: source.id, keepDocuments: keep })
      const rest = keep ? 'Its documents stay.' : `${formatNumberOf(removed, 'document')} went with it.`
      useNotices.getState().say(`Removed the source “${nameOf(source)}”. ${rest}`)
      onClose()
      onDone()
      await useWorkspace.getState().refresh()
    } catch (error) {
      sayFailure(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <div className="dialog-body">
        <RadioGroup
          className="choice choice-stack"
          value={keep ? 'keep' : 'remove'}
          onChange={(value) => setKeep(value === 'keep')}
        >
          <Label>Its documents</Label>
          <Radio value="remove" className="choice-line">
            <RadioDot />
            Remove the {count} from this collection too
          </Radio>
          <Radio value="keep" className="choice-line">
            <RadioDot />
            Keep the {count}; they are not refreshed any more
          </Radio>
        </RadioGroup>
        <p className="soft">The original files stay where they are.</p>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose} autoFocus>
          Cancel
        </Button>
        <Button look="danger" onPress={() => void remove()} isDisabled={busy}>
          {keep ? 'Remove source' : 'Remove source and documents'}
        </Button>
      </footer>
    </>
  )
}

/** What the fields hold while somebody types. */
interface Draft {
  kind: Schedule['kind']
  hours: string
  pollMinutes: string
  include: string
  exclude: string
  gitignore: boolean
  review: boolean
}

const newDraft: Draft = {
  kind: 'live',
  hours: '24',
  pollMinutes: '10',
  include: '',
  exclude: '',
  gitignore: true,
  review: false,
}

function draftOf({ schedule, include, exclude, gitignore, review }: SourceOptions): Draft {
  return {
    ...newDraft,
    kind: schedule.kind,
    ...(schedule.kind === 'every' ? { hours: String(schedule.hours) } : {}),
    ...(schedule.kind === 'live' ? { pollMinutes: String(schedule.pollMinutes) } : {}),
    include: include.join('\n'),
    exclude: exclude.join('\n'),
    gitignore,
    review,
  }
}

function toOptions(draft: Draft, withGlobs: boolean): { options: Partial<SourceOptions>; problem: string | null } {
  const [hours, pollMinutes] = [Number(draft.hours), Number(draft.pollMinutes)]
  const schedule: Schedule =
    draft.kind === 'every'
      ? { kind: 'every', hours }
      : draft.kind === 'live'
        ? { kind: 'live', pollMinutes }
        : { kind: 'manual' }
  const problem =
    draft.kind === 'every' && !(hours >= 0.1 && hours <= 8760)
      ? 'Give a number of hours from 0.1 to 8,760.'
      : draft.kind === 'live' && !(pollMinutes >= 0.1 && pollMinutes <= 1440)
        ? 'Give a number of minutes from 0.1 to 1,440.'
        : null
  const { gitignore, review } = draft
  const globs = { include: globsOf(draft.include), exclude: globsOf(draft.exclude), gitignore, review }
  return { options: withGlobs ? { schedule, ...globs } : { schedule }, problem }
}

function OptionsFields({
  draft,
  onChange,
  withGlobs,
}: {
  draft: Draft
  onChange(draft: Draft): void
  withGlobs: boolean
}) {
  const set = (change: Partial<Draft>): void => onChange({ ...draft, ...change })
  return (
    <>
      <RadioGroup
        className="choice choice-stack"
        value={draft.kind}
        onChange={(kind) => set({ kind: kind as Schedule['kind'] })}
      >
        <Label>Look for changes</Label>
        <Radio value="manual" className="choice-line">
          <RadioDot />
          Only when asked
        </Radio>
        <Radio value="every" className="choice-line">
          <RadioDot />
          On a schedule
        </Radio>
        {withGlobs ? (
          <Radio value="live" className="choice-line">
            <RadioDot />
            Live, as soon as something changes
          </Radio>
        ) : null}
      </RadioGroup>
      {draft.kind === 'every' ? (
        <NumberLine label="Every" unit="hours" value={draft.hours} onChange={(hours) => set({ hours })} max={8760} />
      ) : draft.kind === 'live' ? (
        <NumberLine
          label="Also look through it every"
          unit="minutes (for network drives and sleep)"
          value={draft.pollMinutes}
          onChange={(pollMinutes) => set({ pollMinutes })}
          max={1440}
        />
      ) : null}
      {withGlobs ? (
        <>
          <div className="glob-fields">
            <GlobField
              label="Take only"
              help="One pattern a line; nothing means everything."
              placeholder="contracts/**"
              value={draft.include}
              onChange={(include) => set({ include })}
            />
            <GlobField
              label="Leave out"
              help="One pattern a line; these win."
              placeholder={'drafts/**\n**/*.tmp'}
              value={draft.exclude}
              onChange={(exclude) => set({ exclude })}
            />
          </div>
          <Choice isSelected={draft.gitignore} onChange={(gitignore) => set({ gitignore })}>
            Obey .gitignore files
          </Choice>
          <Choice isSelected={draft.review} onChange={(review) => set({ review })}>
            New files wait for approval
          </Choice>
        </>
      ) : null}
    </>
  )
}

function RadioDot() {
  return <span className="radio-dot" aria-hidden />
}

function Choice({
  isSelected,
  onChange,
  children,
}: {
  isSelected: boolean
  onChange(isSelected: boolean): void
  children: string
}) {
  return (
    <Switch className="switch" isSelected={isSelected} onChange={onChange}>
      <span className="switch-track" aria-hidden>
        <span className="switch-knob" />
      </span>
      {children}
    </Switch>
  )
}

function NumberLine({
  label,
  unit,
  value,
  onChange,
  max,
}: {
  label: string
  unit: string
  value: string
  onChange(value: string): void
  max: number
}) {
  const id = useId()
  return (
    <div className="number-line">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        className="input number"
        type="number"
        min={0.1}
        max={max}
        step="any"
        value={value}
        aria-describedby={`${id}-unit`}
        onChange={(event) => onChange(event.target.value)}
      />
      <span id={`${id}-unit`} className="soft">
        {unit}
      </span>
    </div>
  )
}

function GlobField({
  label,
  help,
  placeholder,
  value,
  onChange,
}: {
  label: string
  help: string
  placeholder: string
  value: string
  onChange(value: string): void
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        className="input mono"
        rows={3}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        aria-describedby={`${id}-help`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-help`} className="field-help soft">
        {help}
      </p>
    </div>
  )
}
