import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { toAppError } from './errors.ts'

it('names the file that is not there: a path that was mistyped is seen', async () => {
  const error = toAppError(await readFile('/no/such/file.csv').catch((thrown: unknown) => thrown))
  expect(error.code).toBe('file-missing')
  expect(error.message).toBe(
    'The file or folder is not there any more: /no/such/file.csv. Check the path, or add it again.',
  )
})
