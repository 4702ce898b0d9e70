import { useId, type RefObject } from 'react'
import { piecesOf, problemsOf, type PromptPlace, type PromptVariable } from './prompt-words.ts'

/** One of the two texts. Variables are marked where they stand: known ones, and those that nothing stands for. */
export function PromptField({
  label,
  help,
  place,
  value,
  variables,
  onChange,
  field,
  onFocus,
}: {
  label: string
  help: string
  place: PromptPlace
  value: string
  variables: readonly PromptVariable[]
  onChange(value: string): void
  field: RefObject<HTMLTextAreaElement | null>
  onFocus(): void
}) {
  const id = useId()
  const problems = variables.length === 0 ? [] : problemsOf(value, place, variables)
  return (
    <div className="field prompt-field">
      <label htmlFor={id}>{label}</label>
      <p className="field-help" id={`${id}-help`}>
        {help}
      </p>
      <div className="prompt-area">
        <div className="prompt-marks mono" aria-hidden>
          {piecesOf(value, place, variables).map((piece, index) =>
            piece.kind === 'text' ? (
              piece.text
            ) : (
              <mark key={index} className={`prompt-${piece.kind}`}>
                {piece.text}
              </mark>
            ),
          )}{' '}
        </div>
        <textarea
          id={id}
          ref={field}
          className="input mono"
          rows={4}
          maxLength={20_000}
          spellCheck={false}
          value={value}
          aria-invalid={problems.length > 0 || undefined}
          aria-describedby={`${id}-help ${id}-problems`}
          onFocus={onFocus}
          onChange={(event) => onChange(event.target.value)}
        />
      </div>
      <ul id={`${id}-problems`} className="prompt-problems" role="status">
        {problems.map((problem) => (
          <li key={problem} className="field-failure">
            {problem}
          </li>
        ))}
      </ul>
    </div>
  )
}
