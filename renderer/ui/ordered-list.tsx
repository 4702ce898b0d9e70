import { useLayoutEffect, useRef, useState, type ReactNode } from 'react'
import { ArrowDown, ArrowUp, Trash2 } from 'lucide-react'
import { IconButton } from './button.tsx'

interface Props<Item> {
  items: readonly Item[]
  /** A few words for an item, to name its buttons with. */
  nameOf(item: Item): string
  onChange(items: Item[]): void
  label: string
  children(item: Item, index: number, set: (next: Item) => void): ReactNode
}

/** Things whose order matters: each can be moved up and down and removed. The focus goes with what is moved. */
export function OrderedList<Item>({ items, nameOf, onChange, label, children }: Props<Item>) {
  const list = useRef<HTMLOListElement>(null)
  const moved = useRef<{ to: number; by: -1 | 1 } | null>(null)
  const [said, setSaid] = useState('')
  useLayoutEffect(() => {
    const { to, by } = moved.current ?? {}
    moved.current = null
    if (to === undefined) return
    const buttons = list.current?.children[to]?.querySelectorAll<HTMLButtonElement>('.ordered-move button')
    const [up, down] = buttons ?? []
    const wanted = by === -1 ? [up, down] : [down, up]
    wanted.find((button) => button && !button.disabled)?.focus()
  }, [items])
  const move = (from: number, by: -1 | 1): void => {
    const item = items[from]
    const to = from + by
    if (item === undefined || to < 0 || to >= items.length) return
    moved.current = { to, by }
    setSaid(`${nameOf(item)}: now ${to + 1} of ${items.length}.`)
    onChange(items.toSpliced(from, 1).toSpliced(to, 0, item))
  }
  return (
    <>
      <ol ref={list} className="ordered" aria-label={label}>
        {items.map((item, index) => (
          <li key={index} className="ordered-item">
            <div className="ordered-body">{children(item, index, (next) => onChange(items.with(index, next)))}</div>
            <div className="ordered-move">
              <IconButton
                label={`Move up: ${nameOf(item)}`}
                icon={<ArrowUp size={14} aria-hidden />}
                isDisabled={index === 0}
                onPress={() => move(index, -1)}
              />
              <IconButton
                label={`Move down: ${nameOf(item)}`}
                icon={<ArrowDown size={14} aria-hidden />}
                isDisabled={index === items.length - 1}
                onPress={() => move(index, 1)}
              />
              <IconButton
                label={`Remove: ${nameOf(item)}`}
                icon={<Trash2 size={14} aria-hidden />}
                onPress={() => onChange(items.toSpliced(index, 1))}
              />
            </div>
          </li>
        ))}
      </ol>
      <span className="visually-hidden" role="status">
        {said}
      </span>
    </>
  )
}
