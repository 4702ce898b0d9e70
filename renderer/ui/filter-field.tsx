import { useId } from 'react'
import { Check, ChevronDown, CircleHelp, Filter } from 'lucide-react'
import { Button as AriaButton, Dialog, DialogTrigger, Heading, Popover } from 'react-aria-components'
import { IconButton } from './button.tsx'
import { conditionOf, hasCondition, replaceCondition, toggleCondition } from './filter-expression.ts'
import { formatCount } from './format.ts'
import { Menu } from './menu.tsx'

interface Filtering {
  value: string
  onChange(value: string): void
}

/** A line for the filter language (docs/filters.md); `failure` is what the core says of it, `note` what it finds. */
export function FilterField({
  value,
  onChange,
  failure,
  note,
  label = 'Filter',
  autoFocus = false,
}: Filtering & { failure: string | null; note: string; label?: string; autoFocus?: boolean }) {
  const id = useId()
  return (
    <div className="filter-field">
      <div className="filter-line">
        <Filter size={14} aria-hidden />
        <input
          type="search"
          className="input mono"
          placeholder="Filter: type=pdf and year>=2024"
          aria-label={label}
          value={value}
          autoFocus={autoFocus}
          maxLength={2000}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          aria-invalid={failure ? true : undefined}
          aria-describedby={`${id}-note`}
          onChange={(event) => onChange(event.target.value)}
        />
        <FilterHelp />
      </div>
      <p id={`${id}-note`} className={failure ? 'field-failure' : 'filter-note soft number'} role="status">
        {failure ?? note}
      </p>
    </div>
  )
}

/** What the documents have that chips can ask for, with how many have it. */
export interface FilterFacets {
  types: [type: string, count: number][]
  tags: [tag: string, count: number][]
}

/** Conditions often wanted, one press each; they are written into the same filter. */
export function QuickFilters({ value, onChange, facets }: Filtering & { facets: FilterFacets }) {
  const thisYear = `year=${new Date().getFullYear()}`
  return (
    <div className="chips" role="group" aria-label="Quick filters">
      <OneOf label="Type" filterKey="type" values={facets.types} value={value} onChange={onChange} />
      {facets.tags.length > 0 ? (
        <OneOf label="Tag" filterKey="tag" values={facets.tags} value={value} onChange={onChange} />
      ) : null}
      <Toggle label="Has an author" condition="has:author" value={value} onChange={onChange} />
      <Toggle label="This year" condition={thisYear} value={value} onChange={onChange} />
    </div>
  )
}

/** Counts types and tags, the most frequent first. */
export function facetsOf(documents: readonly { type: string; tags: readonly string[] }[]): FilterFacets {
  const types = new Map<string, number>()
  const tags = new Map<string, number>()
  for (const document of documents) {
    if (document.type !== 'unknown') types.set(document.type, (types.get(document.type) ?? 0) + 1)
    for (const tag of document.tags) tags.set(tag, (tags.get(tag) ?? 0) + 1)
  }
  const ranked = (counts: Map<string, number>): [string, number][] =>
    [...counts].toSorted(([a, countA], [b, countB]) => countB - countA || a.localeCompare(b))
  return { types: ranked(types), tags: ranked(tags) }
}

function Toggle({ label, condition, value, onChange }: Filtering & { label: string; condition: string }) {
  return (
    <button
      type="button"
      className="chip"
      aria-pressed={hasCondition(value, condition)}
      title={condition}
      onClick={() => onChange(toggleCondition(value, condition))}
    >
      {label}
    </button>
  )
}

function OneOf({
  label,
  filterKey,
  values,
  value,
  onChange,
}: Filtering & { label: string; filterKey: string; values: [string, number][] }) {
  const chosen = values.find(([name]) => hasCondition(value, conditionOf(filterKey, name)))?.[0]
  return (
    <Menu
      label={label}
      trigger={
        <AriaButton className="chip" data-chosen={chosen !== undefined || undefined}>
          {chosen === undefined ? label : `${label}: ${chosen}`}
          <ChevronDown size={13} aria-hidden />
        </AriaButton>
      }
      entries={[
        {
          id: 'any',
          label: 'Any',
          icon: chosen === undefined ? <Check size={14} aria-hidden /> : null,
          onAction: () => onChange(replaceCondition(value, `${filterKey}=`, null)),
        },
        null,
        ...values.map(([name, count]) => ({
          id: `value-${name}`,
          label: name,
          hint: formatCount(count),
          icon: name === chosen ? <Check size={14} aria-hidden /> : null,
          onAction: () => onChange(replaceCondition(value, `${filterKey}=`, conditionOf(filterKey, name))),
        })),
      ]}
    />
  )
}

const examples: [filter: string, meaning: string][] = [
  ['type=pdf and year>=2024', 'PDF files from 2024 or later'],
  ['author~smith', 'whose author has “smith” in it'],
  ['path:contracts/**', 'in the folder contracts, at any depth'],
  ['tag=draft or tag="to read"', 'with one of these tags'],
  ['has:author', 'that name an author'],
  ['modified>2024-06 and size>1mb', 'changed after June 2024, and large'],
  ['not source~archive', 'from no source with “archive” in its place'],
]

function FilterHelp() {
  return (
    <DialogTrigger>
      <IconButton label="How filters are written" icon={<CircleHelp size={15} aria-hidden />} />
      <Popover className="popover filter-help" placement="bottom end" offset={4}>
        <Dialog className="filter-help-body">
          <Heading slot="title">How filters are written</Heading>
          <dl>
            {examples.map(([filter, meaning]) => (
              <div key={filter}>
                <dt>
                  <code>{filter}</code>
                </dt>
                <dd className="soft">{meaning}</dd>
              </div>
            ))}
          </dl>
          <p className="soft">
            Keys are type, name, path, title, status, tag, source, size, pages, year, modified, added, indexed, and
            whatever the files say of themselves, such as author, subject or keywords.
          </p>
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}
