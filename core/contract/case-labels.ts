import papaparse from 'papaparse'
import { AppError } from './errors.ts'

/** What people said about cases, by case: whether they find it right. */
export type CaseLabels = Record<string, boolean>

/** What a person says yes or no to beside a judge, by the metric that it scores. */
export const judgedQuestions: Readonly<Record<string, string>> = {
  faithfulness: 'Does the answer say only what the passages say?',
  'answer-relevance': 'Does the answer answer the question?',
  'context-precision': 'Is what was found of use for the question?',
  'context-recall': 'Does what was found hold what a good answer says?',
}

const yes = new Set(['yes', 'y', 'true', '1', 'right'])
const no = new Set(['no', 'n', 'false', '0', 'wrong'])

/**
 * Reads labels: CSV with the columns case and label, or a JSON object with true or false for each case. Errors:
 * input-invalid, naming the file, and the line or the case.
 */
export function parseCaseLabels(text: string, file: string): CaseLabels {
  const labels = text.trimStart().startsWith('{') ? labelsOfJson(text, file) : labelsOfCsv(text, file)
  if (Object.keys(labels).length > 0) return labels
  throw invalid(`${file} has no labels. Write a line "case,label" and then one for each case.`)
}

/** The same as CSV, for `parseCaseLabels` to read. */
export function caseLabelsCsv(labels: CaseLabels): string {
  const rows = Object.entries(labels).map(([caseId, label]) => [caseId, label ? 'yes' : 'no'])
  return `${papaparse.unparse([['case', 'label'], ...rows])}\r\n`
}

function labelsOfJson(text: string, file: string): CaseLabels {
  const entries = entriesOf(text)
  const wrong = entries?.find(([, label]) => typeof label !== 'boolean')
  if (entries && !wrong) return Object.fromEntries(entries) as CaseLabels
  const place = wrong ? `; "${wrong[0]}" has neither` : ''
  throw invalid(`${file} must be a JSON object with true or false for each case${place}.`)
}

function entriesOf(text: string): [string, unknown][] | undefined {
  try {
    return Object.entries(JSON.parse(text) as Record<string, unknown>)
  } catch {
    return undefined
  }
}

function labelsOfCsv(text: string, file: string): CaseLabels {
  const { data, meta } = papaparse.parse<Record<string, string>>(text.replace(/^\uFEFF/, ''), {
    header: true,
    skipEmptyLines: 'greedy',
    transformHeader: (name) => name.trim().toLowerCase(),
  })
  const missing = ['case', 'label'].find((column) => !meta.fields?.includes(column))
  if (missing !== undefined) throw invalid(`${file} has no column "${missing}". Its first line must be: case,label`)
  const labels = new Map<string, boolean>()
  for (const [index, { case: caseId = '', label = '' }] of data.entries()) {
    const word = label.trim().toLowerCase()
    const where = `${file}, line ${index + 2}`
    if (!yes.has(word) && !no.has(word)) throw invalid(`${where}: "${label}" is no label. Write yes or no.`)
    if (labels.has(caseId)) throw invalid(`${where}: the case "${caseId}" is there twice.`)
    labels.set(caseId, yes.has(word))
  }
  return Object.fromEntries(labels)
}

function invalid(sentence: string): AppError {
  return new AppError('input-invalid', sentence)
}
