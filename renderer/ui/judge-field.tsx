import { useEffect } from 'react'
import type { Choice } from '../../core/contract/pipeline.ts'
import type { Provider } from '../../core/contract/providers.ts'
import { core } from '../state/client.ts'
import { useModels } from '../state/models.ts'
import { useRead } from '../state/use-read.ts'
import { hrefOf } from '../state/route.ts'
import { TextLine } from './dialog.tsx'
import { SelectField, type SelectEntry } from './select-field.tsx'

const nobody = 'nobody'
const ofProvider = 'provider/'
const ofMachine = 'model/'

/** Which language model judges the answers, if any: one on this machine, or one of a provider's. */
export function JudgeField({ value, onChange }: { value: Choice | null; onChange(value: Choice | null): void }) {
  const models = useModels((state) => state.models)
  useEffect(() => void useModels.getState().refresh(), [])
  const providers = useRead((signal) => core().providers.list(undefined, { signal }), 'providers').value?.providers
  const able = (providers ?? []).filter(({ uses }) => uses.includes('chat'))
  const installed = (models ?? []).filter(
    ({ manifest, origin }) => origin !== null && manifest.kind === 'generator' && manifest.format === 'gguf',
  )
  const entries: SelectEntry[] = [
    { id: nobody, label: 'Nobody', hint: 'metrics that need no judge' },
    ...installed.map(({ manifest: { id, label } }) => ({
      id: ofMachine + id,
      label,
      hint: 'language model on this machine',
    })),
    ...able.map(({ id, label, host }) => ({ id: ofProvider + id, label: `A model of ${label}`, hint: host })),
  ]
  const provider = able.find(({ id }) => id === value?.options.provider)
  const choose = (id: string): void => {
    const chosen = able.find((each) => id === ofProvider + each.id)
    if (chosen) onChange({ id: chosen.kind, options: { provider: chosen.id, model: '' } })
    else onChange(id === nobody ? null : { id: 'llama', options: { model: id.slice(ofMachine.length) } })
  }
  return (
    <>
      <SelectField
        label="Judged by"
        value={keyOf(value)}
        entries={entries}
        onChange={choose}
        help="A judge reads each answer and says which of its claims hold. How far it agrees with you is shown in the run."
      />
      {models && providers && entries.length === 1 ? (
        <p className="field-help">
          There is no language model here yet: <a href={hrefOf({ page: 'models', modelId: null })}>import one</a> or{' '}
          <a href={hrefOf({ page: 'providers' })}>add a provider</a>.
        </p>
      ) : null}
      {value && provider ? (
        <TextLine
          label={`Model, as ${provider.label} calls it`}
          value={modelOf(value)}
          onChange={(model) => onChange({ ...value, options: { ...value.options, model } })}
          failure={refusalOf(provider)}
        />
      ) : null}
    </>
  )
}

/** Whether a run can start with it: a provider's model has a name. */
export function isWholeJudge(judge: Choice | null): boolean {
  return judge === null || modelOf(judge).trim() !== ''
}

function modelOf({ options: { model } }: Choice): string {
  return typeof model === 'string' ? model : ''
}

function keyOf(value: Choice | null): string {
  if (!value) return nobody
  const { provider } = value.options
  return typeof provider === 'string' ? ofProvider + provider : ofMachine + modelOf(value)
}

/** Why the network would not let it be asked, and what to do. */
function refusalOf({ reach }: Provider): string | null {
  const chat = reach.find(({ use }) => use === 'chat')
  return chat && !chat.allowed ? chat.message : null
}
