import { useId, useState } from 'react'
import { CircleCheck, CircleX, FlaskConical, List } from 'lucide-react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { Provider, ProviderKindInfo, ProviderModel, ProviderTest } from '../../../core/contract/providers.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatDuration, formatNumberOf } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { useLabels, usesText } from './provider-facts.ts'

type Asking = 'test' | 'models' | null

/** One tiny request, and the models that it has. Both connect to the provider, and only when asked to. */
export function ProviderTestPanel({ provider, info }: { provider: Provider; info: ProviderKindInfo | undefined }) {
  const lists = info?.listsModels ?? false
  const [use, setUse] = useState<string>(lists ? 'models' : (provider.uses[0] ?? 'chat'))
  const [model, setModel] = useState('')
  const [asking, setAsking] = useState<Asking>(null)
  const [result, setResult] = useState<ProviderTest | null>(null)
  const [models, setModels] = useState<ProviderModel[] | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const ask = async (what: Exclude<Asking, null>): Promise<void> => {
    setAsking(what)
    setFailure(null)
    try {
      if (what === 'models') setModels((await core().providers.models({ id: provider.id })).models)
      else {
        const chosen = use === 'models' ? {} : { use: use as Provider['uses'][number] }
        const named = use === 'models' || model.trim() === '' ? {} : { model: model.trim() }
        setResult(await core().providers.test({ id: provider.id, ...chosen, ...named }))
      }
    } catch (error) {
      setFailure(toFailure(error))
    } finally {
      setAsking(null)
    }
  }
  const fieldId = useId()
  return (
    <div className="provider-test">
      <form
        className="provider-test-line"
        onSubmit={(event) => {
          event.preventDefault()
          void ask('test')
        }}
      >
        <SelectField
          label="Ask it for"
          value={use}
          entries={[
            ...(lists ? [{ id: 'models', label: 'Its list of models' }] : []),
            ...provider.uses.map((id) => ({ id, label: useLabels[id] })),
          ]}
          onChange={setUse}
        />
        {use === 'models' ? null : (
          <div className="field">
            <label htmlFor={fieldId}>Model</label>
            <input
              id={fieldId}
              className="input mono"
              value={model}
              maxLength={200}
              autoComplete="off"
              spellCheck={false}
              list={`${fieldId}-models`}
              onChange={(event) => setModel(event.target.value)}
            />
            <datalist id={`${fieldId}-models`}>
              {(models ?? []).map(({ id }) => (
                <option key={id} value={id} />
              ))}
            </datalist>
          </div>
        )}
        <Button type="submit" icon={<FlaskConical size={15} aria-hidden />} isDisabled={asking !== null}>
          {asking === 'test' ? 'Asking …' : 'Test'}
        </Button>
        {lists ? (
          <Button icon={<List size={15} aria-hidden />} isDisabled={asking !== null} onPress={() => void ask('models')}>
            {asking === 'models' ? 'Asking …' : 'Show its models'}
          </Button>
        ) : null}
      </form>
      <div role="status">{result ? <Result result={result} /> : null}</div>
      {failure ? <FailureNote failure={failure} /> : null}
      {models ? <Models models={models} name={provider.label} /> : null}
    </div>
  )
}

function Result({ result: { ok, tookMs, message, error } }: { result: ProviderTest }) {
  const bad = error?.code === 'network-refused' ? 'It was not asked.' : 'It does not answer as it should.'
  return (
    <p className="provider-result">
      {ok ? (
        <CircleCheck size={15} aria-hidden className="tone-success" />
      ) : (
        <CircleX size={15} aria-hidden className="tone-danger" />
      )}
      <span>
        <strong>{ok ? 'It answers.' : bad}</strong> {message}{' '}
        <span className="soft number">({formatDuration(tookMs)})</span>
      </span>
    </p>
  )
}

function Models({ models, name }: { models: ProviderModel[]; name: string }) {
  if (models.length === 0) return <p className="soft">It says that it has no models.</p>
  return (
    <div className="model-files provider-models" role="region" aria-label={`Models of ${name}`} tabIndex={0}>
      <table className="plain-table">
        <caption className="visually-hidden">{formatNumberOf(models.length, 'model')}</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">For</th>
            <th scope="col" className="table-numeric">
              Context
            </th>
          </tr>
        </thead>
        <tbody>
          {models.map(({ id, uses, contextTokens }) => (
            <tr key={id}>
              <td className="mono">{id}</td>
              <td>{uses === null ? 'not said' : usesText(uses)}</td>
              <td className="table-numeric number">
                {contextTokens === null ? '' : `${formatCount(contextTokens)} tokens`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
