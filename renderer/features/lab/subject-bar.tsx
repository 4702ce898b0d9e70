import { useState } from 'react'
import { ChevronDown, ClipboardPaste, FileText, FolderOpen, Library } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { CollectionId } from '../../../core/shared/ids.ts'
import type { Picked } from '../../platform/shell-api.ts'
import { shell } from '../../platform/shell.ts'
import { core } from '../../state/client.ts'
import { sayFailure } from '../../state/notices.ts'
import { usePreferences } from '../../state/preferences.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { DocumentBox, useDocumentNames } from '../../ui/document-box.tsx'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import { Menu } from '../../ui/menu.tsx'
import { longestInAddress, type LabSettings, type LabSubject } from './address.ts'
import { keepText } from './kept-text.ts'
import type { OpenedText } from './use-lab.ts'

/** What is looked at: a document of a collection, a text, or any file. */
export function SubjectBar({
  settings,
  opened,
  onChange,
}: {
  settings: LabSettings
  opened: OpenedText | null
  onChange(change: Partial<LabSettings>): void
}) {
  const collections = useWorkspace((workspace) => workspace.collections) ?? []
  const last = usePreferences((preferences) => preferences.lastCollectionId)
  const [pasting, setPasting] = useState(false)
  const { subject } = settings
  const ofText = opened?.text.documentId ? opened.text.collectionId : null
  const wanted = settings.collectionId ?? ofText ?? (last as CollectionId | null)
  const collection = collections.find(({ id }) => id === wanted) ?? collections[0]
  const documents = useDocumentNames(collection?.id ?? null, collection?.documents)
  const choose = (next: LabSubject): void => onChange({ subject: next, expected: null })
  const pick = async (): Promise<void> => {
    const picked = await shell.pickFiles()
    const next = picked && (await subjectOfPicked(picked))
    if (next) choose(next)
  }
  return (
    <div className="lab-subject">
      {collections.length > 0 ? (
        <Menu
          label="Collection"
          trigger={
            <AriaButton className="scope-chip">
              <Library size={13} aria-hidden />
              <span className="visually-hidden">Collection: </span>
              <span className="lab-scope-name">{collection?.name}</span>
              <ChevronDown size={13} aria-hidden />
            </AriaButton>
          }
          entries={collections.map(({ id, name, documents: count }) => ({
            id,
            label: name,
            hint: formatNumberOf(count, 'document'),
            onAction: () => onChange({ collectionId: id, ...(subject?.kind === 'document' ? { subject: null } : {}) }),
          }))}
        />
      ) : null}
      {subject && subject.kind !== 'document' ? (
        <p className="lab-subject-name">
          <FileText size={13} aria-hidden />
          <span>{nameOf(subject, opened)}</span>
          <Button look="quiet" small onPress={() => onChange({ subject: null, expected: null })}>
            Back to documents
          </Button>
        </p>
      ) : documents && documents.length > 0 ? (
        <DocumentBox
          label="Document"
          documents={documents}
          value={subject?.documentId ?? null}
          onChange={(documentId) => choose({ kind: 'document', documentId })}
        />
      ) : null}
      <Button look="quiet" small icon={<ClipboardPaste size={14} aria-hidden />} onPress={() => setPasting(true)}>
        Paste text …
      </Button>
      <Button
        look="quiet"
        small
        icon={<FolderOpen size={14} aria-hidden />}
        onPress={() => void pick().catch(sayFailure)}
      >
        Open file …
      </Button>
      <Dialog isOpen={pasting} onClose={() => setPasting(false)} title="Paste a text" wide>
        <PasteForm
          onText={(text) => {
            setPasting(false)
            if (text.length > longestInAddress) keepText(text)
            choose({ kind: 'text', text })
          }}
          onClose={() => setPasting(false)}
        />
      </Dialog>
    </div>
  )
}

function PasteForm({ onText, onClose }: { onText(text: string): void; onClose(): void }) {
  const [text, setText] = useState('')
  return (
    <>
      <div className="dialog-body">
        <div className="field">
          <label htmlFor="lab-paste">Text</label>
          <textarea
            id="lab-paste"
            className="input lab-paste mono"
            rows={14}
            value={text}
            autoFocus
            spellCheck={false}
            onChange={(event) => setText(event.target.value)}
          />
          <p className="field-help">
            {text === '' ? 'Headings, tables and code are read as Markdown has them.' : formatCharacters(text.length)}
          </p>
        </div>
      </div>
      <footer className="dialog-footer">
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" isDisabled={text.trim() === ''} onPress={() => onText(text)}>
          Look at it
        </Button>
      </footer>
    </>
  )
}

function formatCharacters(count: number): string {
  return count === 1 ? '1 character' : `${formatCount(count)} characters`
}

function nameOf(subject: LabSubject, opened: OpenedText | null): string {
  if (subject.kind === 'upload') return subject.name
  if (subject.kind === 'file') return subject.path.split(/[\\/]/).at(-1) ?? subject.path
  return opened?.text.title ?? 'Pasted text'
}

/** The first file of what was picked or dropped; null where there is none. */
export async function subjectOfPicked({ paths, files }: Picked): Promise<LabSubject | null> {
  const [path] = paths
  if (path !== undefined) return { kind: 'file', path }
  const [picked] = files
  if (!picked) return null
  const { uploadId } = await core().ingest.upload({ path: picked.path, offset: 0, data: picked.file, last: true })
  return { kind: 'upload', uploadId, name: picked.file.name }
}
