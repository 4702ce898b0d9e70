import { useState } from 'react'
import { FileDown, FolderOpen, Upload } from 'lucide-react'
import { Switch } from 'react-aria-components'
import type { Dataset } from '../../../core/contract/datasets.ts'
import type { CollectionId } from '../../../core/shared/ids.ts'
import type { Picked, PickedFile } from '../../platform/shell-api.ts'
import { shell } from '../../platform/shell.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { navigate } from '../../state/route.ts'
import { sendFile } from '../../state/send-file.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, TextLine } from '../../ui/dialog.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import { follow } from './dataset-work.tsx'

/** What is to be imported: a file that the page was given, or a place on this machine, typed where it is ''. */
export type ImportSource = { file: PickedFile } | { path: string }

/** The first of what was picked; a folder's files say nothing of where it is, so its path is asked for. */
export function sourceOf(picked: Picked | null): ImportSource | null {
  if (!picked) return null
  const [path] = picked.paths
  if (path !== undefined) return { path }
  const [file] = picked.files
  if (!file) return null
  return file.path.includes('/') ? { path: '' } : { file }
}

const duplicates = [
  { id: 'refuse', label: 'Refuse the file', hint: 'nothing is imported' },
  { id: 'skip', label: 'Keep what is there' },
  { id: 'replace', label: 'Replace what is there' },
] as const
type OnDuplicate = (typeof duplicates)[number]['id']

/** Into a dataset, or as a new one. */
export function ImportDialog({
  source,
  into,
  onClose,
}: {
  source: ImportSource | null
  into: Dataset | null
  onClose(): void
}) {
  const title = into ? `Import into “${into.name}”` : 'Import a dataset'
  return (
    <Dialog isOpen={source !== null} onClose={onClose} title={title}>
      {source ? <ImportForm source={source} into={into} onClose={onClose} /> : null}
    </Dialog>
  )
}

/** A file that is picked, or a file or folder whose path is typed. */
export function ImportMenu({ onSource }: { onSource(source: ImportSource): void }) {
  const pick = async (): Promise<void> => {
    const source = sourceOf(await shell.pickFiles())
    if (source) onSource(source)
  }
  return (
    <Menu
      label="Import"
      trigger={<Button icon={<Upload size={15} aria-hidden />}>Import …</Button>}
      entries={[
        {
          id: 'file',
          label: 'A .jsonl or .csv file …',
          icon: <FileDown size={14} aria-hidden />,
          onAction: () => void pick().catch(sayFailure),
        },
        {
          id: 'path',
          label: 'A file or folder by its path …',
          icon: <FolderOpen size={14} aria-hidden />,
          onAction: () => onSource({ path: '' }),
        },
      ]}
    />
  )
}

const ownCollection = 'own'

function ImportForm({ source, into, onClose }: { source: ImportSource; into: Dataset | null; onClose(): void }) {
  const collections = useWorkspace((state) => state.collections) ?? []
  const isFile = 'file' in source
  const [path, setPath] = useState(isFile ? '' : source.path)
  const label = isFile ? source.file.path : lastOf(path)
  const [name, setName] = useState<string | null>(null)
  const [collectionId, setCollectionId] = useState<string>(collections[0]?.id ?? ownCollection)
  const [onDuplicate, setOnDuplicate] = useState<OnDuplicate>('refuse')
  const [allowStale, setAllowStale] = useState(false)
  const chosenName = name ?? label.replace(/\.[^.]+$/, '')
  const isReady = (isFile || path.trim() !== '') && (into !== null || chosenName.trim() !== '')
  const start = async (): Promise<void> => {
    onClose()
    const target = into
      ? { datasetId: into.id }
      : {
          name: chosenName.trim(),
          ...(collectionId === ownCollection ? {} : { collectionId: collectionId as CollectionId }),
        }
    const end = await follow(`Importing ${label}`, async (signal) => {
      const from = isFile ? { uploadId: await upload(source.file, signal) } : { path: path.trim() }
      return core().datasets.import({ ...from, ...target, onDuplicate, allowStale }, { signal })
    })
    if (end?.type !== 'import-end') return
    void useWorkspace.getState().refresh()
    useNotices.getState().say([importWords(end), ...end.warnings].join(' '))
    if (!into) navigate({ page: 'datasets', datasetId: end.dataset.id, caseId: null })
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (isReady) void start()
      }}
    >
      <div className="dialog-body">
        {isFile ? (
          <p>
            <code>{label}</code>
          </p>
        ) : (
          <>
            <TextLine label="File or folder on this machine" value={path} onChange={setPath} autoFocus />
            <p className="field-help">
              The full path of a .jsonl or .csv file, of a BEIR folder (corpus.jsonl, queries.jsonl, qrels), or of a
              folder with questions_df.csv and corpora.
            </p>
          </>
        )}
        {into ? null : (
          <>
            <TextLine label="Name" value={chosenName} onChange={setName} autoFocus={isFile} />
            <SelectField
              label="Documents of"
              value={collectionId}
              entries={[
                ...collections.map((each) => ({ id: each.id, label: each.name })),
                { id: ownCollection, label: 'A collection of its own', hint: 'for documents that come with it' },
              ]}
              onChange={setCollectionId}
              help="Its passages are looked for in the documents of this collection."
            />
          </>
        )}
        {into ? (
          <SelectField
            label="Cases whose id is there already"
            value={onDuplicate}
            entries={duplicates}
            onChange={(id) => setOnDuplicate(id as OnDuplicate)}
          />
        ) : null}
        <Switch className="switch" isSelected={allowStale} onChange={setAllowStale}>
          <span className="switch-track">
            <span className="switch-knob" />
          </span>
          Take cases whose documents or words are not there, as stale ones
        </Switch>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={!isReady}>
          Import
        </Button>
      </footer>
    </form>
  )
}

function upload({ path, file }: PickedFile, signal: AbortSignal) {
  return sendFile(
    path,
    file,
    (piece) => core().ingest.upload(piece, { signal }),
    () => {},
    signal,
  )
}

/** 'Imported 30 cases; 2 were replaced, 1 was skipped, 4 are stale.' */
export function importWords(counts: { added: number; replaced: number; skipped: number; stale: number }): string {
  const were = (count: number, word: string): string[] =>
    count === 0 ? [] : [`${count} ${count === 1 ? 'was' : 'were'} ${word}`]
  const stale = counts.stale === 0 ? [] : [`${counts.stale} ${counts.stale === 1 ? 'is' : 'are'} stale`]
  const others = [...were(counts.replaced, 'replaced'), ...were(counts.skipped, 'skipped'), ...stale]
  const added = `Imported ${formatNumberOf(counts.added, 'case')}`
  return others.length === 0 ? `${added}.` : `${added}; ${others.join(', ')}.`
}

function lastOf(path: string): string {
  return path.split(/[/\\]/).filter(Boolean).at(-1) ?? ''
}
