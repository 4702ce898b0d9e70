import { useEffect, useId, useRef, useState } from 'react'
import { Label, Radio, RadioGroup } from 'react-aria-components'
import type { Release } from '../../../core/contract/releases.ts'
import { pipelineSchema } from '../../../core/contract/pipeline.ts'
import type { ReplayWith, Trace } from '../../../core/contract/traces.ts'
import type { TraceId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { navigate } from '../../state/route.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog, DialogForm } from '../../ui/dialog.tsx'
import { formatCount } from '../../ui/format.ts'
import { SelectField } from '../../ui/select-field.tsx'

/** Asks a trace's question again, and then shows both answers. */
export function ReplayDialog({ trace, isOpen, onClose }: { trace: Trace; isOpen: boolean; onClose(): void }) {
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title="Replay with …" wide>
      <ReplayForm trace={trace} onClose={onClose} />
    </Dialog>
  )
}

type Kind = ReplayWith['kind']

function ReplayForm({ trace, onClose }: { trace: Trace; onClose(): void }) {
  const id = useId()
  const releases = useReleases()
  const [kind, setKind] = useState<Kind>('collection')
  const [releaseId, setReleaseId] = useState<string | null>(null)
  const [text, setText] = useState(() => JSON.stringify(trace.pipeline, null, 2) ?? '')
  const [failure, setFailure] = useState<string | null>(null)
  const [progress, setProgress] = useState<string | null>(null)
  const running = useRef<AbortController | null>(null)
  useEffect(() => () => running.current?.abort(), [])

  const kinds: { id: Kind; label: string; isThere: boolean }[] = [
    {
      id: 'same',
      label: trace.release ? `The release that answered (${nameOf(trace.release)})` : 'As it was asked',
      isThere: true,
    },
    { id: 'collection', label: 'The collection’s pipeline as it is now', isThere: true },
    { id: 'release', label: 'Another release', isThere: releases.length > 0 },
    { id: 'pipeline', label: 'An edited pipeline', isThere: trace.pipeline !== null },
  ]
  const chosenRelease = releaseId ?? releases[0]?.id ?? null
  const start = async (): Promise<void> => {
    setFailure(null)
    const choice = choiceOf(kind, chosenRelease, text)
    if (typeof choice === 'string') return setFailure(choice)
    const controller = new AbortController()
    running.current = controller
    setProgress('Asking …')
    try {
      const other = await replay(trace.id, choice, setProgress, controller.signal)
      if (other) navigate({ page: 'traces', traceId: trace.id, otherId: other })
    } catch (error) {
      if (!controller.signal.aborted) setFailure(toFailure(error)?.message ?? null)
    } finally {
      setProgress(null)
      running.current = null
    }
  }
  return (
    <DialogForm
      failure={failure}
      onSubmit={() => void start()}
      onClose={() => {
        running.current?.abort()
        onClose()
      }}
      actions={
        progress === null ? (
          <Button look="primary" type="submit">
            Replay
          </Button>
        ) : (
          <Button onPress={() => running.current?.abort()}>Stop</Button>
        )
      }
    >
      <p className="soft">
        The same question, of the same documents, after the same history. The answer is a trace of its own; both are
        then shown side by side.
      </p>
      <RadioGroup className="replay-kinds" value={kind} onChange={(next) => setKind(next as Kind)}>
        <Label>With</Label>
        {kinds.map((each) =>
          each.isThere ? (
            <Radio key={each.id} value={each.id} className="replay-kind">
              <span className="radio-dot" aria-hidden />
              {each.label}
            </Radio>
          ) : null,
        )}
      </RadioGroup>
      {kind === 'release' ? (
        <SelectField
          label="Release"
          value={chosenRelease}
          entries={releases.map((release) => ({ id: release.id, label: nameOf(release), hint: release.stage }))}
          onChange={setReleaseId}
        />
      ) : null}
      {kind === 'pipeline' ? (
        <div className="field">
          <label htmlFor={`${id}-json`}>Pipeline, as JSON</label>
          <textarea
            id={`${id}-json`}
            className="input mono replay-json"
            value={text}
            rows={14}
            spellCheck={false}
            aria-describedby={`${id}-help`}
            onChange={(event) => setText(event.target.value)}
          />
          <p id={`${id}-help`} className="field-help soft">
            Other chunks or another embedder need an index of their own: it is built beside the one in use, which takes
            a while the first time.
          </p>
        </div>
      ) : null}
      {progress === null ? null : (
        <p className="soft number" role="status">
          {progress}
        </p>
      )}
    </DialogForm>
  )
}

function nameOf({ line, number }: { line: string; number: number | null }): string {
  return `${line} ${number ?? 'draft'}`
}

/** A sentence where it cannot be asked like that. */
function choiceOf(kind: Kind, releaseId: string | null, text: string): ReplayWith | string {
  if (kind === 'same' || kind === 'collection') return { kind }
  if (kind === 'release') {
    return releaseId === null ? 'Choose a release.' : { kind, releaseId: releaseId as Release['id'] }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `This is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
  const parsed = pipelineSchema.safeParse(value)
  if (parsed.success) return { kind, pipeline: parsed.data }
  const [issue] = parsed.error.issues
  return `This is no pipeline: ${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? ''}`
}

/** The id of the trace that came of it. */
async function replay(
  traceId: TraceId,
  choice: ReplayWith,
  say: (progress: string) => void,
  signal: AbortSignal,
): Promise<TraceId | null> {
  let answer = ''
  for await (const event of await core().traces.replay({ traceId, with: choice }, { signal })) {
    if (event.type === 'progress') {
      const { done, total, unit, label } = event
      say(`${label}: ${formatCount(done)}${total === undefined ? '' : ` of ${formatCount(total)}`} ${unit}`)
    }
    if (event.type === 'answer-delta') {
      answer += event.text
      say(`Answering: ${formatCount(answer.length)} characters`)
    }
    if (event.type === 'ask-end') return event.traceId
  }
  return null
}

/** Of every line, those that were ever a candidate and drafts; newest first. */
function useReleases(): Release[] {
  const [releases, setReleases] = useState<Release[]>([])
  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const read = async (): Promise<void> => {
      const { lines } = await core().lines.list(undefined, { signal })
      const all = await Promise.all(lines.map(({ id }) => core().lines.get({ lineId: id }, { signal })))
      setReleases(all.flatMap((each) => each.releases))
    }
    // Without releases there is one choice less.
    read().catch(() => {})
    return () => controller.abort()
  }, [])
  return releases
}
