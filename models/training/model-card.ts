import type { ModelManifest } from '../../core/contract/models.ts'
import { modelManifestSchema } from '../../core/contract/models.ts'
import { sha256 } from '../../core/shared/hash.ts'
import type { TrainerOptions } from './trainer.ts'

/** What the files around a trained model tell. */
export interface ModelFacts {
  id: string
  /** Entries of the vocabulary. */
  tokens: number
  /** Of all files together, in bytes. */
  bytes: number
  options: TrainerOptions
  /** Scores by number of dimensions, then by what was measured. */
  scores: ReadonlyMap<number, ReadonlyMap<string, number>>
}

/** `model.json` of a static model, from its files. */
export function staticManifest(facts: ModelFacts, files: ReadonlyMap<string, Uint8Array>): ModelManifest {
  const { dimensions, prefixes } = facts.options
  return modelManifestSchema.parse({
    id: facts.id,
    kind: 'embedder',
    format: 'onnx',
    label: `Static ${dimensions} (bundled)`,
    licence: {
      id: 'MIT',
      notice:
        'Trained on public texts; each source with its licence stands in SOURCES.tsv, the attributions in MODEL-CARD.md.',
    },
    files: [...files]
      .filter(([path]) => path !== 'checksums.json')
      .map(([path, bytes]) => ({ path, bytes: bytes.byteLength, sha256: sha256(bytes) })),
    languages: ['en'],
    dimensions,
    maxTokens: 8192,
    pooling: 'mean',
    ...(facts.options.repeats === 'linear' ? {} : { repeats: facts.options.repeats }),
    normalise: true,
    prefixes: { query: '', passage: '' },
    matryoshka: prefixes
      .map(({ size }) => size)
      .filter((size) => size < dimensions)
      .reverse(),
    use: 'Comes along: quick everywhere, English, as the minor part of a hybrid search.',
    sources: ['MODEL-CARD.md', 'evaluation.json'],
  })
}

/** `MODEL-CARD.md`: what the model is, what it was trained on and how well it does. */
export function modelCard({ id, tokens, bytes, options, scores }: ModelFacts): string {
  const sizes = [...scores.keys()]
  const measures = [...(scores.get(sizes[0]!) ?? new Map<string, number>()).keys()]
  const table = [
    ['', ...sizes.map((size) => `${size} dimensions`)],
    ['---', ...sizes.map(() => '---')],
    ...measures.map((measure) => [measure, ...sizes.map((size) => scores.get(size)!.get(measure)!.toFixed(4))]),
  ]
  return `# ${id}

An embedding model that Quarry's own training made: one int8 vector per token, ${grouped(tokens)} word pieces x ${options.dimensions} dimensions,
about ${Math.round(bytes / 1e6)} MB. No layers and no attention: it runs anywhere, at the speed of its tokenizer.

- **Input** English text, lower-cased, accents removed, cut into word pieces. No prefixes for questions or passages.
- **Output** the mean of the tokens' vectors, scaled to length 1${options.repeats === 'logarithm' ? '; a token that stands n times in a text counts ln(1 + n)' : ''}. Texts
  without a known token give zeros.
- **Prefixes** the first ${options.prefixes
    .map(({ size }) => size)
    .slice(0, -1)
    .join(', ')} numbers, scaled again, are smaller embeddings (Matryoshka training).
- **Files** \`onnx/model.onnx\` (Gather, Cast, Mul: \`last_hidden_state\`), \`tokenizer.json\`, \`model.json\`, \`checksums.json\`
  (SHA-256), \`evaluation.json\` (options and scores). \`npm run model:train\` writes them all, this card too.

## Training

Contrastive (InfoNCE, in-batch negatives, batch ${options.batch}, temperature ${options.temperature}, ${grouped(options.steps)} steps) on 34 public sources of question or
title and passage pairs. Every source, its commit and its licence stand in \`SOURCES.tsv\`; all are CC0 or public domain,
CC BY, MIT, Apache-2.0, BSD-3-Clause or the WordNet licence. Texts that also stand in common retrieval test sets were
removed. The vocabulary was counted on the training pairs alone; runs of pairs (one in 64) were held out of both. How it
works and what was tried: \`models/training/README.md\`.

Attribution: this model was trained on material of the OpenStax textbooks, MedQuAD, Open English WordNet, Microsoft's
documentation of PowerShell and Dynamics, the Python Enhancement Proposals, the Rust book, the Ethereum Improvement
Proposals, react.dev, digital.gov, the freeCodeCamp guide, tldr-pages, PolyAI's task-specific datasets, CLINC150, the CIA
World Factbook, the CFPB's regulations, arXiv's metadata, the Sourcegraph handbook and Evidence Inference, each changed
into pairs, under the licences in \`SOURCES.tsv\`.

## Figures

None of the test sets was trained on; all four were looked at while options were chosen.

Vectors alone. Held-out pairs: MRR@10 among the held-out passages of a source, mean over sources. Test sets: nDCG@10,
documents cut by the default chunker.

${table.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}

## What it is good for, and what not

As the minor part of a hybrid search it is better than BM25 alone; alone it is worse. It knows English: German words are
mostly unknown to it, Chinese entirely, and Quarry then leans on text search. It knows no context: "not safe" and "safe"
are near each other. It is no model for facts, people or decisions about them.
`
}

function grouped(value: number): string {
  return value.toLocaleString('en-US')
}
