import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useEffect, useLayoutEffect, useMemo, useRef, type KeyboardEvent, type ReactNode } from 'react'
import { Eye, EyeOff, Pencil, Trash2, Undo2 } from 'lucide-react'
import type { ChunkEdit, ShownChunk } from '../../../core/contract/chunks.ts'
import { Button } from '../../ui/button.tsx'
import { formatCount, formatNumberOf, formatPages } from '../../ui/format.ts'
import { rowsInRange } from '../../ui/rows-in-range.ts'
import { statesOf, type ChunkState } from './chunk-figures.ts'
import { answerSpanOf } from './segments.ts'

export interface ChunkActions {
  setDisabled(chunk: ShownChunk, disabled: boolean): void
  edit(chunk: ShownChunk): void
  /** Takes back what was changed; a chunk added by hand goes. */
  takeBack(chunk: ShownChunk): void
}

interface Props {
  chunks: ShownChunk[]
  edits: ChunkEdit[]
  /** Position in `chunks`. */
  active: number
  onActive(index: number, by: 'keyboard' | 'pointer'): void
  onHover(index: number | null): void
  /** Enter: to the place in the source. */
  onJump(index: number): void
  /** Null: nothing can be changed here. */
  actions: ChunkActions | null
  /** Is given the function that puts the focus on the active row. */
  handle(focus: () => void): void
}

/**
 * The chunks as a grid whose rows take the focus (WAI-ARIA APG, Grid pattern: https://www.w3.org/WAI/ARIA/apg/patterns/grid/):
 * one row is in the tab order and so are its buttons; arrows, Page, Home and End move; Enter goes to the source; Space
 * switches off and on; E edits; Delete takes a change back. Only rows near the viewport exist, and the active one.
 */
export function ChunkList({ chunks, edits, active, onActive, onHover, onJump, actions, handle }: Props) {
  const scroller = useRef<HTMLDivElement>(null)
  /** The row that is to take the focus as soon as it is there. */
  const focusWanted = useRef<number | null>(null)
  const activeIndex = Math.min(active, Math.max(0, chunks.length - 1))

  // Its functions change with each scroll and are used here only, never handed to a memoised part.
  // eslint-disable-next-line react-hooks/incompatible-library
  const virtualizer = useVirtualizer({
    count: chunks.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 132,
    getItemKey: (index) => `${chunks[index]?.start ?? ''}-${chunks[index]?.end ?? ''}-${index}`,
    overscan: 4,
    useFlushSync: false,
    rangeExtractor: (range) => rowsInRange(range, activeIndex),
  })
  const items = virtualizer.getVirtualItems()

  useLayoutEffect(() => {
    if (focusWanted.current === null) return
    const row = scroller.current?.querySelector<HTMLElement>(`[role=row][data-index="${focusWanted.current}"]`)
    if (!row) return
    focusWanted.current = null
    row.focus({ preventScroll: true })
  }, [activeIndex, items])

  // Chosen elsewhere (in the source, by the address): brought into view, without taking the focus.
  const scrollTo = useRef((_index: number) => {})
  useEffect(() => {
    scrollTo.current = (index) => virtualizer.scrollToIndex(index, { align: 'auto' })
  })
  useEffect(() => scrollTo.current(activeIndex), [activeIndex])
  useEffect(() => {
    handle(() => scroller.current?.querySelector<HTMLElement>('[role=row][tabindex="0"]')?.focus())
  }, [handle])

  const moveTo = (index: number): void => {
    const next = Math.min(Math.max(index, 0), chunks.length - 1)
    focusWanted.current = next
    virtualizer.scrollToIndex(next)
    onActive(next, 'keyboard')
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (
      event.target instanceof HTMLElement &&
      event.target.closest('button') &&
      event.key !== 'ArrowDown' &&
      event.key !== 'ArrowUp'
    )
      return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const chunk = chunks[activeIndex]
    const act = (): boolean => {
      if (event.key === 'ArrowDown') moveTo(activeIndex + 1)
      else if (event.key === 'ArrowUp') moveTo(activeIndex - 1)
      else if (event.key === 'PageDown') moveTo(activeIndex + 5)
      else if (event.key === 'PageUp') moveTo(activeIndex - 5)
      else if (event.key === 'Home') moveTo(0)
      else if (event.key === 'End') moveTo(chunks.length - 1)
      else if (event.key === 'Enter') onJump(activeIndex)
      else if (!actions || !chunk) return false
      else if (event.key === ' ') actions.setDisabled(chunk, !chunk.disabled)
      else if (event.key === 'e' && !chunk.disabled) actions.edit(chunk)
      else if ((event.key === 'Delete' || event.key === 'Backspace') && chunk.editId) actions.takeBack(chunk)
      else return false
      return true
    }
    if (act()) event.preventDefault()
  }
  // Rows are memoised; stable functions serve them all, whatever has changed since.
  const latest = useRef({ onActive, onHover, actions })
  useEffect(() => {
    latest.current = { onActive, onHover, actions }
  })
  const stable = useMemo<RowFunctions>(
    () => ({
      onClick: (index) => {
        focusWanted.current = index
        latest.current.onActive(index, 'pointer')
      },
      onHover: (index) => latest.current.onHover(index),
      setDisabled: (chunk, disabled) => latest.current.actions?.setDisabled(chunk, disabled),
      edit: (chunk) => latest.current.actions?.edit(chunk),
      takeBack: (chunk) => latest.current.actions?.takeBack(chunk),
    }),
    [],
  )

  return (
    <div
      ref={scroller}
      className="chunks"
      role="grid"
      aria-label="Chunks"
      aria-rowcount={chunks.length}
      aria-colcount={actions ? 2 : 1}
      onKeyDown={onKeyDown}
      onPointerLeave={() => onHover(null)}
    >
      <div role="rowgroup" className="chunks-length" style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => {
          const chunk = chunks[item.index]
          return chunk ? (
            <div
              key={item.key}
              role="presentation"
              ref={virtualizer.measureElement}
              data-index={item.index}
              className="chunk-place"
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <Row
                chunk={chunk}
                index={item.index}
                states={statesOf(chunk, edits).join(' ')}
                isActive={item.index === activeIndex}
                changeable={actions !== null}
                functions={stable}
              />
            </div>
          ) : null
        })}
      </div>
    </div>
  )
}

interface RowFunctions extends ChunkActions {
  onClick(index: number): void
  onHover(index: number): void
}

const Row = memo(function Row({
  chunk,
  index,
  states,
  isActive,
  changeable,
  functions,
}: {
  chunk: ShownChunk
  index: number
  /** Joined, so that a memoised row can compare them. */
  states: string
  isActive: boolean
  changeable: boolean
  functions: RowFunctions
}) {
  const made = states.split(' ').filter(Boolean) as ChunkState[]
  const added = made.includes('added')
  const words = chunk.edited ?? chunk.text
  const edited = made.includes('edited')
  const answer = answerSpanOf(chunk)
  const place = [formatPages(chunk.pageFirst, chunk.pageLast), chunk.place ?? ''].filter(Boolean).join(' · ')
  const focusable = { excludeFromTabOrder: !isActive }
  return (
    <div
      role="row"
      aria-rowindex={index + 1}
      aria-selected={isActive}
      aria-label={`Chunk ${chunk.ordinal + 1}`}
      data-index={index}
      data-tone={chunk.disabled ? 'off' : index % 2 === 0 ? 'even' : 'odd'}
      tabIndex={isActive ? 0 : -1}
      className="chunk"
      onClick={() => functions.onClick(index)}
      onPointerEnter={() => functions.onHover(index)}
    >
      <div role="gridcell" className="chunk-body">
        <p className="chunk-facts">
          <span className="chunk-number number">{formatCount(chunk.ordinal + 1)}</span>
          <span className="number">
            {chunk.tokens > 0 ? formatNumberOf(chunk.tokens, 'token') : formatNumberOf(chunk.text.length, 'character')}
          </span>
          {place ? <span className="number">{place}</span> : null}
          {made.map((state) => (
            <span key={state} className={`chunk-state chunk-state-${state}`}>
              {stateLabels[state]}
            </span>
          ))}
        </p>
        {chunk.headings.length > 0 ? <p className="chunk-headings">{chunk.headings.join(' › ')}</p> : null}
        {chunk.context ? (
          <p className="chunk-context">
            <span className="chunk-label">Context</span> {chunk.context}
          </p>
        ) : null}
        {answer ? (
          <p className="chunk-context">
            <span className="chunk-label">Answers with</span>{' '}
            <span className="number">
              {formatNumberOf(answer.end - answer.start, 'character')} around it, from {formatCount(answer.start)} to{' '}
              {formatCount(answer.end)}
            </span>
          </p>
        ) : null}
        <p className="chunk-text">{isActive ? words : words.replace(/\n\s*\n/g, '\n')}</p>
        {edited && isActive ? (
          <p className="chunk-original">
            <span className="chunk-label">In the document</span> {chunk.text}
          </p>
        ) : null}
      </div>
      {changeable ? (
        <div role="gridcell" className="chunk-actions">
          <Action
            label={chunk.disabled ? 'Switch on' : 'Switch off'}
            icon={chunk.disabled ? <Eye size={14} aria-hidden /> : <EyeOff size={14} aria-hidden />}
            onPress={() => functions.setDisabled(chunk, !chunk.disabled)}
            {...focusable}
          />
          {chunk.disabled ? null : (
            <Action
              label="Edit text …"
              icon={<Pencil size={14} aria-hidden />}
              onPress={() => functions.edit(chunk)}
              {...focusable}
            />
          )}
          {(edited || added) && !chunk.disabled ? (
            <Action
              label={added ? 'Remove chunk' : 'Take the change back'}
              icon={added ? <Trash2 size={14} aria-hidden /> : <Undo2 size={14} aria-hidden />}
              onPress={() => functions.takeBack(chunk)}
              {...focusable}
            />
          ) : null}
        </div>
      ) : null}
    </div>
  )
})

function Action({ label, ...rest }: { label: string; icon: ReactNode; onPress(): void; excludeFromTabOrder: boolean }) {
  return (
    <Button look="quiet" small {...rest}>
      {label}
    </Button>
  )
}

const stateLabels: Record<ChunkState, string> = { off: 'Switched off', edited: 'Edited', added: 'Added by hand' }
