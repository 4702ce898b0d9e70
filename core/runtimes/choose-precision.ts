import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { type Precision, precisions, weightsFile } from './onnx.ts'

/**
 * The precision to load: the one asked for, or with 'auto' the first of fp32, q8 and fp16 (which processors without
 * half-precision arithmetic compute no faster) whose file is there. Errors: model-invalid (names those that are there).
 */
export async function choosePrecision(folder: string, wanted: Precision | 'auto'): Promise<Precision> {
  const there: Precision[] = []
  for (const precision of precisions) if (await exists(weightsFile(folder, precision))) there.push(precision)
  const chosen = wanted === 'auto' ? (['fp32', 'q8', 'fp16'] as const).find((each) => there.includes(each)) : wanted
  if (chosen && there.includes(chosen)) return chosen
  throw new AppError(
    'model-invalid',
    `The model "${basename(folder)}" has no weights${wanted === 'auto' ? '' : ` in ${wanted}`}; ` +
      (there.length > 0 ? `choose ${there.join(' or ')}, or get that file.` : 'copy the whole model folder again.'),
    { details: { folder, there } },
  )
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
