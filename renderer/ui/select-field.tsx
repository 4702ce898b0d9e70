import {
  Button,
  FieldError,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select,
  SelectValue,
  Text,
} from 'react-aria-components'
import { ChevronDown } from 'lucide-react'

export interface SelectEntry {
  id: string
  label: string
  hint?: string
}

/** One of a few, chosen from a list that opens (APG: select-only combobox). */
export function SelectField({
  label,
  value,
  entries,
  onChange,
  help,
  failure,
}: {
  label: string
  value: string | null
  entries: readonly SelectEntry[]
  onChange(value: string): void
  help?: string | undefined
  failure?: string | null | undefined
}) {
  return (
    <Select
      className="field"
      value={value}
      onChange={(key) => {
        if (key !== null) onChange(String(key))
      }}
      isInvalid={Boolean(failure)}
    >
      <Label>{label}</Label>
      <Button className="select-button">
        <SelectValue className="select-value">
          {({ isPlaceholder, selectedText }) => (isPlaceholder ? 'Choose' : selectedText)}
        </SelectValue>
        <ChevronDown size={14} aria-hidden />
      </Button>
      {help ? (
        <Text slot="description" className="field-help">
          {help}
        </Text>
      ) : null}
      <FieldError className="field-failure">{failure}</FieldError>
      <Popover className="popover" offset={4}>
        <ListBox className="menu" items={entries}>
          {(entry) => (
            <ListBoxItem id={entry.id} textValue={entry.label} className="menu-item select-item">
              <span className="menu-label">{entry.label}</span>
              {entry.hint ? <span className="select-hint">{entry.hint}</span> : null}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </Select>
  )
}
