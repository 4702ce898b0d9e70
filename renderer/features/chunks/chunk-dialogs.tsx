import { useId, useRef, useState, type FormEvent } from 'react'
import type { ShownChunk } from '../../../core/contract/chunks.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import { toFailure } from '../../state/failure.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import type { Span } from '../../ui/text-blocks.ts'
import { offsetInText } from './segments.ts'

/** Changes what is indexed instead of a chunk's text; the document keeps its own words. */
export function EditChunkDialog({
  chunk,
  onSave,
  onClose,
}: {
  chunk: ShownChunk | null
  /** Throws what the core refuses. */
  onSave(chunk: ShownChunk, text: string): Promise<void>
  onClose(): void
}) {
  return (
    <Dialog isOpen={chunk !== null} onClose={onClose} title={`Edit chunk ${(chunk?.ordinal ?? 0) + 1}`} wide>
      {chunk ? <EditForm chunk={chunk} onSave={onSave} onClose={onClose} /> : null}
    </Dialog>
  )
}

function EditForm({
  chunk,
  onSave,
  onClose,
}: {
  chunk: ShownChunk
  onSave(chunk: ShownChunk, text: string): Promise<void>
  onClose(): void
}) {
  const id = useId()
  const [text, setText] = useState(chunk.edited ?? chunk.text)
  const { busy, failure, submit } = useSubmit(() => onSave(chunk, text), onClose)
  const same = text.trim() === (chunk.edited ?? chunk.text).trim()
  return (
    <form onSubmit={submit}>
      <div className="dialog-body">
        <p className="soft">
          The new text is searched and quoted in place of the document’s own words. The document keeps its words, and
          the change is applied again whenever it is read anew, as long as they are in it.
        </p>
        <div className="field">
          <label htmlFor={id}>Text of the chunk</label>
          <textarea
            id={id}
            className="input chunk-editor"
            rows={9}
            value={text}
            autoFocus
            maxLength={100_000}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <div className="field">
          <h3 id={`${id}-original`}>In the document</h3>
          <div className="chunk-quote" role="region" tabIndex={0} aria-labelledby={`${id}-original`}>
            {chunk.text}
          </div>
        </div>
        {failure ? <FailureNote failure={failure} /> : null}
      </div>
      <footer className="dialog-footer">
        <Button look="quiet" isDisabled={text === chunk.text} onPress={() => setText(chunk.text)}>
          Use the document’s words
        </Button>
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={busy || same || text.trim() === ''}>
          Save
        </Button>
      </footer>
    </form>
  )
}

export interface NewChunk {
  /** What is selected in the source, or null: then it is selected in the dialog. */
  span: Span | null
  /** The text around the chosen chunk, or the selected one. */
  text: string
  /** Offset of `text` in the document. */
  textStart: number
}

/** Makes a chunk by hand over a selected stretch of the document. */
export function NewChunkDialog({
  draft,
  onSave,
  onClose,
}: {
  draft: NewChunk | null
  onSave(span: Span, text: string | null): Promise<void>
  onClose(): void
}) {
  return (
    <Dialog isOpen={draft !== null} onClose={onClose} title="New chunk" wide>
      {draft ? <NewForm draft={draft} onSave={onSave} onClose={onClose} /> : null}
    </Dialog>
  )
}

function NewForm({
  draft,
  onSave,
  onClose,
}: {
  draft: NewChunk
  onSave(span: Span, text: string | null): Promise<void>
  onClose(): void
}) {
  const id = useId()
  const area = useRef<HTMLTextAreaElement>(null)
  const [chosen, setChosen] = useState<Span | null>(draft.span)
  const [text, setText] = useState('')
  const save = (): Promise<void> => (chosen ? onSave(chosen, text.trim() === '' ? null : text) : Promise.resolve())
  const { busy, failure, submit } = useSubmit(save, onClose)
  const follow = (): void => {
    const box = area.current
    if (!box) return
    const start = draft.textStart + offsetInText(draft.text, box.selectionStart)
    const end = draft.textStart + offsetInText(draft.text, box.selectionEnd)
    setChosen(end > start ? { start, end } : null)
  }
  return (
    <form onSubmit={submit}>
      <div className="dialog-body">
        {draft.span ? (
          <div className="field">
            <h3 id={`${id}-selected`}>Selected text</h3>
            <div className="chunk-quote" role="region" tabIndex={0} aria-labelledby={`${id}-selected`}>
              {draft.text}
            </div>
          </div>
        ) : (
          <div className="field">
            <label htmlFor={`${id}-source`}>Text of the document around the chosen chunk</label>
            <textarea
              id={`${id}-source`}
              ref={area}
              className="input chunk-editor"
              rows={10}
              // Browsers move no caret by keys where `readOnly` is set: the value is held in place instead.
              aria-readonly="true"
              autoFocus
              value={draft.text}
              onChange={() => {}}
              aria-describedby={`${id}-help`}
              onSelect={follow}
            />
            <p id={`${id}-help`} className="soft">
              Select the words of the new chunk, with the mouse or with Shift and the arrow keys.
            </p>
          </div>
        )}
        <div className="field">
          <label htmlFor={`${id}-text`}>Other words to search and quote instead (may stay empty)</label>
          <textarea
            id={`${id}-text`}
            className="input chunk-editor"
            rows={3}
            value={text}
            maxLength={100_000}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        {failure ? <FailureNote failure={failure} /> : null}
      </div>
      <footer className="dialog-footer">
        <span className="soft number dialog-note" role="status">
          {chosen ? `${chosen.end - chosen.start} characters selected` : 'Nothing selected yet'}
        </span>
        <Button onPress={onClose}>Cancel</Button>
        <Button look="primary" type="submit" isDisabled={busy || !chosen}>
          Add chunk
        </Button>
      </footer>
    </form>
  )
}

function useSubmit(run: () => Promise<void>, onDone: () => void) {
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    if (busy) return
    setBusy(true)
    run().then(onDone, (error: unknown) => {
      setFailure(toFailure(error))
      setBusy(false)
    })
  }
  return { busy, failure, submit }
}
