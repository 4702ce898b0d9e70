import { useLayoutEffect, useMemo, useRef } from 'react'
import type { ExpectedSpan } from '../../../core/contract/datasets.ts'
import type { DocumentId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { useRead } from '../../state/use-read.ts'
import { BlockView } from '../../ui/block-view.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { toBlocks } from '../../ui/text-blocks.ts'

/** An expected passage, marked in the text around it; of a lost one, the words that were judged. */
export function PassageView({ passage, aroundCharacters }: { passage: ExpectedSpan; aroundCharacters: number }) {
  const { documentId, lost, path, text } = passage
  if (documentId !== null && lost === null) {
    return <PassageInDocument documentId={documentId} passage={passage} aroundCharacters={aroundCharacters} />
  }
  return (
    <figure className="passage-lost">
      <blockquote className="reading">{text}</blockquote>
      <figcaption className="soft">
        {lost === 'text-missing' ? `These words are not in ${path} any more.` : `${path} is not in the collection.`}
      </figcaption>
    </figure>
  )
}

function PassageInDocument({
  documentId,
  passage: { path, start, end },
  aroundCharacters,
}: {
  documentId: DocumentId
  passage: ExpectedSpan
  aroundCharacters: number
}) {
  const { value, failure, retry } = useRead(
    (signal) => core().documents.text({ documentId, start, end, around: aroundCharacters }, { signal }),
    `${documentId} ${start} ${end}`,
  )
  const box = useRef<HTMLDivElement>(null)
  const blocks = useMemo(
    () => (value ? toBlocks({ ...value, type: value.document.type }, { start, end }) : []),
    [value, start, end],
  )
  useLayoutEffect(() => {
    const mark = box.current?.querySelector('mark')
    if (!mark || !box.current) return
    const top = mark.getBoundingClientRect().top - box.current.getBoundingClientRect().top
    box.current.scrollTop += top - Math.min(box.current.clientHeight * 0.3, 120)
  }, [blocks])
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  return (
    <div className="passage-view">
      <p className="reader-path mono">{[value?.document.path ?? path, ...(value?.headings ?? [])].join(' › ')}</p>
      <div ref={box} className="passage-excerpt reading" role="region" aria-label={`Passage of ${path}`} tabIndex={0}>
        {value ? (
          blocks.map((block, index) => <BlockView key={`${block.start}-${index}`} block={block} wraps />)
        ) : (
          <p className="soft">Opening the document …</p>
        )}
      </div>
    </div>
  )
}
