import { InvalidArgumentError, Option } from 'commander'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { AppError } from '../contract/errors.ts'
import {
  type Provider,
  type ProviderKind,
  providerKinds,
  type ProviderTimeouts,
  type ProviderUse,
  providerUses,
} from '../contract/providers.ts'
import { command, type GlobalOptions, run, terminal } from './command-line.ts'

const program = 'quarry providers'

interface ChangeOptions extends GlobalOptions {
  label?: string
  url?: string
  firstByte?: number
  idle?: number
}

/** `quarry providers …`: servers that may be asked for answers, vectors and orders. */
export function addProviderCommands(): void {
  const providers = command('providers', 'servers with models that Quarry may ask: none until you add one')

  command('list', 'the providers there are, and which kinds can be added', providers).action((options: GlobalOptions) =>
    run(options, { program }, async (client) => {
      const listed = await client.providers.list()
      terminal.result(options.json, listed, () => {
        const rows = listed.providers.map((provider) => ({
          name: provider.id,
          kind: provider.kind,
          address: provider.baseUrl,
          for: provider.uses.join(', '),
          key: keyWord(provider),
          network: provider.reach.some(({ allowed }) => allowed) ? 'allowed' : 'not allowed',
          'used by': provider.usedBy.map(({ name }) => name).join(', '),
        }))
        const columns = ['name', 'kind', 'address', 'for', 'key', 'network', 'used by'] as const
        terminal.table(rows, [...columns], 'There are no providers. Kinds that can be added (quarry providers add):')
        if (rows.length === 0) {
          terminal.table(
            listed.kinds.map(({ kind, uses, baseUrl, summary }) => ({
              kind,
              for: uses.join(', '),
              address: baseUrl ?? '',
              summary,
            })),
            ['kind', 'for', 'address', 'summary'],
            '',
          )
        }
        terminal.write(`Keys: ${listed.keys.message}\n`)
      })
      return 0
    }),
  )

  changing(command('add', 'name a server; nothing is connected to', providers))
    .argument('<name>', 'of your choice, such as my-ollama')
    .addOption(new Option('--kind <kind>', 'whose API it speaks').choices(providerKinds).makeOptionMandatory())
    .option('--allow', 'let the network connect to it, for all that it can be asked for')
    .action((id: string, options: ChangeOptions & { kind: ProviderKind; allow?: boolean }) =>
      run(options, { program }, async (client) => {
        let provider = await client.providers.add({ id, kind: options.kind, ...changes(options) })
        if (options.allow) {
          await client.network.allow({
            host: provider.host,
            purposes: provider.uses,
            ...(provider.baseUrl.startsWith('http:') && !provider.thisMachine ? { plainHttp: true } : {}),
          })
          const { providers: all } = await client.providers.list()
          provider = all.find((other) => other.id === id) ?? provider
        }
        show(options, provider)
        return 0
      }),
    )

  changing(command('set', 'change a provider', providers))
    .argument('<name>')
    .action((id: string, options: ChangeOptions) =>
      run(options, { program }, async (client) => {
        show(options, await client.providers.set({ id, ...changes(options) }))
        return 0
      }),
    )

  command('key', 'keep a key for a provider; it is asked for, or read from standard input', providers)
    .argument('<name>')
    .option('--remove', 'forget the one that is kept')
    .action((id: string, options: GlobalOptions & { remove?: boolean }) =>
      run(options, { program }, async (client) => {
        if (options.remove) {
          show(options, await client.providers.removeKey({ id }))
          return 0
        }
        // A wrong name is told before a key is typed.
        const { providers: all } = await client.providers.list()
        if (!all.some((provider) => provider.id === id)) await client.providers.removeKey({ id })
        show(options, await client.providers.setKey({ id, key: await readKey(id) }))
        return 0
      }),
    )

  command('test', 'one tiny request, and what is wrong where it fails', providers)
    .argument('<name>')
    .addOption(new Option('--for <use>', 'what to ask for (default: which models it has)').choices(providerUses))
    .option('--model <name>', 'as the provider calls it')
    .action((id: string, options: GlobalOptions & { for?: ProviderUse; model?: string }) =>
      run(options, { program }, async (client) => {
        const { for: use, model } = options
        const result = await client.providers.test({ id, ...(use ? { use } : {}), ...(model ? { model } : {}) })
        terminal.result(options.json, result, () => {
          if (result.ok) terminal.write(`${result.message} (${Math.round(result.tookMs)} ms)\n`)
          else terminal.complain(result.message)
        })
        return result.ok ? 0 : 1
      }),
    )

  command('models', 'which models a provider has', providers)
    .argument('<name>')
    .action((id: string, options: GlobalOptions) =>
      run(options, { program }, async (client) => {
        const { models } = await client.providers.models({ id })
        terminal.result(options.json, { models }, () =>
          terminal.table(
            models.map(({ id: model, uses, contextTokens }) => ({
              model,
              for: uses?.join(', ') ?? '',
              tokens: contextTokens === null ? '' : String(contextTokens),
            })),
            ['model', 'for', 'tokens'],
            'It has no models.',
          ),
        )
        return 0
      }),
    )

  command('remove', 'forget a provider and its key', providers)
    .argument('<name>')
    .action((id: string, options: GlobalOptions) =>
      run(options, { program }, async (client) => {
        const result = await client.providers.remove({ id })
        terminal.result(options.json, result, () => terminal.write(`Removed ${id}.\n`))
        return 0
      }),
    )
}

function changing(of: ReturnType<typeof command>): ReturnType<typeof command> {
  return of
    .option('--url <address>', 'where its API begins (default: the usual address of its kind)')
    .option('--label <text>', 'as the page and messages call it')
    .option('--first-byte <seconds>', 'how long an answer may take to begin', seconds)
    .option('--idle <seconds>', 'how long an answer may pause', seconds)
}

function changes({ label, url, firstByte, idle }: ChangeOptions) {
  const timeouts: Partial<ProviderTimeouts> = {
    ...(firstByte === undefined ? {} : { firstByteMs: firstByte * 1000 }),
    ...(idle === undefined ? {} : { idleMs: idle * 1000 }),
  }
  return {
    ...(label === undefined ? {} : { label }),
    ...(url === undefined ? {} : { baseUrl: url }),
    timeouts,
  }
}

function seconds(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 3600) return value
  throw new InvalidArgumentError('It must be a whole number of seconds from 1 to 3600.')
}

function show(options: GlobalOptions, provider: Provider): void {
  terminal.result(options.json, provider, () => {
    const { id, label, baseUrl, uses, reach } = provider
    terminal.write(`${id}: ${label} at ${baseUrl}, for ${uses.join(', ')}; key: ${keyWord(provider)}\n`)
    for (const { allowed, message } of reach) if (!allowed) terminal.write(`${message}\n`)
    if (provider.key.from === 'none' && provider.key.needed) terminal.write(`Its key: quarry providers key ${id}\n`)
  })
}

function keyWord({ key }: Provider): string {
  if (key.from === 'environment') return `from ${key.variable}`
  return key.from === 'stored' ? 'kept' : key.needed ? 'missing' : 'none'
}

/** Never from the command line, where other programs and the shell's history see it. */
async function readKey(id: string): Promise<string> {
  const key = process.stdin.isTTY ? await ask(`Key of ${id} (not shown): `) : await readAll()
  if (key.trim() === '') throw new AppError('input-invalid', 'No key was given.')
  return key.trim()
}

async function readAll(): Promise<string> {
  let text = ''
  for await (const piece of process.stdin.setEncoding('utf8')) {
    text += String(piece)
    if (text.length > 10_000) throw new AppError('input-invalid', 'This is too long for a key.')
  }
  return text
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question)
  const silent = new Writable({ write: (_piece, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
