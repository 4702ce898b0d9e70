import type { ReactNode } from 'react'
import { Menu as AriaMenu, MenuItem, MenuTrigger, Popover, Separator } from 'react-aria-components'
import { Check } from 'lucide-react'

export interface MenuEntry {
  id: string
  label: string
  icon?: ReactNode
  hint?: string
  tone?: 'danger'
  onAction(): void
}

/** A button's menu (APG: menu-button). `trigger` is the button; null entries are separators. */
export function Menu({
  trigger,
  entries,
  label,
}: {
  trigger: ReactNode
  entries: (MenuEntry | null)[]
  label: string
}) {
  const hasIcons = entries.some((entry) => entry !== null && entry.icon !== undefined)
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="popover" placement="bottom start" offset={4}>
        <AriaMenu aria-label={label} className="menu">
          {entries.map((entry, index) =>
            entry === null ? (
              <Separator key={`separator-${index}`} className="menu-separator" />
            ) : (
              <MenuItem
                key={entry.id}
                id={entry.id}
                textValue={entry.label}
                onAction={entry.onAction}
                className={`menu-item${entry.tone ? ` menu-item-${entry.tone}` : ''}`}
              >
                {hasIcons ? <span className="menu-icon">{entry.icon}</span> : null}
                <span className="menu-label">{entry.label}</span>
                {entry.hint ? <span className="menu-hint number">{entry.hint}</span> : null}
              </MenuItem>
            ),
          )}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}

/** A menu of things that are on or off. */
export function CheckMenu({
  trigger,
  label,
  entries,
  checked,
  onChange,
}: {
  trigger: ReactNode
  label: string
  entries: { id: string; label: string }[]
  checked: string[]
  onChange(checked: string[]): void
}) {
  return (
    <MenuTrigger>
      {trigger}
      <Popover className="popover" placement="bottom end" offset={4}>
        <AriaMenu
          aria-label={label}
          className="menu"
          selectionMode="multiple"
          selectedKeys={checked}
          onSelectionChange={(keys) =>
            onChange(keys === 'all' ? entries.map((entry) => entry.id) : [...keys].map(String))
          }
        >
          {entries.map((entry) => (
            <MenuItem key={entry.id} id={entry.id} textValue={entry.label} className="menu-item">
              {({ isSelected }) => (
                <>
                  <span className="menu-icon">{isSelected ? <Check size={14} aria-hidden /> : null}</span>
                  <span className="menu-label">{entry.label}</span>
                </>
              )}
            </MenuItem>
          ))}
        </AriaMenu>
      </Popover>
    </MenuTrigger>
  )
}
