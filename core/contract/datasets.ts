import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { choiceSchema } from './pipeline.ts'
import { id } from './values.ts'

/**
 * Evaluation questions with the passages that should be found. What a person judged is a text in a document: it is held
 * on to when the document changes (offsets follow the text), and a case whose text or document is gone says so.
 */
export const caseStates = ['proposed', 'accepted', 'rejected'] as const
export const caseStateSchema = z.enum(caseStates)
export type CaseState = z.infer<typeof caseStateSchema>

export const caseOrigins = ['manual', 'trace', 'import', 'generated'] as const
export const caseOriginSchema = z.enum(caseOrigins)

/** Of cases that belong to no part: used by every run. */
export const noSplit = 'all'
export const splitSchema = z
  .string()
  .trim()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]{0,39}$/u, 'A split is one short word, such as "train" or "test".')

/** Ids come with imports: any text without control characters, kept as it is. */
export const caseIdSchema = z
  .string()
  .min(1, 'An id must not be empty.')
  .max(200, 'An id has at most 200 characters.')
  .regex(/^[^\u0000-\u001f\u007f]+$/, 'An id must not hold control characters.')

/** Why an expected passage cannot be shown in its document. */
export const lostReasons = ['document-missing', 'text-missing'] as const
export const lostReasonSchema = z.enum(lostReasons)
export type LostReason = z.infer<typeof lostReasonSchema>

const gradeSchema = z.number().min(0).max(1000)
const pathSchema = z.string().min(1).max(4096)
const passageTextSchema = z.string().min(1).max(100_000)

/** A passage that should be found: [start, end) of the document's present text, UTF-16 code units. */
export const expectedSpanSchema = z.object({
  /** Null while no document of the dataset's collection has this path. */
  documentId: id<'document'>().nullable(),
  /** As it was judged; a document that was renamed since has another one now. */
  path: z.string(),
  start: z.int(),
  end: z.int(),
  /** The words that were judged. */
  text: z.string(),
  grade: z.number(),
  /** Where the words stood when they were judged: part of the hash, unlike `start`, which follows the document. */
  judgedStart: z.int(),
  lost: lostReasonSchema.nullable(),
})
export type ExpectedSpan = z.infer<typeof expectedSpanSchema>

/** A judgement of a whole document, as BEIR sets have them. */
export const relevantDocumentSchema = z.object({
  documentId: id<'document'>().nullable(),
  /** Its path, or the id that the set gives it. */
  path: z.string(),
  /** 0: judged, and not relevant. */
  grade: z.number(),
})
export type RelevantDocument = z.infer<typeof relevantDocumentSchema>

export const testCaseSchema = z.object({
  id: z.string(),
  question: z.string(),
  expected: z.array(expectedSpanSchema),
  relevant: z.array(relevantDocumentSchema),
  /** What a good answer says; null where only passages are judged. */
  answer: z.string().nullable(),
  /** False: the documents do not say it, and the right answer is to refuse. */
  answerable: z.boolean(),
  tags: z.array(z.string()),
  split: z.string(),
  state: caseStateSchema,
  origin: caseOriginSchema,
  notes: z.string(),
  createdAt: z.number(),
  /** Why it cannot be measured with the present documents, as a sentence; null when all is well. */
  stale: z.string().nullable(),
})
export type TestCase = z.infer<typeof testCaseSchema>

export const datasetSchema = z.object({
  id: id<'dataset'>(),
  name: z.string(),
  description: z.string(),
  /** The collection whose documents its passages are in; null for a set without documents here. */
  collectionId: id<'collection'>().nullable(),
  /** Every change of cases makes the next one. */
  version: z.int(),
  /** SHA-256 over the cases in order: what was judged, not where it stands now. */
  hash: z.string(),
  createdAt: z.number(),
  changedAt: z.number(),
  cases: z.int(),
  /** Cases by state and by split; only what there is. */
  states: z.record(z.string(), z.int()),
  splits: z.record(z.string(), z.int()),
  tags: z.record(z.string(), z.int()),
  stale: z.int(),
})
export type Dataset = z.infer<typeof datasetSchema>

export const datasetVersionSchema = z.object({
  number: z.int(),
  hash: z.string(),
  /** What was done, such as 'Imported 30 cases'. */
  note: z.string(),
  changed: z.int(),
  createdAt: z.number(),
})
export type DatasetVersion = z.infer<typeof datasetVersionSchema>

/**
 * A passage as it is given: by offsets in a document (`text`, where given too, must be what stands there or near), or
 * by its words, which must stand in the document exactly once.
 */
export const givenSpanSchema = z
  .object({
    documentId: id<'document'>().optional(),
    path: pathSchema.optional(),
    start: z.int().min(0).optional(),
    end: z.int().min(0).optional(),
    text: passageTextSchema.optional(),
    grade: gradeSchema.default(1),
  })
  .refine((span) => span.documentId !== undefined || span.path !== undefined, 'Name the document of the passage.')
  .refine(
    (span) => span.text !== undefined || (span.start !== undefined && span.end !== undefined),
    'Give the passage by start and end, or by its words.',
  )
export type GivenSpan = z.input<typeof givenSpanSchema>

const givenRelevantSchema = z.object({ path: pathSchema, grade: gradeSchema.default(1) })
const tagSchema = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\u0000-\u001f\u007f;]+$/, 'A tag must not hold ";" or control characters.')

const caseFields = {
  question: z.string().trim().min(1, 'The question is empty.').max(10_000),
  expected: z.array(givenSpanSchema).max(1000),
  relevant: z.array(givenRelevantSchema).max(10_000),
  answer: z.string().max(100_000).nullable(),
  answerable: z.boolean(),
  tags: z.array(tagSchema).max(50),
  split: splitSchema,
  state: caseStateSchema,
  notes: z.string().max(20_000),
}

export const newCaseSchema = z.object({
  /** Made where it is not given. */
  id: caseIdSchema.optional(),
  question: caseFields.question,
  expected: caseFields.expected.default([]),
  relevant: caseFields.relevant.default([]),
  answer: caseFields.answer.default(null),
  answerable: caseFields.answerable.default(true),
  tags: caseFields.tags.default([]),
  split: caseFields.split.default(noSplit),
  state: caseFields.state.default('accepted'),
  notes: caseFields.notes.default(''),
})
export type NewCase = z.input<typeof newCaseSchema>

/** What is given replaces what was there; the rest stays. */
export const caseChangeSchema = z.object(caseFields).partial()
export type CaseChange = z.input<typeof caseChangeSchema>

const datasetId = z.object({ datasetId: id<'dataset'>() })
const name = z.string().trim().min(1, 'Give the dataset a name.').max(200)
const description = z.string().max(5000)
const absolutePath = z.string().min(1).max(4096)

export const caseFilterSchema = z.object({
  state: caseStateSchema.optional(),
  split: z.string().max(40).optional(),
  tag: z.string().max(60).optional(),
  stale: z.stringbool().or(z.boolean()).optional(),
  /** Words of the question, in any case. */
  search: z.string().max(1000).optional(),
})
export type CaseFilter = z.infer<typeof caseFilterSchema>

export const caseSorts = ['order', 'question', 'state', 'split', 'created'] as const

/** What happened to one case between two versions. */
export const caseDifferenceSchema = z.object({
  caseId: z.string(),
  question: z.string(),
  kind: z.enum(['added', 'removed', 'changed']),
  /** Of a changed one: which of its parts, such as 'question' and 'expected'. */
  fields: z.array(z.string()),
})
export type CaseDifference = z.infer<typeof caseDifferenceSchema>

export const exportFormats = ['jsonl', 'csv', 'beir'] as const

/** 'chunking': questions_df.csv and corpora/*.md, as "Evaluating Chunking Strategies for Retrieval" published them. */
export const importFormats = ['jsonl', 'csv', 'beir', 'chunking'] as const
export const importFormatSchema = z.enum(importFormats)
export type ImportFormat = z.infer<typeof importFormatSchema>

/** Ways to make questions without a language model. */
export const questionMakers = ['heading', 'definition', 'cell', 'cloze'] as const
export type QuestionMaker = (typeof questionMakers)[number]

const progressSchema = z.object({
  type: z.literal('progress'),
  done: z.number(),
  total: z.number().optional(),
  unit: z.string(),
  label: z.string(),
})

/** Import, export and generation are calls that tell how far they are: leaving one stops it, and nothing of it stays. */
export const datasetsContract = {
  /** By name. */
  list: oc.route({ method: 'GET', path: '/datasets' }).output(z.object({ datasets: z.array(datasetSchema) })),
  /** Errors: item-missing. */
  get: oc.route({ method: 'GET', path: '/datasets/{datasetId}' }).input(datasetId).output(datasetSchema),
  /** Errors: name-taken, item-missing (the collection). */
  create: oc
    .route({ method: 'POST', path: '/datasets' })
    .input(
      z.object({
        name,
        description: description.default(''),
        collectionId: id<'collection'>().nullable().default(null),
      }),
    )
    .output(datasetSchema),
  /** Another collection: every passage is looked for there. Errors: item-missing, name-taken. */
  update: oc
    .route({ method: 'PATCH', path: '/datasets/{datasetId}' })
    .input(
      datasetId.extend({
        name: name.optional(),
        description: description.optional(),
        collectionId: id<'collection'>().nullable().optional(),
      }),
    )
    .output(datasetSchema),
  remove: oc
    .route({ method: 'DELETE', path: '/datasets/{datasetId}' })
    .input(datasetId)
    .output(z.object({ removed: z.boolean() })),
  /** Newest first. Errors: item-missing. */
  versions: oc
    .route({ method: 'GET', path: '/datasets/{datasetId}/versions' })
    .input(datasetId.extend({ limit: z.coerce.number().int().min(1).max(1000).default(100) }))
    .output(z.object({ versions: z.array(datasetVersionSchema) })),
  /** What differs between two versions; of many changes the first `limit`, in the order of the set. Errors: item-missing. */
  differences: oc
    .route({ method: 'GET', path: '/datasets/{datasetId}/differences' })
    .input(
      datasetId.extend({
        from: z.coerce.number().int().min(0),
        to: z.coerce.number().int().min(0),
        limit: z.coerce.number().int().min(0).max(10_000).default(500),
      }),
    )
    .output(
      z.object({ added: z.int(), removed: z.int(), changed: z.int(), differences: z.array(caseDifferenceSchema) }),
    ),
  /** Now or as they were in an earlier version; that one is always in the order of the set. Errors: item-missing. */
  cases: oc
    .route({ method: 'GET', path: '/datasets/{datasetId}/cases' })
    .input(
      datasetId.extend({
        version: z.coerce.number().int().min(0).optional(),
        limit: z.coerce.number().int().min(1).max(10_000).default(500),
        offset: z.coerce.number().int().min(0).default(0),
        sort: z.enum(caseSorts).default('order'),
        descending: z.stringbool().or(z.boolean()).default(false),
        ...caseFilterSchema.shape,
      }),
    )
    .output(z.object({ cases: z.array(testCaseSchema), total: z.int() })),
  /** Ids of all that pass, for a change of many at once. Errors: item-missing. */
  caseIds: oc
    .route({ method: 'GET', path: '/datasets/{datasetId}/case-ids' })
    .input(datasetId.extend(caseFilterSchema.shape))
    .output(z.object({ caseIds: z.array(z.string()) })),
  /** Errors: item-missing. */
  case: oc
    .route({ method: 'GET', path: '/datasets/{datasetId}/cases/{caseId}' })
    .input(datasetId.extend({ caseId: z.string() }))
    .output(testCaseSchema),
  /**
   * Errors: item-missing (dataset, document), name-taken (the id), input-invalid (a passage outside the text, words not
   * found or found twice, a dataset without a collection).
   */
  addCase: oc
    .route({ method: 'POST', path: '/datasets/{datasetId}/cases' })
    .input(datasetId.extend({ case: newCaseSchema }))
    .output(testCaseSchema),
  /**
   * What a question was answered from becomes what it should be answered from. `answerable: false` keeps it as a
   * question to be refused. Without a dataset it goes to the one of the trace's collection that was changed last, or to
   * a new one. Errors: item-missing, input-invalid (nothing was cited).
   */
  addTrace: oc
    .route({ method: 'POST', path: '/traces/{traceId}/case' })
    .input(
      z.object({
        traceId: id<'trace'>(),
        datasetId: id<'dataset'>().optional(),
        answerable: z.boolean().optional(),
      }),
    )
    .output(z.object({ datasetId: id<'dataset'>(), case: testCaseSchema })),
  /** Errors: as addCase. */
  updateCase: oc
    .route({ method: 'PATCH', path: '/datasets/{datasetId}/cases/{caseId}' })
    .input(datasetId.extend({ caseId: z.string(), change: caseChangeSchema }))
    .output(testCaseSchema),
  /** The same change for many at once: review, tags, parts. Gives how many were changed by it. Errors: item-missing. */
  setCases: oc
    .route({ method: 'POST', path: '/datasets/{datasetId}/cases/set' })
    .input(
      datasetId.extend({
        caseIds: z.array(z.string()).min(1).max(100_000),
        state: caseStateSchema.optional(),
        split: splitSchema.optional(),
        addTags: z.array(tagSchema).max(50).default([]),
        removeTags: z.array(z.string()).max(50).default([]),
      }),
    )
    .output(z.object({ changed: z.int(), dataset: datasetSchema })),
  removeCases: oc
    .route({ method: 'POST', path: '/datasets/{datasetId}/cases/remove' })
    .input(datasetId.extend({ caseIds: z.array(z.string()).min(1).max(100_000) }))
    .output(z.object({ removed: z.int(), dataset: datasetSchema })),
  /**
   * Deals the cases out into parts by a hash of their ids and the seed: the same cases come to the same parts anywhere.
   * Shares add up to 1. With `byTag` each tag is dealt out by itself. Errors: item-missing, input-invalid.
   */
  split: oc
    .route({ method: 'POST', path: '/datasets/{datasetId}/split' })
    .input(
      datasetId.extend({
        parts: z
          .array(z.object({ name: splitSchema, share: z.number().positive().max(1) }))
          .min(1)
          .max(10),
        seed: z.int().min(0).default(0),
        byTag: z.boolean().default(false),
      }),
    )
    .output(datasetSchema),
  /**
   * Reads cases from a file or folder on this machine (its absolute path) or from a file that was uploaded. All or
   * nothing: the first hundred problems are told with their lines in `details.problems`. Into a dataset, or into a new
   * one (`name`). Documents that come with the set (BEIR, 'chunking') are added to the dataset's collection; a new one
   * of the set's name is made where none is given. Errors: file-missing, file-corrupt (names lines), input-invalid,
   * name-taken, item-missing, disk-full.
   */
  import: oc
    .route({ method: 'POST', path: '/datasets/import' })
    .input(
      z.object({
        path: absolutePath.optional(),
        uploadId: id<'upload'>().optional(),
        /** Told from the name where it is not given. */
        format: importFormatSchema.optional(),
        datasetId: id<'dataset'>().optional(),
        name: name.optional(),
        collectionId: id<'collection'>().optional(),
        /** What happens to a case whose id is in the dataset already. */
        onDuplicate: z.enum(['refuse', 'skip', 'replace']).default('refuse'),
        /** Takes cases whose documents or words are not there, as stale ones, instead of refusing the file. */
        allowStale: z.boolean().default(false),
        /** Of BEIR folders: which qrels, such as 'test'. All by default. */
        splits: z.array(splitSchema).max(20).optional(),
      }),
    )
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({
            type: z.literal('import-end'),
            dataset: datasetSchema,
            added: z.int(),
            replaced: z.int(),
            skipped: z.int(),
            stale: z.int(),
            /** True things a person should know, such as questions without judgements that were left out. */
            warnings: z.array(z.string()),
          }),
        ]),
      ),
    ),
  /** Writes a new file, or a folder for BEIR. Errors: item-missing, name-taken (it is there), input-invalid, disk-full. */
  export: oc
    .route({ method: 'POST', path: '/datasets/{datasetId}/export' })
    .input(datasetId.extend({ format: z.enum(exportFormats), path: absolutePath }))
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({ type: z.literal('export-end'), path: z.string(), cases: z.int(), hash: z.string() }),
        ]),
      ),
    ),
  /**
   * The same text in pieces, for a page that has no paths: each says which file it goes on with, by its path in the folder
   * for BEIR. Errors: as export.
   */
  download: oc
    .route({ method: 'GET', path: '/datasets/{datasetId}/download' })
    .input(datasetId.extend({ format: z.enum(exportFormats) }))
    .output(eventIterator(z.object({ file: z.string(), text: z.string() }))),
  /**
   * Proposes questions from the documents of the dataset's collection, to be reviewed: from their structure, the same
   * ones each time, or with a language model. Errors: item-missing, input-invalid, collection-empty, model-missing.
   */
  generate: oc
    .route({ method: 'POST', path: '/datasets/{datasetId}/generate' })
    .input(
      datasetId.extend({
        limit: z.coerce.number().int().min(1).max(100_000).default(50),
        /** Only of these documents. */
        documentIds: z.array(id<'document'>()).max(10_000).optional(),
        makers: z.array(z.enum(questionMakers)).min(1).optional(),
        /** A language model with its options, as a pipeline names one. Absent: without one. */
        generator: choiceSchema.optional(),
        seed: z.int().min(0).default(0),
      }),
    )
    .output(
      eventIterator(
        z.discriminatedUnion('type', [
          progressSchema,
          z.object({
            type: z.literal('generate-end'),
            dataset: datasetSchema,
            added: z.int(),
            /** Questions that were made and not kept, by reason. */
            dropped: z.record(z.string(), z.int()),
          }),
        ]),
      ),
    ),
}
