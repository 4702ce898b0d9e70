import { strToU8, zipSync } from 'fflate'
import type { Dataset } from '../../../core/contract/datasets.ts'
import { core } from '../../state/client.ts'
import { sayFailure, useNotices } from '../../state/notices.ts'
import { saveFile } from '../../ui/save-file.ts'

const types = { jsonl: 'application/jsonl', csv: 'text/csv;charset=utf-8', beir: 'application/zip' } as const

/** A dataset as a file; the folder that BEIR is comes in a ZIP, documents and all. */
export async function downloadDataset(
  { id: datasetId, name, version }: Dataset,
  format: keyof typeof types,
): Promise<void> {
  try {
    const files = new Map<string, string[]>()
    for await (const { file, text } of await core().datasets.download({ datasetId, format })) {
      const pieces = files.get(file) ?? []
      pieces.push(text)
      files.set(file, pieces)
    }
    const stem = `${name.replace(/[^\p{L}\p{N} ._-]+/gu, '_')} v${version}`
    const fileName = format === 'beir' ? `${stem} BEIR.zip` : `${stem}.${format}`
    const contents = format === 'beir' ? [zipOf(files, stem)] : (files.get('') ?? [])
    saveFile(fileName, new Blob(contents, { type: types[format] }))
    useNotices.getState().say(`Exported as “${fileName}”.`)
  } catch (error) {
    sayFailure(error)
  }
}

function zipOf(files: ReadonlyMap<string, readonly string[]>, folder: string): Uint8Array<ArrayBuffer> {
  const entries = [...files].map(([file, pieces]) => [`${folder}/${file}`, strToU8(pieces.join(''))] as const)
  return Uint8Array.from(zipSync(Object.fromEntries(entries)))
}
