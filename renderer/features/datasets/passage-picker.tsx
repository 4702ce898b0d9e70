import { useMemo, useRef, useState, type FormEvent } from 'react'
import { Plus, Search } from 'lucide-react'
import type { ExpectedSpan } from '../../../core/contract/datasets.ts'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { RetrievedPassage } from '../../../core/contract/search.ts'
import type { CollectionId, DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { createLatest } from '../../state/latest.ts'
import { useRead } from '../../state/use-read.ts'
import { BlockView } from '../../ui/block-view.tsx'
import { Button } from '../../ui/button.tsx'
import { DocumentBox, useDocumentNames } from '../../ui/document-box.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { selectedSpan } from '../../ui/selected-span.ts'
import { toBlocks } from '../../ui/text-blocks.ts'

/** A passage of a document, found by a search of the collection or selected in a document. */
export function PassagePicker({
  collectionId,
  taken,
  onTake,
}: {
  collectionId: CollectionId
  taken: readonly ExpectedSpan[]
  onTake(passage: ExpectedSpan): void
}) {
  const [way, setWay] = useState<'search' | 'document'>('search')
  const [place, setPlace] = useState<{ documentId: DocumentId; start: number } | null>(null)
  return (
    <section className="passage-picker" aria-label="Find a passage">
      <div className="chips" role="group" aria-label="How to find it">
        <button type="button" className="chip" aria-pressed={way === 'search'} onClick={() => setWay('search')}>
          Search the collection
        </button>
        <button type="button" className="chip" aria-pressed={way === 'document'} onClick={() => setWay('document')}>
          In a document
        </button>
      </div>
      {way === 'search' ? (
        <SearchForPassage
          collectionId={collectionId}
          taken={taken}
          onTake={onTake}
          onOpen={({ documentId, start }) => {
            setPlace({ documentId, start })
            setWay('document')
          }}
        />
      ) : (
        <SelectInDocument
          collectionId={collectionId}
          place={place}
          onPlace={(documentId) => setPlace({ documentId, start: 0 })}
          onTake={onTake}
        />
      )}
    </section>
  )
}

function SearchForPassage({
  collectionId,
  taken,
  onTake,
  onOpen,
}: {
  collectionId: CollectionId
  taken: readonly ExpectedSpan[]
  onTake(passage: ExpectedSpan): void
  onOpen(passage: RetrievedPassage): void
}) {
  const [words, setWords] = useState('')
  const [found, setFound] = useState<RetrievedPassage[] | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [latest] = useState(createLatest)
  const search = async (): Promise<void> => {
    const isNews = latest.begin()
    try {
      const { results } = await core().search.run({ collectionId, query: words, k: 10 })
      if (!isNews()) return
      setFound(results)
      setFailure(null)
    } catch (error) {
      if (isNews()) setFailure(toFailure(error))
    }
  }
  const submit = (event: FormEvent): void => {
    event.preventDefault()
    // The form around it is that of the case.
    event.stopPropagation()
    if (words.trim() !== '') void search()
  }
  const isTaken = ({ documentId, start, end }: RetrievedPassage): boolean =>
    taken.some((each) => each.documentId === documentId && each.start === start && each.end === end)
  return (
    <>
      <form className="passage-search" role="search" onSubmit={submit}>
        <input
          className="input"
          aria-label="Words of the passage"
          placeholder="Words of the passage"
          value={words}
          onChange={(event) => setWords(event.target.value)}
        />
        <Button type="submit" icon={<Search size={14} aria-hidden />} isDisabled={words.trim() === ''}>
          Search
        </Button>
      </form>
      {failure ? <FailureNote failure={failure} /> : null}
      <p className="soft" role="status">
        {found === null ? '' : found.length === 0 ? 'Nothing was found. Try other words.' : `${found.length} found`}
      </p>
      <ul className="passage-found-list" aria-label="Found passages">
        {(found ?? []).map((passage) => (
          <li key={`${passage.documentId} ${passage.start}`}>
            <p className="reader-path mono">{[passage.path, ...passage.headings].join(' › ')}</p>
            <p className="reading">{excerpt(passage.text)}</p>
            <div className="case-passage-actions">
              <Button
                small
                icon={<Plus size={14} aria-hidden />}
                isDisabled={isTaken(passage)}
                onPress={() => onTake(spanOf(passage, passage.text))}
              >
                {isTaken(passage) ? 'Taken' : 'Take this passage'}
              </Button>
              <Button small look="quiet" onPress={() => onOpen(passage)}>
                Select less of it …
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}

const windowCharacters = 20_000

function SelectInDocument({
  collectionId,
  place,
  onPlace,
  onTake,
}: {
  collectionId: CollectionId
  place: { documentId: DocumentId; start: number } | null
  onPlace(documentId: DocumentId): void
  onTake(passage: ExpectedSpan): void
}) {
  const documents = useDocumentNames(collectionId)
  const [words, setWords] = useState<{ text: string; start: number | null }>({ text: '', start: null })
  return (
    <>
      {documents ? (
        <DocumentBox label="Document" documents={documents} value={place?.documentId ?? null} onChange={onPlace} />
      ) : (
        <p className="soft">Reading the documents …</p>
      )}
      {place ? (
        <DocumentText
          key={`${place.documentId} ${place.start}`}
          {...place}
          words={words}
          onWords={setWords}
          onTake={(passage) => {
            onTake(passage)
            setWords({ text: '', start: null })
          }}
        />
      ) : (
        <p className="soft">Choose the document that the passage is in.</p>
      )}
    </>
  )
}

interface Words {
  text: string
  /** Where they stand, if they were selected; null where they were typed. */
  start: number | null
}

function DocumentText({
  documentId,
  start,
  words,
  onWords,
  onTake,
}: {
  documentId: DocumentId
  start: number
  words: Words
  onWords(words: Words): void
  onTake(passage: ExpectedSpan): void
}) {
  const [from, setFrom] = useState(Math.max(0, start - 2_000))
  const [problem, setProblem] = useState<string | null>(null)
  const pane = useRef<HTMLDivElement>(null)
  const { value, failure, retry } = useRead(
    (signal) => core().documents.text({ documentId, start: from, end: from + windowCharacters, around: 0 }, { signal }),
    `${documentId} ${from}`,
  )
  const blocks = useMemo(() => (value ? toBlocks({ ...value, type: value.document.type }, null) : []), [value])
  const take = (): void => {
    if (!value) return
    const inWindow = words.start === null ? placesOf(value.text, words.text.trim()) : []
    if (words.start === null && inWindow.length !== 1) {
      setProblem(
        inWindow.length === 0
          ? 'These words are not in this part of the document. White space and capitals count.'
          : `These words are here ${inWindow.length} times. Give more of them.`,
      )
      return
    }
    setProblem(null)
    const begin = words.start ?? value.textStart + (inWindow[0] ?? 0)
    const text = words.start === null ? words.text.trim() : words.text
    const { path } = value.document
    onTake(spanOf({ documentId, path, start: begin, end: begin + text.length }, text))
  }
  const readSelection = (): void => {
    const span = pane.current ? selectedSpan(pane.current) : null
    if (!span || !value) return
    setProblem(null)
    onWords({ text: value.text.slice(span.start - value.textStart, span.end - value.textStart), start: span.start })
  }
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  if (!value) return <p className="soft">Opening the document …</p>
  const end = value.textStart + value.text.length
  return (
    <>
      <div
        ref={pane}
        className="passage-excerpt passage-source reading"
        role="region"
        aria-label={`Text of ${value.document.path}`}
        tabIndex={0}
        onMouseUp={readSelection}
        onKeyUp={readSelection}
      >
        {blocks.map((block, index) => (
          <BlockView key={`${block.start}-${index}`} block={block} wraps />
        ))}
      </div>
      <div className="passage-window">
        <Button small isDisabled={from === 0} onPress={() => setFrom(Math.max(0, from - windowCharacters))}>
          Before
        </Button>
        <span className="soft number">
          {value.textStart.toLocaleString('en')} to {end.toLocaleString('en')} of{' '}
          {value.textLength.toLocaleString('en')} characters
        </span>
        <Button small isDisabled={end >= value.textLength} onPress={() => setFrom(end)}>
          After
        </Button>
      </div>
      <div className="field">
        <label htmlFor="passage-words">Selected words: select them above, or type them as they stand</label>
        <textarea
          id="passage-words"
          className="input case-text reading"
          rows={3}
          value={words.text}
          aria-invalid={problem ? true : undefined}
          aria-describedby={problem ? 'passage-problem' : undefined}
          onChange={(event) => onWords({ text: event.target.value, start: null })}
        />
        {problem ? (
          <p id="passage-problem" className="field-failure" role="alert">
            {problem}
          </p>
        ) : null}
      </div>
      <div>
        <Button icon={<Plus size={14} aria-hidden />} isDisabled={words.text.trim() === ''} onPress={take}>
          Take these words
        </Button>
      </div>
    </>
  )
}

function spanOf(
  { documentId, path, start, end }: { documentId: DocumentId; path: string; start: number; end: number },
  text: string,
): ExpectedSpan {
  return { documentId, path, start, end, text, grade: 1, judgedStart: start, lost: null }
}

function placesOf(text: string, words: string): number[] {
  const places: number[] = []
  for (let at = text.indexOf(words); words !== '' && at >= 0; at = text.indexOf(words, at + 1)) places.push(at)
  return places
}

const excerptCharacters = 400

function excerpt(text: string): string {
  return text.length <= excerptCharacters ? text : `${text.slice(0, excerptCharacters)} …`
}
