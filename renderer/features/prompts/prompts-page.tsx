import { useEffect, useState } from 'react'
import { Plus } from 'lucide-react'
import type { PromptRecord } from '../../../core/contract/prompts.ts'
import type { PromptId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useConnection } from '../../state/connection.ts'
import { toFailure } from '../../state/failure.ts'
import { fromHere, hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm, TextLine } from '../../ui/dialog.tsx'
import { EmptyState } from '../../ui/empty-state.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatWhen } from '../../ui/format.ts'
import { PageHeader } from '../../ui/page-header.tsx'
import { RowTable, sortedBy, sortRows, type RowColumn, type RowSort } from '../../ui/row-table.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { PromptView } from './prompt-view.tsx'

/** What language models are told: every prompt, or one with its versions. */
export function PromptsPage({ promptId }: { promptId: PromptId | null }) {
  return promptId === null ? <PromptList /> : <PromptView key={promptId} promptId={promptId} />
}

const columns: RowColumn<PromptRecord>[] = [
  {
    id: 'name',
    label: 'Name',
    leastRem: 14,
    leaves: 0,
    numeric: false,
    text: ({ name }) => name,
    compare: (a, b) => a.name.localeCompare(b.name),
  },
  {
    id: 'version',
    label: 'Version',
    leastRem: 6,
    leaves: 0,
    numeric: true,
    text: ({ version }) => formatCount(version),
    compare: (a, b) => a.version - b.version,
  },
  {
    id: 'changed',
    label: 'Changed',
    leastRem: 10,
    leaves: 1,
    numeric: true,
    text: ({ changedAt }) => formatWhen(changedAt),
    compare: (a, b) => a.changedAt - b.changedAt,
  },
]

function PromptList() {
  const generation = useConnection((state) => state.generation)
  const [sort, setSort] = useState<RowSort>({ column: 'name', descending: false })
  const [isMaking, setMaking] = useState(false)
  const { value, failure, retry } = useRead((signal) => core().prompts.list(undefined, { signal }), generation)
  useEffect(() => {
    document.title = 'Prompts · Quarry'
  }, [])
  const prompts = value?.prompts
  const make = (
    <Button look="primary" icon={<Plus size={15} aria-hidden />} onPress={() => setMaking(true)}>
      New prompt …
    </Button>
  )
  return (
    <>
      <PageHeader
        title="Prompts"
        scope={<span className="soft">What language models are told, in versions</span>}
        actions={make}
      />
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      {prompts === undefined && !failure ? <p className="page-note soft">Reading the prompts …</p> : null}
      {prompts?.length === 0 ? (
        <EmptyState title="No prompts" actions={make}>
          A prompt says how a language model answers from passages. Pipelines carry the words of the version that they
          use, so that a release never changes because a prompt did.
        </EmptyState>
      ) : null}
      {prompts && prompts.length > 0 ? (
        <RowTable
          label="Prompts"
          columns={columns}
          rows={sortRows(prompts, columns, sort)}
          keyOf={({ id }) => id}
          href={({ id }) => hrefOf({ page: 'prompts', promptId: id })}
          sort={sort}
          onSort={(id) => setSort(sortedBy(sort, id))}
        />
      ) : null}
      {isMaking ? <NewPromptDialog prompts={prompts ?? []} onClose={() => setMaking(false)} /> : null}
    </>
  )
}

function NewPromptDialog({ prompts, onClose }: { prompts: readonly PromptRecord[]; onClose(): void }) {
  const [name, setName] = useState('')
  const [from, setFrom] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const chosen = prompts.find(({ id }) => id === from) ?? prompts.find((each) => each.name === 'Standard') ?? prompts[0]
  const make = async (): Promise<void> => {
    const goThere = fromHere()
    try {
      const base = chosen ? await core().prompts.get({ promptId: chosen.id }) : null
      const { system, user } = base?.versions[0]?.prompt ?? first
      const note = base ? `As ${base.name}, version ${base.version}, has it.` : ''
      const { id } = await core().prompts.create({ name: name.trim(), system, user, note })
      onClose()
      goThere({ page: 'prompts', promptId: id })
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    }
  }
  return (
    <Dialog isOpen onClose={onClose} title="New prompt">
      <DialogForm
        failure={failure}
        onSubmit={() => void make()}
        onClose={onClose}
        actions={
          <Button look="primary" type="submit" isDisabled={name.trim() === ''}>
            Make it
          </Button>
        }
      >
        <TextLine label="Name" value={name} onChange={setName} autoFocus />
        {prompts.length > 0 ? (
          <SelectField
            label="It begins as"
            value={chosen?.id ?? null}
            entries={prompts.map((each) => ({ id: each.id, label: each.name, hint: `version ${each.version}` }))}
            onChange={setFrom}
          />
        ) : null}
      </DialogForm>
    </Dialog>
  )
}

/** Where every prompt was removed. */
const first = {
  system: 'Answer from the numbered sources, and from nothing else. Name the sources of every sentence, such as [1].',
  user: '{{sources}}\n\n{{question}}',
}
