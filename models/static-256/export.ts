/**
 * Turns the first trained token table into the model that the product loads: `npm run model:export [-- FOLDER]`, where
 * FOLDER holds config.json, table.i8, scales.f32 and tokenizer.json (default: ../shared/model/static-256 beside the
 * clone). Deterministic: the same table gives the same bytes, and `checksums.json` holds their SHA-256.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { staticModelFiles } from '../training/model-files.ts'

const here = dirname(fileURLToPath(import.meta.url))

/** The files of the model folder by path, from a folder with the trained parts. */
export async function exportStaticModel(source: string): Promise<Map<string, Uint8Array>> {
  const read = (name: string): Promise<Buffer> => readFile(join(source, name))
  const config = JSON.parse((await read('config.json')).toString('utf8')) as { dims: number; vocab: number }
  const parts = {
    rows: config.vocab,
    columns: config.dims,
    table: await read('table.i8'),
    scales: await read('scales.f32'),
  }
  return staticModelFiles(parts, await read('tokenizer.json'))
}

if (import.meta.main) {
  const source = resolve(process.argv[2] ?? join(here, '../../../shared/model/static-256'))
  const files = await exportStaticModel(source)
  for (const [path, bytes] of files) {
    await mkdir(dirname(join(here, path)), { recursive: true })
    await writeFile(join(here, path), bytes)
    console.log(`${path} ${bytes.byteLength} bytes`)
  }
}
