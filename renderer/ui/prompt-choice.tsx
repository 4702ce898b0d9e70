import { useState } from 'react'
import type { Pipeline } from '../../core/contract/pipeline.ts'
import { core } from '../state/client.ts'
import { sayFailure } from '../state/notices.ts'
import { hrefOf } from '../state/route.ts'
import { useRead } from '../state/use-read.ts'
import { FailureNote } from './failure-note.tsx'
import { SelectField } from './select-field.tsx'

const usual = 'usual'
const own = 'own'

/** Which version of which prompt a pipeline carries. It carries the words: later versions change nothing in it. */
export function PromptChoice({
  value,
  hasModel,
  onChange,
}: {
  value: Pipeline['prompt']
  /** Whether a language model words the answers. */
  hasModel: boolean
  onChange(value: Pipeline['prompt']): void
}) {
  const { value: library, failure, retry } = useRead((signal) => core().prompts.list(undefined, { signal }), 'prompts')
  const prompts = library?.prompts ?? []
  const chosen = value ? prompts.find(({ name }) => name === value.name) : undefined
  const [asked, setAsked] = useState<string | null>(null)
  const record = useRead(
    (signal) => (chosen ? core().prompts.get({ promptId: chosen.id }, { signal }) : Promise.resolve(null)),
    chosen?.id,
  ).value
  const pick = async (id: string): Promise<void> => {
    if (id === usual) return onChange(null)
    if (id === own) return
    setAsked(id)
    try {
      const { versions } = await core().prompts.get({ promptId: id })
      const [newest] = versions
      if (newest) onChange(newest.prompt)
    } catch (error) {
      sayFailure(error)
    }
    setAsked(null)
  }
  return (
    <>
      {failure ? <FailureNote failure={failure} onRetry={retry} /> : null}
      <SelectField
        label="Prompt"
        value={asked ?? (value === null ? usual : (chosen?.id ?? own))}
        entries={[
          { id: usual, label: 'What the product asks with by itself' },
          ...(value !== null && !chosen
            ? [{ id: own, label: value.name || 'Written for it alone', hint: 'not among the prompts here' }]
            : []),
          ...prompts.map(({ id, name, version }) => ({ id, label: name, hint: `version ${version}` })),
        ]}
        onChange={(id) => void pick(id)}
        help={hasModel ? undefined : 'Answers are worded without a language model: a prompt has no effect on them.'}
      />
      {value && chosen && record?.id === chosen.id ? (
        <>
          <SelectField
            label="Version"
            value={String(value.version)}
            entries={record.versions.map(({ number, note }) => ({
              id: String(number),
              label: `Version ${number}`,
              hint: note,
            }))}
            onChange={(number) => {
              const version = record.versions.find((each) => String(each.number) === number)
              if (version) onChange(version.prompt)
            }}
          />
          <p>
            <a href={hrefOf({ page: 'prompts', promptId: chosen.id })}>Open the prompt</a>
            {value.version < record.version ? (
              <span className="soft"> Version {record.version} is the newest.</span>
            ) : null}
          </p>
        </>
      ) : null}
    </>
  )
}
