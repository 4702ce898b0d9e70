import { Search } from 'lucide-react'
import { formatCount } from './format.ts'

/** The line in which a page's list is filtered by words; `/` goes there. */
export function PageSearch({
  label,
  placeholder,
  value,
  onChange,
}: {
  /** Read out, not shown. */
  label: string
  placeholder: string
  value: string
  onChange(value: string): void
}) {
  return (
    <div className="search">
      <Search size={14} aria-hidden />
      <input
        id="page-search"
        type="search"
        className="input"
        aria-label={label}
        placeholder={placeholder}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}

/** One of the kinds of things in a list, with how many there are: pressed, only those are shown. */
export function FilterChip({
  label,
  count,
  isOn,
  onPress,
}: {
  label: string
  count: number
  isOn: boolean
  onPress(): void
}) {
  return (
    <button type="button" className="chip" aria-pressed={isOn} onClick={onPress}>
      {label} <span className="number">{formatCount(count)}</span>
    </button>
  )
}
