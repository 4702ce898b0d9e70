import type { ErrorData } from '../contract/errors.ts'
import { detectType, plainTextTypes } from './detect-type.ts'
import { parserDefinitions } from './list.ts'

export interface ChosenParser {
  /** See DetectedType. */
  type: string
  /** The parser that reads it; null where nothing does. */
  parserId: string | null
  /** Present exactly where `parserId` is null: why the file cannot be read and what to do instead. */
  reason?: ErrorData
}

/** The parser for a file, by what the file is (see `detectType` for the arguments). Never throws. */
export function chooseParser(name: string, head: Uint8Array, sizeBytes: number): ChosenParser {
  const { type, reason } = detectType(name, head, sizeBytes)
  if (reason) return { type, parserId: null, reason }
  const parserId = parserOfType(type)
  if (parserId !== null) return { type, parserId }
  const message = adviceByType[type] ?? adviceByType['binary'] ?? ''
  return { type, parserId: null, reason: { code: 'type-unsupported', message, retryable: false, details: { type } } }
}

/** The parser that reads files of this type; null where none does. */
export function parserOfType(type: string): string | null {
  const parserId = parserDefinitions.find((parser) => parser.types.includes(type))?.id
  return parserId ?? (plainTextTypes.includes(type) ? 'text' : null)
}

/** What a person can do with a file of a type that no parser reads. */
const adviceByType: Record<string, string> = {
  xls: 'Excel 97-2003 workbooks (.xls) cannot be read here. Save it as .xlsx in Excel or LibreOffice (`soffice --convert-to xlsx`), then add that.',
  ppt: 'PowerPoint 97-2003 files (.ppt) cannot be read here. Save it as .pptx in PowerPoint or LibreOffice (`soffice --convert-to pptx`), then add that.',
  iwork: 'Apple iWork files are not supported yet. Export it as PDF, then add that.',
  audio: 'Audio files are not supported. Add a transcript as text instead.',
  video: 'Videos are not supported. Add a transcript as text instead.',
  archive: 'Archives are not supported. Unpack it, then add the files in it.',
  zip: 'Archives are not supported. Unpack it, then add the files in it.',
  postscript: 'PostScript files are not supported. Convert it to PDF, then add that.',
  program: 'This is a program, not a document.',
  database: 'Databases are not supported. Export the tables you need as CSV, then add those.',
  font: 'This is a font, not a document.',
  ole: 'This is an Office file of an old or unknown kind. Save it in a current format or as PDF, then add that.',
  binary: 'This file has binary content of an unknown kind, not text. Add it in one of the supported formats instead.',
}
