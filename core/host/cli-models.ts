import { resolve } from 'node:path'
import { Option } from 'commander'
import { AppError } from '../contract/errors.ts'
import type { Model } from '../contract/models.ts'
import { createKeyFiles } from '../model-files/signature.ts'
import { command, followCall, type GlobalOptions, guarded, run, terminal } from './command-line.ts'

/** `quarry models …`: what is on this machine, what can be had, and the way of models to machines without a network. */
export function addModelCommands(): void {
  const models = command('models', 'models on this machine and in the catalogue')

  command('list', 'list the models, and which of the catalogue are here', models)
    .addOption(new Option('--kind <kind>', 'only these').choices(['embedder', 'reranker', 'generator']))
    .option('--installed', 'only what is on this machine')
    .action((options: GlobalOptions & { kind?: string; installed?: boolean }) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const { models: all } = await client.models.list()
        const found = all.filter(
          ({ manifest, origin }) =>
            (options.kind === undefined || manifest.kind === options.kind) && (!options.installed || origin !== null),
        )
        terminal.result(options.json, { models: found.map(modelRow) }, () => {
          terminal.table(found.map(tableRow), ['id', 'kind', 'state', 'MB', 'licence', 'used by'], 'No models.')
          for (const { manifest, problem } of found)
            if (problem) terminal.complain(`${manifest.id}: ${problem.message}`)
        })
        return 0
      }),
    )

  command('show', 'show everything that is known about a model', models)
    .argument('<id>', 'as quarry models list shows it')
    .action((id: string, options: GlobalOptions) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const model = (await client.models.list()).models.find(({ manifest }) => manifest.id === id)
        if (!model) {
          throw new AppError('model-missing', `There is no model "${id}", here or in the catalogue: quarry models list`)
        }
        terminal.result(options.json, { ...modelRow(model), speed: speedRow(model), manifest: model.manifest }, () =>
          showModel(model),
        )
        return 0
      }),
    )

  command('import', 'copy a model into the workspace: a folder, a .quarrypack, a .zip or a .gguf file', models)
    .argument('<path>', 'where it is')
    .option('--id <id>', 'name for a model that has none of its own')
    .option('--trust <pubkey...>', 'public keys (PEM files): take only a pack that one of them signed')
    .action((path: string, options: GlobalOptions & { id?: string; trust?: string[] }) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const trustKeys = (options.trust ?? []).map((key) => resolve(key))
        const input = { path: resolve(path), trustKeys, ...(options.id === undefined ? {} : { id: options.id }) }
        const end = await followCall(
          options,
          (signal) => client.models.import(input, { signal }),
          'import-end',
          megabyte,
        )
        const { model, signature, assumed } = end
        terminal.result(options.json, { ...modelRow(model), signature, assumed }, () => {
          const signed = {
            unsigned: 'not signed',
            'unknown-key': 'signed, with a key that you did not name',
            trusted: 'signed with a key that you trust',
          }[signature.state]
          const key = signature.state === 'unsigned' ? '' : ` (${signature.keyId})`
          terminal.write(`Imported ${model.manifest.id}: ${megabytes(model.bytes)} MB, ${signed}${key}.\n`)
          for (const sentence of assumed) terminal.write(`  ${sentence}\n`)
        })
        return 0
      }),
    )

  command('export', 'pack a model as a .quarrypack, to import it on another machine', models)
    .argument('<id>', 'as quarry models list shows it')
    .argument('[file]', 'the pack (default: ID.quarrypack)')
    .option('--sign <keyfile>', 'sign it with this Ed25519 key (quarry models keygen makes one)')
    .action((id: string, file: string | undefined, options: GlobalOptions & { sign?: string }) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const signKey = options.sign === undefined ? {} : { signKey: resolve(options.sign) }
        const input = { id, path: resolve(file ?? `${id}.quarrypack`), ...signKey }
        const end = await followCall(
          options,
          (signal) => client.models.export(input, { signal }),
          'export-end',
          megabyte,
        )
        const { path, bytes, keyId } = end
        terminal.result(options.json, { path, bytes, key_id: keyId }, () =>
          terminal.write(`Packed ${path}: ${megabytes(bytes)} MB, ${keyId ? `signed (${keyId})` : 'not signed'}.\n`),
        )
        return 0
      }),
    )

  command('verify', 'read every file of a model again and compare its checksum', models)
    .argument('<id>', 'as quarry models list shows it')
    .action((id: string, options: GlobalOptions) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const { ok, files } = await followCall(
          options,
          (signal) => client.models.verify({ id }, { signal }),
          'verify-end',
          megabyte,
        )
        terminal.result(options.json, { id, ok, files }, () => {
          terminal.table(files, ['path', 'state'], 'It has no files.')
          terminal.write(ok ? 'Nothing is wrong.\n' : 'Remove it and get it again.\n')
        })
        return ok ? 0 : 1
      }),
    )

  command('measure', 'find out how fast a model is on this machine: it is kept busy for 5 seconds', models)
    .argument('<id>', 'as quarry models list shows it')
    .action((id: string, options: GlobalOptions) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const { model } = await followCall(
          options,
          (signal) => client.models.measure({ id }, { signal }),
          'measure-end',
          megabyte,
        )
        terminal.result(options.json, { id, speed: speedRow(model) }, () => {
          for (const line of speedLines(model)) terminal.write(`${line}\n`)
        })
        return 0
      }),
    )

  command('remove', 'remove a model from the workspace, or what an unfinished download has brought', models)
    .argument('<id>', 'as quarry models list shows it')
    .action((id: string, options: GlobalOptions) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const { removedBytes } = await client.models.remove({ id })
        terminal.result(options.json, { id, removed_bytes: removedBytes }, () =>
          terminal.write(`Removed ${id}: ${megabytes(removedBytes)} MB.\n`),
        )
        return 0
      }),
    )

  command('download', 'download a model of the catalogue; goes on where an earlier try ended', models)
    .argument('<id>', 'as quarry models list shows it')
    .option('--precision <name>', 'which weights, where there are several, such as fp32 or q8')
    .option('--mirror <url>', 'another hub of the same layout')
    .action((id: string, options: GlobalOptions & { precision?: string; mirror?: string }) =>
      run(options, { program: 'quarry models' }, async (client) => {
        const input = {
          id,
          ...(options.precision === undefined ? {} : { precision: options.precision }),
          ...(options.mirror === undefined ? {} : { mirror: options.mirror }),
        }
        const { model } = await followCall(
          options,
          (signal) => client.models.download(input, { signal }),
          'download-end',
          megabyte,
        )
        terminal.result(options.json, modelRow(model), () =>
          terminal.write(`Downloaded ${id}: ${megabytes(model.bytes)} MB. Licence: ${model.manifest.licence.id}.\n`),
        )
        return 0
      }),
    )

  command('keygen', 'make a key pair to sign packs with: FILE, to be kept, and FILE.pub, to be given away', models)
    .argument('<file>', 'the private key; nothing is overwritten')
    .action(async (file: string, options: GlobalOptions) => {
      process.exitCode = await guarded(options, async () => {
        const { privateKey, publicKey, keyId } = await createKeyFiles(resolve(file))
        const json = { private_key: privateKey, public_key: publicKey, key_id: keyId }
        terminal.result(options.json, json, () =>
          terminal.write(`Keep ${privateKey} to yourself. Give away ${publicKey} (key ${keyId}).\n`),
        )
        return 0
      })
    })
}

/** What progress is shown in. */
const megabyte = { size: 1e6, label: 'MB ' }

function modelRow({ manifest, state, origin, folder, bytes, problem, inCatalogue, usedBy }: Model) {
  const { id, kind, format, label, licence, languages, maxTokens = null, memoryMb = null } = manifest
  return {
    ...{ id, kind, format, label, state, origin, folder, bytes, licence: licence.id, languages },
    ...{ max_tokens: maxTokens, memory_mb: memoryMb, in_catalogue: inCatalogue },
    ...{ used_by: usedBy.map(({ name }) => name), problem: problem?.message ?? null },
  }
}

function tableRow({ manifest, state, bytes, usedBy }: Model) {
  const { files, licence } = manifest
  const first = files.find(({ precision }) => precision !== undefined)?.precision
  const wanted = files.filter(({ precision }) => precision === undefined || precision === first)
  const listed = wanted.some((file) => file.bytes === undefined)
    ? undefined
    : wanted.reduce((sum, file) => sum + (file.bytes ?? 0), 0)
  const size = state === 'absent' || state === 'downloading' ? listed : bytes
  return {
    id: manifest.id,
    kind: manifest.kind,
    state: state === 'absent' && bytes > 0 ? 'begun' : state,
    MB: size === undefined ? '' : megabytes(size),
    licence: licence.id,
    'used by': usedBy.map(({ name }) => name).join(', '),
  }
}

function showModel(model: Model): void {
  const { manifest, state, folder, bytes, problem, usedBy } = model
  const { prefixes } = manifest
  const lines: [string, string | number | undefined][] = [
    ['name', manifest.label],
    ['kind', `${manifest.kind}, ${manifest.format.toUpperCase()}`],
    ['use', manifest.use],
    ['state', state],
    ['folder', folder ?? undefined],
    ['on disk', `${megabytes(bytes)} MB`],
    ['memory', manifest.memoryMb === undefined ? undefined : `about ${manifest.memoryMb} MB`],
    ['licence', [manifest.licence.id, manifest.licence.url].filter((part) => part !== undefined).join(' ')],
    ['notice', manifest.licence.notice],
    ['from', manifest.hub && `${manifest.hub.id} at ${manifest.hub.revision}`],
    ['languages', manifest.languages.join(', ')],
    ['dimensions', manifest.dimensions],
    ['max tokens', manifest.maxTokens],
    ['pooling', manifest.pooling],
    ['repeats', manifest.repeats && `what a token that comes again counts: ${manifest.repeats}`],
    [
      'prefixes',
      prefixes && `questions ${JSON.stringify(prefixes.query)}, passages ${JSON.stringify(prefixes.passage)}`,
    ],
    ['used by', usedBy.map(({ name }) => name).join(', ')],
    ['measured', speedLines(model).join('; ')],
    ['problem', problem?.message],
  ]
  for (const [key, value] of lines)
    if (value !== undefined && value !== '') terminal.write(`${key.padEnd(12)}${value}\n`)
  terminal.write('\n')
  const rows = manifest.files.map((file) => ({
    file: file.path,
    bytes: file.bytes ?? '',
    precision: file.precision ?? '',
    sha256: file.sha256 ?? '',
  }))
  terminal.table(rows, ['file', 'bytes', 'precision', 'sha256'], 'It has no files.')
  if (manifest.sources.length > 0) terminal.write(`\nsources\n${manifest.sources.map((one) => `- ${one}\n`).join('')}`)
}

/** What was measured on this machine, for programs. */
function speedRow({ speed }: Model) {
  if (!speed) return null
  const { unit, perSecond, loadMs, firstTokenMs, promptTokens, memoryMb, machine, measuredAt } = speed
  return {
    ...{ unit, per_second: perSecond, load_ms: loadMs, first_token_ms: firstTokenMs, prompt_tokens: promptTokens },
    ...{ memory_mb: memoryMb, machine, measured_at: measuredAt },
  }
}

/** The same for a person; nothing where nothing was measured. */
function speedLines({ speed }: Model): string[] {
  if (!speed) return []
  const { unit, perSecond, loadMs, firstTokenMs, promptTokens, memoryMb, machine } = speed
  const first = firstTokenMs === null ? '' : `, ${Math.round(firstTokenMs)} ms to the first after ${promptTokens ?? 0}`
  const memory = memoryMb === null ? '' : `, ${Math.round(memoryMb)} MB of memory`
  const rate = perSecond.toFixed(perSecond < 100 ? 1 : 0)
  return [`${rate} ${unit}/s${first}`, `loaded in ${Math.round(loadMs)} ms${memory}`, machine]
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)
}
