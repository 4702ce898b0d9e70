import { useMemo, useState } from 'react'
import type { Preview } from '../../../core/contract/chunks.ts'
import { formatCount, formatNumberOf } from '../../ui/format.ts'
import type { TextWindow } from '../../ui/text-blocks.ts'
import { ChunkViewer } from './chunk-viewer.tsx'
import { chunkAt } from './segments.ts'
import type { SourceText } from './source-pane.tsx'

/** What a file would become: the same view as that of a document's chunks, but nothing can be changed. */
export function PreviewChunks({ preview, name }: { preview: Preview; name: string }) {
  const [start, setStart] = useState(0)
  const [ordinal, setOrdinal] = useState<number | null>(null)
  const { chunks, text, textLength } = preview
  const source = useMemo<SourceText>(() => {
    const { type, elements, pages } = preview
    const peek = (span: { start: number; end: number }): TextWindow => ({
      text: preview.text.slice(span.start, span.end),
      textStart: span.start,
      elements: elements.filter((element) => element.end > span.start && element.start < span.end),
      pages: pages.filter((page) => page.end > span.start && page.start < span.end),
      type,
    })
    return { name, type, length: preview.text.length, peek, read: (span) => Promise.resolve(peek(span)) }
  }, [preview, name])
  const byOrdinal = ordinal === null ? undefined : chunks[ordinal]
  const chosen = byOrdinal?.start === start ? byOrdinal : chunkAt(chunks, start)
  return (
    <ChunkViewer
      source={source}
      chunks={chunks}
      active={chosen ? chunks.indexOf(chosen) : 0}
      onActive={(index) => {
        const chunk = chunks[index]
        if (!chunk) return
        setStart(chunk.start)
        setOrdinal(chunk.ordinal)
      }}
      note={
        text.length < textLength ? (
          <span className="soft">
            {' '}
            · of the first {formatCount(text.length)} of {formatCount(textLength)} characters; in all{' '}
            {formatNumberOf(preview.totals.chunks, 'chunk')}
          </span>
        ) : null
      }
    />
  )
}
