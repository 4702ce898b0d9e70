import { useState, type FormEvent } from 'react'
import { X } from 'lucide-react'
import type { Document } from '../../../core/contract/documents.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useNotices } from '../../state/notices.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, TextLine } from '../../ui/dialog.tsx'
import { facetsOf } from '../../ui/filter-field.tsx'
import { formatNumberOf } from '../../ui/format.ts'

/** Tags as chips; all of them in a tip where there is no room. */
export function TagList({ tags }: { tags: readonly string[] }) {
  if (tags.length === 0) return null
  return (
    <span className="tags" title={tags.join(', ')}>
      {tags.map((tag) => (
        <span key={tag} className="tag">
          {tag}
        </span>
      ))}
    </span>
  )
}

/** Puts tags on documents and takes them off. `known` are tags of the collection, offered while typing. */
export function TagDialog({
  documents,
  known,
  onClose,
  onDone,
}: {
  documents: Document[]
  known: readonly string[]
  onClose(): void
  onDone(): void
}) {
  const [first] = documents
  const title =
    documents.length === 1
      ? `Tags of “${first?.name ?? ''}”`
      : `Tags of ${formatNumberOf(documents.length, 'document')}`
  return (
    <Dialog isOpen={documents.length > 0} onClose={onClose} title={title}>
      <TagForm documents={documents} known={known} onClose={onClose} onDone={onDone} />
    </Dialog>
  )
}

function TagForm({
  documents,
  known,
  onClose,
  onDone,
}: {
  documents: Document[]
  known: readonly string[]
  onClose(): void
  onDone(): void
}) {
  const [added, setAdded] = useState<string[]>([])
  const [removed, setRemoved] = useState<ReadonlySet<string>>(new Set())
  const [text, setText] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const present = facetsOf(documents).tags
  const shown = new Set([...present.map(([tag]) => tag), ...added].map((tag) => tag.toLowerCase()))
  const suggestions = known.filter((tag) => !shown.has(tag.toLowerCase())).slice(0, 12)

  const put = (tag: string): void => {
    const name = tag.trim()
    if (name === '') return
    if (name.length > 60) {
      setFailure('A tag has at most 60 characters. Make it shorter.')
      return
    }
    setFailure(null)
    setText('')
    setRemoved(new Set([...removed].filter((other) => other.toLowerCase() !== name.toLowerCase())))
    if (!added.some((other) => other.toLowerCase() === name.toLowerCase())) setAdded([...added, name])
  }
  const save = async (): Promise<void> => {
    const typed = text.trim()
    const add = typed === '' ? added : [...added, typed]
    setBusy(true)
    try {
      const { changed } = await core().documents.tag({
        documentIds: documents.map(({ id }) => id),
        add,
        remove: [...removed],
      })
      useNotices.getState().say(`Changed the tags of ${formatNumberOf(changed, 'document')}.`)
      onClose()
      onDone()
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    // Enter in the field puts the tag in; with an empty field it is the wish to be done.
    if (text.trim() !== '') put(text)
    else void save()
  }

  return (
    <form onSubmit={submit}>
      <div className="dialog-body">
        {present.length > 0 ? (
          <div className="field">
            <h3>{documents.length === 1 ? 'Has' : 'Some have'}</h3>
            <ul className="tag-choices">
              {present.map(([tag, count]) => {
                const off = removed.has(tag)
                return (
                  <li key={tag}>
                    <button
                      type="button"
                      className="tag tag-button"
                      aria-pressed={!off}
                      aria-label={off ? `${tag}, will be taken off` : `${tag}: take it off`}
                      onClick={() => setRemoved(off ? without(removed, tag) : new Set([...removed, tag]))}
                    >
                      <span>{tag}</span>
                      {documents.length > 1 ? <span className="soft number">{count}</span> : null}
                      <X size={12} aria-hidden />
                    </button>
                  </li>
                )
              })}
            </ul>
          </div>
        ) : null}
        <TextLine label="Add a tag" value={text} onChange={setText} failure={failure} autoFocus />
        {added.length > 0 ? (
          <ul className="tag-choices" aria-label="Tags to add">
            {added.map((tag) => (
              <li key={tag}>
                <button
                  type="button"
                  className="tag tag-button tag-new"
                  aria-label={`Do not add ${tag}`}
                  onClick={() => setAdded(added.filter((other) => other !== tag))}
                >
                  <span>{tag}</span>
                  <X size={12} aria-hidden />
                </button>
              </li>
            ))}
          </ul>
        ) : null}
        {suggestions.length > 0 ? (
          <div className="field">
            <h3>In this collection</h3>
            <ul className="tag-choices">
              {suggestions.map((tag) => (
                <li key={tag}>
                  <button type="button" className="tag tag-button" aria-label={`Add ${tag}`} onClick={() => put(tag)}>
                    {tag}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ) : null}
      </div>
      <footer className="dialog-footer">
        <Button look="plain" onPress={onClose}>
          Cancel
        </Button>
        <Button
          look="primary"
          onPress={() => void save()}
          isDisabled={busy || (added.length === 0 && removed.size === 0 && text.trim() === '')}
        >
          Save tags
        </Button>
      </footer>
    </form>
  )
}

function without(set: ReadonlySet<string>, value: string): ReadonlySet<string> {
  return new Set([...set].filter((other) => other !== value))
}
