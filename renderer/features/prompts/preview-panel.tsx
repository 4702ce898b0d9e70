import { useId, useState } from 'react'
import type { ErrorData } from '../../../core/contract/errors.ts'
import type { CollectionId, ReleaseId } from '../../../core/shared/ids.ts'
import { core } from '../../state/client.ts'
import { toFailure } from '../../state/failure.ts'
import { useWorkspace } from '../../state/workspace.ts'
import { Button } from '../../ui/button.tsx'
import { FailureNote } from '../../ui/failure-note.tsx'
import { formatCount, formatNumberOf, shareOf } from '../../ui/format.ts'
import { Meter } from '../../ui/meter.tsx'
import { Passages } from '../../ui/passages.tsx'
import { SelectField } from '../../ui/select-field.tsx'
import type { PromptTexts } from './prompt-words.ts'
import { useReleaseEntries } from './use-release-entries.ts'

type Preview = Awaited<ReturnType<ReturnType<typeof core>['prompts']['preview']>>
interface Shown {
  preview: Preview
  collectionId: CollectionId
  texts: PromptTexts
}

const ownPipeline = 'own'
const roles: Record<string, string> = { system: 'Instructions', user: 'Message', assistant: 'Answer before' }

/** What a language model would be given for a question, with passages that are really found. */
export function PreviewPanel({ texts }: { texts: PromptTexts }) {
  const id = useId()
  const collections = useWorkspace((state) => state.collections) ?? []
  const { entries } = useReleaseEntries()
  const [chosen, setChosen] = useState<string | null>(null)
  const [release, setRelease] = useState(ownPipeline)
  const [question, setQuestion] = useState('')
  const [shown, setShown] = useState<Shown | null>(null)
  const [failure, setFailure] = useState<ErrorData | null>(null)
  const [busy, setBusy] = useState(false)
  const collection = collections.find((each) => each.id === chosen) ?? collections[0]
  if (!collection)
    return <p className="soft">Add documents to a collection first: a preview is made from what is found.</p>
  const show = async (): Promise<void> => {
    setBusy(true)
    setFailure(null)
    try {
      const which = release === ownPipeline ? {} : { releaseId: release as ReleaseId }
      const preview = await core().prompts.preview({ ...texts, collectionId: collection.id, question, ...which })
      setShown({ preview, collectionId: collection.id, texts })
    } catch (error) {
      setFailure(toFailure(error))
    }
    setBusy(false)
  }
  const isOld = shown !== null && (shown.texts.system !== texts.system || shown.texts.user !== texts.user)
  return (
    <>
      <form
        className="prompt-form"
        onSubmit={(event) => {
          event.preventDefault()
          void show()
        }}
      >
        <div className="prompt-grid">
          <SelectField
            label="Documents of"
            value={collection.id}
            entries={collections.map((each) => ({ id: each.id, label: each.name }))}
            onChange={setChosen}
          />
          <SelectField
            label="Found and limited by"
            value={release}
            entries={[{ id: ownPipeline, label: 'The collection’s own pipeline' }, ...entries]}
            onChange={setRelease}
          />
        </div>
        <div className="field">
          <label htmlFor={id}>Question</label>
          <input
            id={id}
            className="input"
            autoComplete="off"
            maxLength={20_000}
            value={question}
            onChange={(event) => setQuestion(event.target.value)}
          />
        </div>
        <div>
          <Button look="primary" type="submit" isDisabled={busy || question.trim() === ''}>
            {busy ? 'Finding passages …' : 'Show what the model gets'}
          </Button>
        </div>
      </form>
      {failure ? <FailureNote failure={failure} title="No preview" /> : null}
      {shown ? (
        <>
          {isOld ? <p className="soft">The prompt was changed since: show it again.</p> : null}
          <Size preview={shown.preview} />
          {shown.preview.messages.map((message, index) => (
            <section key={index} className="prompt-message" aria-label={roles[message.role] ?? message.role}>
              <h3>{roles[message.role] ?? message.role}</h3>
              <p className="prompt-text mono">{message.content}</p>
            </section>
          ))}
          <Passages
            key={JSON.stringify(shown.preview.passages.map(({ chunkId }) => chunkId))}
            passages={shown.preview.passages}
            collectionId={shown.collectionId}
            belowThreshold={false}
            openAtFirst={false}
          />
        </>
      ) : null}
    </>
  )
}

function Size({ preview: { tokens, contextTokens, countedBy, used, passages } }: { preview: Preview }) {
  const of = contextTokens === null ? '' : ` of ${formatCount(contextTokens)} that the model reads`
  return (
    <div className="prompt-size" role="status">
      <p className="number">
        <strong>{formatNumberOf(tokens, 'token')}</strong>
        {of}
        <span className="soft">
          , counted by {countedBy} · {used} of {formatNumberOf(passages.length, 'passage')} that were found{' '}
          {used === passages.length ? 'fit' : 'fit, the others are left out'}
        </span>
      </p>
      {contextTokens === null ? null : (
        <Meter
          share={shareOf(tokens, contextTokens)}
          label="Tokens against the context"
          valueText={`${tokens} of ${contextTokens}`}
        />
      )}
    </div>
  )
}
