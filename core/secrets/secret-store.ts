import { chmod, open, readFile, rename, rm } from 'node:fs/promises'
import { z } from 'zod'
import { AppError, toAppError } from '../contract/errors.ts'
import type { KeyStorage } from '../contract/providers.ts'
import type { Sealer } from './sealer.ts'

/** Keys of providers, by name. They are in a file of their own, sealed: never in the database, a log or an export. */
export interface SecretStore {
  /** Where a key would be kept now. */
  storage(): Promise<KeyStorage>
  /** Where the key in force comes from; it is not opened for that. */
  origin(name: string): Promise<'none' | 'stored' | 'environment'>
  /** Errors: keys-unavailable. */
  read(name: string): Promise<string | undefined>
  /** Errors: keys-unavailable, disk-full. */
  write(name: string, secret: string): Promise<void>
  /** Errors: keys-unavailable, disk-full. */
  remove(name: string): Promise<void>
}

export interface SecretStoreParts {
  /** The file with what is sealed. */
  path: string
  /** The first that can be used seals; each opens what it sealed. */
  sealers: readonly Sealer[]
  /** Of the process: `QUARRY_KEY_…`. */
  variables: Readonly<Record<string, string | undefined>>
}

export function createSecretStore({ path, sealers, variables }: SecretStoreParts): SecretStore {
  // One change at a time: each reads the file, and writes all of it.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const next = last.then(work)
    last = next.catch(() => {})
    return next
  }
  const fromEnvironment = (name: string): string | undefined => {
    const value = variables[keyVariable(name)]?.trim()
    return value === '' ? undefined : value
  }
  const sealer = async (): Promise<{ sealer: Sealer | undefined; message: string }> => {
    const reasons: string[] = []
    for (const candidate of sealers) {
      const { usable, message } = await candidate.status()
      // Why a better place was not to be had is worth knowing; that no passphrase was set goes without saying.
      if (usable) return { sealer: candidate, message: [...reasons, message].join(' ') }
      if (candidate.place === 'keychain') reasons.push(message)
    }
    return { sealer: undefined, message: reasons.join(' ') || 'There is no place to keep keys in.' }
  }
  return {
    async storage() {
      const { sealer: chosen, message } = await sealer()
      return { place: chosen?.place ?? 'none', message }
    },
    async origin(name) {
      if (fromEnvironment(name) !== undefined) return 'environment'
      return (await readEntries(path))[name] ? 'stored' : 'none'
    },
    async read(name) {
      const variable = fromEnvironment(name)
      if (variable !== undefined) return variable
      const entry = (await readEntries(path))[name]
      if (!entry) return undefined
      const opener = sealers.find(({ place }) => place === entry.by)
      if (!opener) throw otherProgram(name, entry.by)
      return opener.open(name, Buffer.from(entry.data, 'base64'))
    },
    write: (name, secret) =>
      inTurn(async () => {
        const { sealer: chosen, message } = await sealer()
        if (!chosen) throw new AppError('keys-unavailable', `${message} Set ${keyVariable(name)} instead.`)
        const sealed = await chosen.seal(name, secret)
        const entry = { by: chosen.place, data: Buffer.from(sealed).toString('base64') }
        await writeEntries(path, { ...(await readEntries(path)), [name]: entry })
      }),
    remove: (name) =>
      inTurn(async () => {
        const { [name]: gone, ...rest } = await readEntries(path)
        if (gone) await writeEntries(path, rest)
      }),
  }
}

/** The variable that is looked at before the file: 'QUARRY_KEY_MY_SERVER' of 'my-server'. */
export function keyVariable(name: string): string {
  return `QUARRY_KEY_${name.toUpperCase().replaceAll('-', '_')}`
}

const fileSchema = z.object({
  version: z.literal(1),
  keys: z.record(
    z.string(),
    z.object({ by: z.enum(['keychain', 'passphrase-file', 'key-file']), data: z.base64().max(20_000) }),
  ),
})
type Entries = z.infer<typeof fileSchema>['keys']

async function readEntries(path: string): Promise<Entries> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const known = toAppError(error)
    if (known.code === 'file-missing') return {}
    throw new AppError('keys-unavailable', `${path} cannot be read: ${known.message}`, { cause: error })
  }
  try {
    return fileSchema.parse(JSON.parse(text)).keys
  } catch {
    throw new AppError(
      'keys-unavailable',
      `${path}, with the keys, is damaged. Put it back from a backup, or remove it and enter the keys again.`,
    )
  }
}

/** All or nothing: a file that was written in part would lose every key. */
async function writeEntries(path: string, keys: Entries): Promise<void> {
  const temporary = `${path}.new`
  try {
    const file = await open(temporary, 'w', 0o600)
    try {
      await file.writeFile(`${JSON.stringify({ version: 1, keys }, null, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(temporary, 0o600)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    const known = toAppError(error)
    if (known.code === 'disk-full') throw known
    throw new AppError('keys-unavailable', `${path} cannot be written: ${known.message}`, { cause: error })
  }
}

function otherProgram(name: string, place: string): AppError {
  const where = place === 'keychain' ? 'by the desktop app, in the keychain of this system' : 'elsewhere'
  return new AppError(
    'keys-unavailable',
    `The key of "${name}" was kept ${where}; it cannot be read from here. Enter it again, or set ${keyVariable(name)}.`,
  )
}
