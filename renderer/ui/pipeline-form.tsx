import type { ReactNode } from 'react'
import type { Implementation } from '../../core/contract/catalogue.ts'
import type { Choice, Pipeline } from '../../core/contract/pipeline.ts'
import type { CollectionId } from '../../core/shared/ids.ts'
import { CheckedFilter } from './checked-filter.tsx'
import { ModelLink } from './model-link.tsx'
import { NumberLine } from './number-line.tsx'
import {
  ChoiceSelect,
  ChunkerEditor,
  CleaningEditor,
  OptionalChoiceSelect,
  ParsersEditor,
  RulesEditor,
  type Refusals,
} from './pipeline-editors.tsx'
import { installedModelsOf, type Families } from './pipeline-words.ts'
import { PromptChoice } from './prompt-choice.tsx'

/** The one generator that words answers without a language model. */
const extractive = 'extractive'

/** Every family of a pipeline with its options, in the order in which documents and questions meet them. */
export function PipelineForm({
  value,
  families,
  onChange,
  refusals,
  collectionIds,
}: {
  value: Pipeline
  families: Families
  onChange(change: Partial<Pipeline>): void
  refusals: Refusals
  /** Whose documents the filter is tried on. */
  collectionIds: readonly CollectionId[]
}) {
  return (
    <>
      <PipelineSection title="Cutting" help="How a document’s text becomes chunks.">
        <ChunkerEditor
          value={value.chunker}
          chunkers={families.chunker}
          onChange={(chunker) => onChange({ chunker })}
          refusals={refusals}
        />
      </PipelineSection>
      <PipelineSection title="Cleaning" help="Steps between reading and cutting, from top to bottom.">
        <CleaningEditor
          value={value.cleaning}
          cleaners={families.cleaner}
          onChange={(cleaning) => onChange({ cleaning })}
          refusals={refusals}
        />
      </PipelineSection>
      <PipelineSection
        title="Rules"
        help="Other settings for some documents. Of several rules the first that matches decides."
      >
        <RulesEditor
          value={value.rules}
          families={families}
          pipeline={value}
          onChange={(rules) => onChange({ rules })}
          refusals={refusals}
        />
      </PipelineSection>
      <PipelineSection title="Reading" help="Options of the parsers that have any; the file’s type chooses its parser.">
        <ParsersEditor
          value={value.parsers}
          parsers={families.parser}
          onChange={(parsers) => onChange({ parsers })}
          refusals={refusals}
        />
      </PipelineSection>
      <PipelineSection title="Embedding" help="What makes vectors of chunks.">
        <ChoiceSelect
          kind="embedder"
          label="Embed with"
          value={value.embedder}
          known={families.embedder}
          onChange={(embedder) => onChange({ embedder })}
          refusals={refusals}
        />
        <NamedModels choice={value.embedder} known={families.embedder} />
      </PipelineSection>
      {families.index.length > 1 || !families.index.some(({ id }) => id === value.index.id) ? (
        <PipelineSection title="Index" help="Where chunks and vectors are kept and searched.">
          <ChoiceSelect
            kind="index"
            label="Keep in"
            value={value.index}
            known={families.index}
            onChange={(index) => onChange({ index })}
            refusals={refusals}
          />
        </PipelineSection>
      ) : null}
      <PipelineSection
        title="Search"
        help="In which documents passages are found for a question, how, and how many an answer is made from."
      >
        <div className="field">
          <p className="field-label">Documents searched</p>
          <CheckedFilter
            label="Documents searched"
            value={value.filter}
            collectionIds={collectionIds}
            none="All documents"
            what={collectionIds.length === 1 ? 'are searched' : `of ${collectionIds.length} collections are searched`}
            onChange={(filter) => onChange({ filter })}
          />
          <p className="field-help">
            Only these are searched, within whatever a question or a bot is narrowed to. No new index is made for it.
          </p>
        </div>
        <ChoiceSelect
          kind="retriever"
          label="Search with"
          value={value.retriever}
          known={families.retriever}
          onChange={(retriever) => onChange({ retriever })}
          refusals={refusals}
        />
        <NamedModels choice={value.retriever} known={families.retriever} />
        <NumberLine
          label="Passages"
          value={value.passages}
          least={1}
          most={50}
          help="Given to what words the answer, best first. Usually 8."
          onChange={(passages) => onChange({ passages })}
        />
      </PipelineSection>
      <PipelineSection
        title="Reranking"
        help="Puts more passages than are needed into a better order, and keeps the best."
      >
        <OptionalChoiceSelect
          kind="reranker"
          label="Rerank with"
          none="Nothing: the order of the search stays"
          value={value.reranker}
          known={families.reranker}
          onChange={(reranker) => onChange({ reranker })}
          refusals={refusals}
        />
        {value.reranker ? <NamedModels choice={value.reranker} known={families.reranker} /> : null}
      </PipelineSection>
      <PipelineSection title="Answers" help="What words an answer from the passages that were found.">
        <ChoiceSelect
          kind="generator"
          label="Answer with"
          value={value.generator}
          known={families.generator}
          onChange={(generator) => onChange({ generator })}
          refusals={refusals}
        />
        <NamedModels choice={value.generator} known={families.generator} />
      </PipelineSection>
      <PipelineSection title="Prompt" help="What a language model is told, with the passages and the question in it.">
        <PromptChoice
          value={value.prompt}
          hasModel={value.generator.id !== extractive}
          onChange={(prompt) => onChange({ prompt })}
        />
      </PipelineSection>
    </>
  )
}

export function PipelineSection({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <section className="pipeline-section" aria-label={title}>
      <h2>{title}</h2>
      <p className="soft">{help}</p>
      {children}
    </section>
  )
}

/** The models on this machine that a choice names, each with the way to it; where one is missing, that is said. */
function NamedModels({ choice, known }: { choice: Choice; known: Implementation[] }) {
  const found = known.find(({ id }) => id === choice.id)
  return found ? installedModelsOf(choice, found).map((model) => <ModelLink key={model} id={model} />) : null
}
