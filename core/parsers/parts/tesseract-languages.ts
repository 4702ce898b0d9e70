import { readFile } from 'node:fs/promises'
import { dirname, join, sep } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { resolveUnpacked } from './tesseract-files.ts'

export interface LanguageData {
  code: string
  /** Gzip or not: the library tells by the first bytes. */
  data: Uint8Array
}

/**
 * The data of languages (Tesseract 4 or later) by their codes, from CODE.traineddata or CODE.traineddata.gz in one of
 * the folders, in their order; of English also from what is bundled. Errors: model-missing.
 */
export async function loadLanguages(codes: readonly string[], folders: readonly string[]): Promise<LanguageData[]> {
  if (codes.length === 0) throw new AppError('model-missing', 'Name at least one language for reading pictures.')
  return Promise.all(codes.map((code) => loadLanguage(code, folders)))
}

/** The folder beside the bundled models in which people of this machine may put further languages. */
export function programLanguages(): string {
  const bundled = resolveUnpacked('@tesseract.js-data/eng/package.json')
  const program = bundled.slice(0, bundled.indexOf(`${sep}node_modules${sep}`))
  // A package has the program in an archive and the models beside that.
  return join(program.endsWith('app.asar.unpacked') ? dirname(program) : program, 'ocr')
}

async function loadLanguage(code: string, folders: readonly string[]): Promise<LanguageData> {
  if (!/^\w{1,40}$/.test(code)) {
    throw new AppError('model-missing', `"${code}" is no code of a language. Use codes such as eng, deu or chi_sim.`)
  }
  const names = [`${code}.traineddata`, `${code}.traineddata.gz`]
  const places = folders.flatMap((folder) => names.map((name) => join(folder, name)))
  if (code === 'eng') {
    places.push(join(dirname(resolveUnpacked('@tesseract.js-data/eng/package.json')), '4.0.0_best_int', `${names[1]}`))
  }
  for (const place of places) {
    try {
      return { code, data: new Uint8Array(await readFile(place)) }
    } catch (error) {
      const reason = (error as { code?: unknown }).code
      if (reason !== 'ENOENT' && reason !== 'ENOTDIR') throw languageMissing(code, folders, error)
    }
  }
  throw languageMissing(code, folders, undefined)
}

function languageMissing(code: string, folders: readonly string[], cause: unknown): AppError {
  const where = folders[0] ?? 'the folder of language data'
  return new AppError(
    'model-missing',
    `The data for reading pictures in the language "${code}" is missing. Put ${code}.traineddata into ${where}, ` +
      'or choose another language.',
    { cause, details: { language: code, searched: folders } },
  )
}
