import { useId, useState } from 'react'
import { Send, Trash2 } from 'lucide-react'
import { Label, Radio, RadioGroup, Switch } from 'react-aria-components'
import type { TraceExportState, TraceKeeping } from '../../../core/contract/traces.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useNetwork } from '../../state/network.ts'
import { useNotices } from '../../state/notices.ts'
import { hrefOf } from '../../state/route.ts'
import { useRead } from '../../state/use-read.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatDuration, formatNumberOf, formatWhen } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'

/** How long traces are kept, and where they are sent. */
export function KeepDialog({ isOpen, onClose, onChanged }: { isOpen: boolean; onClose(): void; onChanged(): void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Keep and send traces" wide>
      <div className="dialog-body">
        <Keeping onChanged={onChanged} />
        <Sending />
      </div>
    </Dialog>
  )
}

const durations = [
  { id: '0', label: 'For ever' },
  { id: '7', label: '7 days' },
  { id: '30', label: '30 days' },
  { id: '90', label: '90 days' },
  { id: '365', label: 'A year' },
]

function Keeping({ onChanged }: { onChanged(): void }) {
  const { value: first, failure, retry } = useRead((signal) => core().traces.keeping(undefined, { signal }), '')
  const [changed, setChanged] = useState<TraceKeeping | null>(null)
  const [days, setDays] = useState<string | null>(null)
  const [refusal, setRefusal] = useState<string | null>(null)
  const state = changed ?? first
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  if (!state) return <p className="soft">Reading the settings …</p>
  const present = String(state.retentionDays)
  const chosen = days ?? present
  const entries = durations.some(({ id }) => id === present)
    ? durations
    : [...durations, { id: present, label: formatNumberOf(state.retentionDays, 'day') }]
  const save = async (): Promise<void> => {
    setRefusal(null)
    try {
      const { removed, ...after } = await core().traces.keep({ retentionDays: Number(chosen) })
      setChanged(after)
      setDays(null)
      onChanged()
      useNotices.getState().say(removed === 0 ? 'Kept.' : `${formatNumberOf(removed, 'old trace')} removed.`)
    } catch (error) {
      setRefusal(toFailure(error)?.message ?? null)
    }
  }
  return (
    <section className="trace-setting" aria-labelledby="traces-keeping">
      <h3 id="traces-keeping">Keep</h3>
      <p className="soft number">
        {formatNumberOf(state.traces, 'trace')}
        {state.oldestAt === null ? '' : `, the oldest from ${formatWhen(state.oldestAt)}`}. What is older than you
        choose is removed now, and from then on by itself.
      </p>
      <SelectField label="Keep traces" value={chosen} entries={entries} onChange={setDays} failure={refusal} />
      {chosen === present ? null : (
        <Button
          look={chosen === '0' ? 'primary' : 'danger'}
          icon={chosen === '0' ? undefined : <Trash2 size={15} aria-hidden />}
          onPress={() => void save()}
        >
          {chosen === '0' ? 'Keep all from now on' : 'Remove what is older, and keep to it'}
        </Button>
      )}
    </section>
  )
}

function Sending() {
  const { value: first, failure, retry } = useRead((signal) => core().traces.exporting(undefined, { signal }), '')
  const [changed, setChanged] = useState<TraceExportState | null>(null)
  const state = changed ?? first
  if (failure) return <FailureNote failure={failure} onRetry={retry} />
  if (!state) return null
  return <SendingForm key={state.endpoint} state={state} onState={setChanged} />
}

const contents = [
  { id: 'redacted', label: 'Without words: ids, counts, times, scores, names of models' },
  { id: 'full', label: 'Whole: questions, answers, passages and prompts as well' },
]

function SendingForm({ state, onState }: { state: TraceExportState; onState(state: TraceExportState): void }) {
  const id = useId()
  const [endpoint, setEndpoint] = useState(state.endpoint)
  const [headers, setHeaders] = useState<string | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [said, setSaid] = useState<string | null>(null)
  const act = async (work: () => Promise<string | null>): Promise<void> => {
    setFailure(null)
    setSaid(null)
    setBusy(true)
    try {
      setSaid(await work())
    } catch (error) {
      setFailure(toFailure(error)?.message ?? null)
    } finally {
      setBusy(false)
    }
  }
  const set = (change: Parameters<ReturnType<typeof core>['traces']['setExport']>[0]): Promise<void> =>
    act(async () => {
      onState(await core().traces.setExport(change))
      return null
    })
  const isChanged = endpoint.trim() !== state.endpoint || headers !== null
  const save = (): Promise<void> =>
    set({ endpoint: endpoint.trim(), ...(headers === null ? {} : { headers: parseHeaders(headers) }) }).then(() =>
      setHeaders(null),
    )
  const host = URL.parse(state.endpoint)?.host
  return (
    <section className="trace-setting" aria-labelledby="traces-sending">
      <h3 id="traces-sending">Send</h3>
      <p className="soft">
        To a collector of OpenTelemetry, as OTLP over HTTP: MLflow, Langfuse, Phoenix, LangSmith, or your own. Off until
        you turn it on; new traces then leave in the background, and wait where the collector cannot be reached.
      </p>
      <form
        className="trace-sending"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <div className="field">
          <label htmlFor={`${id}-endpoint`}>Address of the collector</label>
          <input
            id={`${id}-endpoint`}
            className="input mono"
            value={endpoint}
            maxLength={2000}
            autoComplete="off"
            spellCheck={false}
            placeholder="http://127.0.0.1:4318"
            aria-describedby={`${id}-endpoint-help`}
            onChange={(event) => setEndpoint(event.target.value)}
          />
          <p id={`${id}-endpoint-help`} className="field-help soft">
            Without /v1/traces, which is added.
          </p>
        </div>
        <div className="field">
          <label htmlFor={`${id}-headers`}>Headers, one a line</label>
          <textarea
            id={`${id}-headers`}
            className="input mono"
            rows={2}
            value={headers ?? ''}
            autoComplete="off"
            spellCheck={false}
            placeholder={state.headerNames.length > 0 ? `${state.headerNames.join(', ')}: kept` : 'x-api-key: …'}
            aria-describedby={`${id}-headers-help`}
            onChange={(event) => setHeaders(event.target.value)}
          />
          <p id={`${id}-headers-help`} className="field-help soft">
            {state.headersFrom === 'environment'
              ? `They come from the variable ${state.variable}.`
              : state.headersFrom === 'stored'
                ? `Kept with your keys: ${state.headerNames.join(', ')}. What you write here replaces them.`
                : `Such as x-mlflow-experiment-id: 1. They are kept with your keys, never in the workspace.`}
          </p>
        </div>
        {isChanged ? (
          <Button look="primary" type="submit" isDisabled={busy}>
            Save
          </Button>
        ) : null}
      </form>
      <RadioGroup
        className="replay-kinds"
        value={state.content}
        onChange={(content) => void set({ content: content as 'redacted' | 'full' })}
      >
        <Label>What is sent</Label>
        {contents.map((each) => (
          <Radio key={each.id} value={each.id} className="replay-kind">
            <span className="radio-dot" aria-hidden />
            {each.label}
          </Radio>
        ))}
      </RadioGroup>
      <Switch
        className="switch"
        isSelected={state.enabled}
        isDisabled={busy || (state.endpoint === '' && !state.enabled)}
        onChange={(enabled) => void set({ enabled })}
      >
        <span className="switch-track" aria-hidden>
          <span className="switch-knob" />
        </span>
        Send new traces
      </Switch>
      {state.refusal === null ? null : (
        <p className="run-warning">
          {state.refusal}{' '}
          {host ? (
            <Button
              small
              onPress={() =>
                void act(async () => {
                  await useNetwork.getState().allow(host, ['trace-export'])
                  onState(await core().traces.exporting())
                  return null
                })
              }
            >
              Allow {host} for traces
            </Button>
          ) : null}{' '}
          <a href={hrefOf({ page: 'network' })}>Network</a>
        </p>
      )}
      <p className="number" role="status">
        {statusText(state)}
      </p>
      {state.error ? <p className="field-failure">Last try: {state.error.message}</p> : null}
      {state.note ? <p className="soft">{state.note}</p> : null}
      <div className="trace-setting-actions">
        <Button
          icon={<Send size={15} aria-hidden />}
          isDisabled={busy || state.endpoint === ''}
          onPress={() =>
            void act(async () => {
              const { durationMs, note } = await core().traces.testExport()
              return `The collector took the test trace in ${formatDuration(durationMs)}.${note ? ` ${note}` : ''}`
            })
          }
        >
          Send a test trace
        </Button>
        <Button
          isDisabled={busy || !state.enabled || state.waiting === 0}
          onPress={() =>
            void act(async () => {
              onState(await core().traces.sendWaiting({}))
              return null
            })
          }
        >
          Send what waits now
        </Button>
      </div>
      {said ? <p role="status">{said}</p> : null}
      {failure ? (
        <p className="field-failure" role="alert">
          {failure}
        </p>
      ) : null}
    </section>
  )
}

function statusText({ enabled, waiting, sent, sentAt, nextTryAt }: TraceExportState): string {
  const done = sent === 0 ? 'None sent yet' : `${formatNumberOf(sent, 'trace')} sent, last ${formatWhen(sentAt ?? 0)}`
  if (!enabled) return `Off. ${done}.`
  const next = nextTryAt !== null && waiting > 0 ? `, next try ${formatWhen(nextTryAt)}` : ''
  return `${done}. ${waiting === 0 ? 'None waits' : `${formatNumberOf(waiting, 'trace')} wait${waiting === 1 ? 's' : ''}`}${next}.`
}

/** 'name: value' a line; a line without a colon is a name without a value, which the core refuses or takes. */
function parseHeaders(text: string): Record<string, string> {
  const entries = text.split('\n').flatMap((line): [string, string][] => {
    if (line.trim() === '') return []
    const at = line.indexOf(':')
    return at < 0 ? [[line.trim(), '']] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()]]
  })
  return Object.fromEntries(entries)
}
