import { useEffect, useId, useRef, useState, type FormEvent, type KeyboardEvent } from 'react'
import { ArrowUp, FileText, Hash, Square, X } from 'lucide-react'
import { Button as AriaButton } from 'react-aria-components'
import type { MessageScope } from '../../../core/contract/conversations.ts'
import type { CollectionId, DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { IconButton } from '../../ui/button.tsx'
import { formatNumberOf } from '../../ui/format.ts'
import { emptyDraft, useDrafts } from './drafts.ts'
import { mentionAt, withoutMention, type Mention } from './mention.ts'

interface Suggestion {
  key: string
  label: string
  hint: string
  add(scope: MessageScope): MessageScope
}

/**
 * Where questions are typed (APG: the box with a list of suggestions that keeps the focus). '@' offers documents and '#'
 * tags; what is chosen becomes a chip above the box, and every question is asked of that until it is taken away.
 */
export function Composer({
  draftKey,
  collectionIds,
  isAnswering,
  blocked,
  isTrial,
  readsWhole,
  onSend,
  onStop,
  onEditLast,
}: {
  draftKey: string
  collectionIds: readonly CollectionId[]
  isAnswering: boolean
  /** Why nothing can be asked; null: it can. */
  blocked: string | null
  /** Beside a form, which may be being filled in. */
  isTrial: boolean
  /** Whether one document may be read from beginning to end. */
  readsWhole: boolean
  onSend(text: string, scope: MessageScope): void
  onStop(): void
  /** Up in an empty box. */
  onEditLast(): void
}) {
  const draft = useDrafts((state) => state.drafts[draftKey] ?? emptyDraft)
  const box = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  const [mention, setMention] = useState<Mention | null>(null)
  const [active, setActive] = useState(0)
  const found = useSuggestions(collectionIds, mention)
  const isOpen = mention !== null && found !== null && found.length > 0
  const index = Math.min(active, Math.max(0, (found?.length ?? 0) - 1))
  const change = useDrafts.getState().set
  const { text, scope } = draft
  const isBlocked = blocked !== null

  useEffect(() => {
    if (!isTrial || hasNoFocus()) box.current?.focus({ preventScroll: true })
  }, [draftKey, isTrial])
  useEffect(() => {
    if (!isBlocked && hasNoFocus()) box.current?.focus({ preventScroll: true })
  }, [isBlocked])

  const send = (event: FormEvent | KeyboardEvent): void => {
    event.preventDefault()
    if (text.trim() === '' || isAnswering || isBlocked) return
    setMention(null)
    onSend(text.trim(), scope)
  }
  const choose = (suggestion: Suggestion | undefined): void => {
    if (!suggestion || !mention) return
    const left = withoutMention(text, mention)
    change(draftKey, { text: left.text, scope: suggestion.add(scope) })
    setMention(null)
    requestAnimationFrame(() => {
      box.current?.focus()
      box.current?.setSelectionRange(left.caret, left.caret)
    })
  }
  const look = (element: HTMLTextAreaElement): void => {
    const { selectionStart, selectionEnd, value } = element
    setMention(selectionStart === selectionEnd ? mentionAt(value, selectionStart) : null)
    setActive(0)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    // Enter also ends a composition (Japanese, Chinese): that is not sending.
    if (event.nativeEvent.isComposing) return
    const act = (): boolean => {
      if (isOpen) {
        if (event.key === 'ArrowDown') setActive((index + 1) % found.length)
        else if (event.key === 'ArrowUp') setActive((index + found.length - 1) % found.length)
        else if (event.key === 'Enter' || event.key === 'Tab') choose(found[index])
        else if (event.key === 'Escape') setMention(null)
        else return false
        return true
      }
      if (event.key === 'Enter' && !event.shiftKey) send(event)
      else if (event.key === 'Escape' && isAnswering) onStop()
      else if (event.key === 'ArrowUp' && text === '') onEditLast()
      else if (event.key === 'Backspace' && text === '' && scope.documents.length + scope.tags.length > 0) {
        change(draftKey, { scope: withoutLast(scope) })
      } else return false
      return true
    }
    if (act()) event.preventDefault()
  }
  return (
    <form className="composer chat-composer" onSubmit={send}>
      <ScopeChips scope={scope} readsWhole={readsWhole} onChange={(next) => change(draftKey, { scope: next })} />
      <div className="composer-anchor">
        {isOpen ? (
          <ul id={`${id}-list`} className="mention-list" role="listbox" aria-label={mentionLabel(mention)}>
            {found.map((suggestion, position) => (
              <li
                key={suggestion.key}
                id={`${id}-${position}`}
                role="option"
                aria-selected={position === index}
                className="menu-item"
                onPointerMove={() => setActive(position)}
                // Before the box loses the focus.
                onPointerDown={(event) => {
                  event.preventDefault()
                  choose(suggestion)
                }}
              >
                <span className="menu-icon">
                  {mention.kind === 'document' ? <FileText size={14} aria-hidden /> : <Hash size={14} aria-hidden />}
                </span>
                <span className="menu-label">{suggestion.label}</span>
                <span className="menu-hint">{suggestion.hint}</span>
              </li>
            ))}
          </ul>
        ) : mention !== null && found?.length === 0 ? (
          <p className="mention-list mention-none soft">{nothingFound(mention)}</p>
        ) : null}
        <div className="composer-box">
          <textarea
            id="page-search"
            ref={box}
            rows={1}
            value={text}
            disabled={isBlocked}
            maxLength={200_000}
            placeholder={blocked ?? 'Ask the documents'}
            aria-label="Question"
            aria-describedby={`${id}-hint`}
            aria-autocomplete="list"
            aria-controls={isOpen ? `${id}-list` : undefined}
            aria-activedescendant={isOpen ? `${id}-${index}` : undefined}
            onChange={(event) => {
              change(draftKey, { text: event.target.value })
              look(event.target)
            }}
            onSelect={(event) => look(event.currentTarget)}
            onBlur={() => setMention(null)}
            onKeyDown={onKeyDown}
          />
          {isAnswering ? (
            <IconButton label="Stop" icon={<Square size={14} fill="currentColor" aria-hidden />} onPress={onStop} />
          ) : (
            <AriaButton
              type="submit"
              className="send-button"
              aria-label="Send"
              isDisabled={isBlocked || text.trim() === ''}
            >
              <ArrowUp size={16} aria-hidden />
            </AriaButton>
          )}
        </div>
      </div>
      <p id={`${id}-hint`} className="composer-hint soft">
        Enter sends, Shift-Enter makes a new line. @ narrows to a document, # to a tag.
      </p>
      <p className="visually-hidden" role="status">
        {mention && found
          ? `${formatNumberOf(found.length, mention.kind)} to choose from${isOpen ? ': up, down, Enter' : ''}.`
          : ''}
      </p>
    </form>
  )
}

function hasNoFocus(): boolean {
  return document.activeElement === null || document.activeElement === document.body
}

function mentionLabel({ kind }: Mention): string {
  return kind === 'document' ? 'Documents' : 'Tags'
}

function nothingFound({ kind, query }: Mention): string {
  if (kind === 'document') return `No document has “${query}” in its name or title.`
  return query === ''
    ? 'No document has a tag yet. Tags are given to documents in the library.'
    : `No tag has “${query}” in it. Tags are given to documents in the library.`
}

/** What questions are asked of, each with the way to take it away. */
function ScopeChips({
  scope,
  readsWhole,
  onChange,
}: {
  scope: MessageScope
  readsWhole: boolean
  onChange(scope: MessageScope): void
}) {
  const { documents, tags, reading } = scope
  if (documents.length + tags.length === 0) return null
  return (
    <div className="scope-chips" role="group" aria-label="Asked of">
      <span className="soft">Asking only</span>
      {documents.map(({ documentId, name }) => (
        <button
          key={documentId}
          type="button"
          className="tag tag-button"
          aria-label={`Take out ${name}`}
          onClick={() => {
            const left = documents.filter((other) => other.documentId !== documentId)
            onChange({ ...scope, documents: left, reading: left.length === 1 ? reading : 'auto' })
          }}
        >
          <FileText size={12} aria-hidden />
          <span>{name}</span>
          <X size={12} aria-hidden />
        </button>
      ))}
      {tags.map((tag) => (
        <button
          key={tag}
          type="button"
          className="tag tag-button"
          aria-label={`Take out the tag ${tag}`}
          onClick={() => onChange({ ...scope, tags: tags.filter((other) => other !== tag) })}
        >
          <Hash size={12} aria-hidden />
          <span>{tag}</span>
          <X size={12} aria-hidden />
        </button>
      ))}
      {readsWhole && documents.length === 1 && tags.length === 0 ? (
        <label className="ask-whole soft">
          <input
            type="checkbox"
            checked={reading === 'document'}
            onChange={(event) => onChange({ ...scope, reading: event.target.checked ? 'document' : 'auto' })}
          />
          Read the whole document
        </label>
      ) : null}
    </div>
  )
}

function withoutLast(scope: MessageScope): MessageScope {
  if (scope.tags.length > 0) return { ...scope, tags: scope.tags.slice(0, -1) }
  return { ...scope, documents: scope.documents.slice(0, -1), reading: 'auto' }
}

/** Null until something is known for what is typed now. */
function useSuggestions(collectionIds: readonly CollectionId[], mention: Mention | null): Suggestion[] | null {
  const [known, setKnown] = useState<{ key: string; suggestions: Suggestion[] } | null>(null)
  const key = mention && collectionIds.length > 0 ? `${mention.kind} ${mention.query}` : ''
  const ids = collectionIds.join(' ')
  const { kind, query } = mention ?? { kind: 'document', query: '' }
  useEffect(() => {
    if (key === '') return undefined
    const controller = new AbortController()
    const read = async (): Promise<void> => {
      const input = { collectionIds: ids.split(' ') as CollectionId[], query }
      const { documents, tags } = await core().documents.suggest(input, { signal: controller.signal })
      if (controller.signal.aborted) return
      const suggestions: Suggestion[] =
        kind === 'document'
          ? documents.map((document) => documentSuggestion(document))
          : tags.map(({ tag, documents: count }) => ({
              key: tag,
              label: tag,
              hint: formatNumberOf(count, 'document'),
              add: (scope) => ({ ...scope, tags: [...new Set([...scope.tags, tag])] }),
            }))
      setKnown({ key, suggestions })
    }
    // Suggestions are a courtesy: without them the question can be asked as well.
    const timer = setTimeout(() => void read().catch(() => {}), 120)
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [key, ids, kind, query])
  // While the next letters are looked up, what was found for the ones before stays.
  return key !== '' && known?.key.startsWith(`${kind} `) ? known.suggestions : null
}

function documentSuggestion({ id, name, path }: { id: DocumentId; name: string; path: string }): Suggestion {
  return {
    key: id,
    label: name,
    hint: path === name ? '' : path.slice(0, -name.length),
    add: (scope) => ({
      ...scope,
      documents: [...scope.documents.filter(({ documentId }) => documentId !== id), { documentId: id, name }],
      reading: scope.documents.length === 0 ? scope.reading : 'auto',
    }),
  }
}
