import { useEffect } from 'react'
import { useModels } from '../state/models.ts'
import { hrefOf } from '../state/route.ts'
import { SelectField, type SelectEntry } from './select-field.tsx'

/** Chooses among the models of a kind and format that are on this machine. One that has gone stays in view. */
export function ModelField({
  modelKind,
  format,
  value,
  ...rest
}: {
  label: string
  modelKind: string
  format: string
  value: string
  onChange(value: string): void
  help?: string | undefined
  failure?: string | undefined
}) {
  const models = useModels((state) => state.models)
  useEffect(() => {
    void useModels.getState().refresh()
  }, [])
  const entries = (models ?? [])
    .filter(({ manifest, origin }) => origin !== null && manifest.kind === modelKind && manifest.format === format)
    .map(({ manifest: { id, label }, state }): SelectEntry => ({
      id,
      label: id,
      hint: state === 'damaged' ? 'damaged' : label,
    }))
  const gone = value !== '' && models !== null && !entries.some(({ id }) => id === value)
  const missing: SelectEntry[] = gone ? [{ id: value, label: value, hint: 'not on this machine' }] : []
  return (
    <>
      <SelectField {...rest} value={value === '' ? null : value} entries={[...entries, ...missing]} />
      {models !== null && entries.length === 0 ? (
        <p className="field-help">
          There is no {modelKind} in {format.toUpperCase()} format on this machine.{' '}
          <a href={hrefOf({ page: 'models', modelId: null })}>Import or download one.</a>
        </p>
      ) : null}
    </>
  )
}
