import { useEffect, useMemo, useState } from 'react'
import { Button as AriaButton, ComboBox, Input, Label, ListBox, ListBoxItem, Popover } from 'react-aria-components'
import { ChevronDown } from 'lucide-react'
import type { CollectionId, DocumentId } from '../../core/shared/ids.ts'
import { core } from '../state/client.ts'
import { sayFailure } from '../state/notices.ts'

export interface NamedDocument {
  id: DocumentId
  name: string
  path: string
}

/** A document by a few letters of its path (APG: combobox). */
export function DocumentBox({
  label,
  documents,
  value,
  onChange,
}: {
  label: string
  documents: NamedDocument[]
  value: DocumentId | null
  onChange(documentId: DocumentId): void
}) {
  const [typed, setTyped] = useState<string | null>(null)
  const chosen = documents.find((document) => document.id === value)
  const words = (typed ?? '').toLowerCase()
  const shown = useMemo(
    () => documents.filter((document) => document.path.toLowerCase().includes(words)).slice(0, mostShown),
    [documents, words],
  )
  return (
    <ComboBox
      className="document-box"
      items={shown}
      inputValue={typed ?? chosen?.path ?? ''}
      onInputChange={setTyped}
      value={value}
      onChange={(key) => {
        setTyped(null)
        if (key !== null) onChange(key as DocumentId)
      }}
      onBlur={() => setTyped(null)}
      menuTrigger="focus"
    >
      <Label>{label}</Label>
      <div className="combo">
        <Input className="input" placeholder="Choose a document" onFocus={(event) => event.currentTarget.select()} />
        <AriaButton className="icon-button">
          <ChevronDown size={14} aria-hidden />
        </AriaButton>
      </div>
      <Popover className="popover combo-list" offset={4}>
        <ListBox className="menu">
          {(document: NamedDocument) => (
            <ListBoxItem id={document.id} textValue={document.path} className="menu-item">
              <span className="menu-label">{document.path}</span>
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </ComboBox>
  )
}

const mostShown = 60

/** Null until they are known. `count` makes it look again. */
export function useDocumentNames(collectionId: CollectionId | null, count = 0): NamedDocument[] | null {
  const [known, setKnown] = useState<{ collectionId: CollectionId; documents: NamedDocument[] } | null>(null)
  useEffect(() => {
    if (!collectionId) return undefined
    const controller = new AbortController()
    core()
      .documents.list({ collectionId }, { signal: controller.signal })
      .then(
        (page) => setKnown({ collectionId, documents: page.documents }),
        (error: unknown) => void (controller.signal.aborted || sayFailure(error)),
      )
    return () => controller.abort()
  }, [collectionId, count])
  return known?.collectionId === collectionId ? known.documents : null
}
