import type { Picked, PickedFile } from '../platform/shell-api.ts'
import { lastPart } from './upload-plan.ts'

/** One model to import: by its path on this machine, or by the files that the page holds. */
export type ModelImport = { name: string; path: string } | { name: string; files: PickedFile[] }

/** A folder with far more is no model's; the manifest names at most as many. */
export const mostModelFiles = 200

/** What was dropped or picked, as models: each pack, archive, GGUF file and folder is one; loose files are one together. */
export function planModelImports({ paths, files }: Pick<Picked, 'paths' | 'files'>): ModelImport[] {
  const imports: ModelImport[] = paths.map((path) => ({ name: lastPart(path), path }))
  const folders = new Map<string, PickedFile[]>()
  for (const file of files) {
    const slash = file.path.indexOf('/')
    if (slash < 0 && isModelFile(file.path)) imports.push({ name: file.path, files: [file] })
    else if (isWanted(file.path)) {
      const folder = slash < 0 ? '' : file.path.slice(0, slash)
      folders.set(folder, [...(folders.get(folder) ?? []), file])
    }
  }
  for (const [folder, inside] of folders) {
    imports.push({ name: folder || (inside.length === 1 ? (inside[0]?.path ?? '') : 'the files'), files: inside })
  }
  return imports
}

/** Whether these can only be models: then they are, wherever they are dropped. */
export function areModels({ paths, files }: Pick<Picked, 'paths' | 'files'>): boolean {
  const names = [...paths.map(lastPart), ...files.map(({ path }) => path)]
  return names.length > 0 && names.every((name) => /\.(quarrypack|gguf)$/i.test(name))
}

function isModelFile(name: string): boolean {
  return /\.(quarrypack|zip|gguf)$/i.test(name)
}

/** Neither hidden nor weights in a form that Quarry does not read: those are gigabytes sent for nothing. */
function isWanted(path: string): boolean {
  return !path.split('/').some((part) => part.startsWith('.')) && !otherWeights.test(path)
}

const otherWeights = /\.(safetensors|bin|pt|pth|ckpt|h5|msgpack|ot|tflite|npz)$/i
