import { Button, Group, Input, Label, NumberField, Text } from 'react-aria-components'
import { Minus, Plus } from 'lucide-react'

/** A whole number or a fraction within limits, with a button for less and one for more. */
export function NumberLine({
  label,
  value,
  least,
  most,
  step = 1,
  help,
  onChange,
}: {
  label: string
  value: number
  least: number
  most: number
  step?: number
  help?: string
  /** Not called while nothing is typed. */
  onChange(value: number): void
}) {
  return (
    <NumberField
      className="field"
      value={value}
      onChange={(next) => {
        if (!Number.isNaN(next)) onChange(next)
      }}
      minValue={least}
      maxValue={most}
      step={step}
      formatOptions={{ useGrouping: false, maximumFractionDigits: step < 1 ? 4 : 0 }}
    >
      <Label>{label}</Label>
      <Group className="number-group">
        <Button slot="decrement" className="number-step">
          <Minus size={13} aria-hidden />
        </Button>
        <Input className="input number" />
        <Button slot="increment" className="number-step">
          <Plus size={13} aria-hidden />
        </Button>
      </Group>
      {help ? (
        <Text slot="description" className="field-help">
          {help}
        </Text>
      ) : null}
    </NumberField>
  )
}
