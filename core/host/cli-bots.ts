import { createWriteStream } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { finished } from 'node:stream/promises'
import { Option } from 'commander'
import { answerLengthSchema, type AnswerLength } from '../contract/ask.ts'
import type { Bot, BotSettingsChange, BotTool } from '../contract/bots.ts'
import { botToolSchema } from '../contract/bots.ts'
import type { Client } from '../contract/client.ts'
import type { AnswerMessage, Conversation } from '../contract/conversations.ts'
import { conversationExportFormatSchema } from '../contract/conversations.ts'
import { AppError, fromErrorData, isCancellation, toAppError } from '../contract/errors.ts'
import type { ConversationId, JobId, ReleaseId } from '../shared/ids.ts'
import {
  command,
  findCollection,
  followJob,
  type GlobalOptions,
  positiveInteger,
  run,
  terminal,
} from './command-line.ts'

type Named<Options = object> = GlobalOptions & Options
const program = { program: 'quarry bots' }

/** `quarry bots …` and `quarry conversations …`: what people make of their documents, and what they asked. */
export function addBotCommands(): void {
  const bots = command('bots', 'chatbots that answer from your documents')

  command('list', 'list the bots', bots).action((options: GlobalOptions) =>
    run(options, program, async (client) => {
      const { bots: all } = await client.bots.list()
      terminal.result(options.json, { bots: all }, () =>
        terminal.table(
          all.map((bot) => ({
            ...bot,
            collections: bot.collectionIds.length,
            problem: bot.problems[0]?.message ?? '',
          })),
          ['name', 'collections', 'conversations', 'problem'],
          'No bots yet. Make one with: quarry bots create NAME --collection NAME',
        ),
      )
      return 0
    }),
  )

  command('show', 'show the settings of a bot, and what is wrong with it', bots)
    .argument('<name>', 'name or id of the bot')
    .action((name: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const bot = await findBot(client, name)
        const names = await collectionNames(client, bot)
        terminal.result(options.json, bot, () => showBot(bot, names))
        return 0
      }),
    )

  withSettings(
    command('create', 'make a bot', bots)
      .argument('<name>', 'its name')
      .option('--template <id>', 'what it begins as (policy-assistant, contract-reader, …)', ''),
  ).action((name: string, options: Named<SettingOptions & { template: string }>) =>
    run(options, program, async (client) => {
      const settings = { ...(await givenSettings(client, options)), name }
      const bot = await client.bots.create({ template: options.template, settings })
      const names = await collectionNames(client, bot)
      terminal.result(options.json, bot, () => showBot(bot, names))
      return 0
    }),
  )

  withSettings(
    command('set', 'change settings of a bot', bots)
      .argument('<name>', 'name or id of the bot')
      .option('--name <name>', 'another name'),
  ).action((name: string, options: Named<SettingOptions & { name?: string }>) =>
    run(options, program, async (client) => {
      const { id: botId } = await findBot(client, name)
      const rename = options.name === undefined ? {} : { name: options.name }
      const bot = await client.bots.update({
        botId,
        settings: { ...(await givenSettings(client, options)), ...rename },
      })
      const names = await collectionNames(client, bot)
      terminal.result(options.json, bot, () => showBot(bot, names))
      return 0
    }),
  )

  command('duplicate', 'make another bot with the same settings', bots)
    .argument('<name>', 'name or id of the bot')
    .action((name: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const bot = await client.bots.duplicate({ botId: (await findBot(client, name)).id })
        terminal.result(options.json, bot, () => terminal.write(`Made "${bot.name}".\n`))
        return 0
      }),
    )

  command('remove', 'remove a bot; its conversations stay', bots)
    .argument('<name>', 'name or id of the bot')
    .option('--with-conversations', 'remove its conversations, too')
    .action((name: string, options: Named<{ withConversations?: boolean }>) =>
      run(options, program, async (client) => {
        const { id: botId } = await findBot(client, name)
        const { removed } = await client.bots.remove({ botId, withConversations: options.withConversations ?? false })
        terminal.result(options.json, { id: botId, removed }, () => terminal.write(`Removed "${name}".\n`))
        return 0
      }),
    )

  command('export', 'write a bot to a new file', bots)
    .argument('<name>', 'name or id of the bot')
    .argument('<path>', 'the file to make, such as rules.quarrybot')
    .option('--with-documents', 'with its documents')
    .action((name: string, path: string, options: Named<{ withDocuments?: boolean }>) =>
      run(options, program, async (client) => {
        const { id: botId } = await findBot(client, name)
        const written = await writeBot(client, { botId, withDocuments: options.withDocuments ?? false }, resolve(path))
        terminal.result(options.json, written, () =>
          terminal.write(`Wrote ${written.bytes} bytes to ${written.path}\n`),
        )
        if (!options.json) written.notes.forEach((note) => terminal.complain(note))
        return 0
      }),
    )

  command('import', 'make a bot of such a file, and read its documents', bots)
    .argument('<path>', 'the file')
    .action((path: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { bot, jobId, notes } = await client.bots.import({ path: resolve(path) })
        // With --json the one value is the bot: the job is only waited for.
        const code = jobId ? await (options.json ? waitForJob(client, jobId) : followJob(client, jobId, options)) : 0
        terminal.result(options.json, { bot, notes }, () => terminal.write(`Made "${bot.name}".\n`))
        if (!options.json) notes.forEach((note) => terminal.complain(note))
        return code
      }),
    )

  command('ask', 'ask a bot one question, in a conversation of its own', bots)
    .argument('<name>', 'name or id of the bot')
    .argument('<question>', 'the question')
    .action((name: string, text: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { id: botId } = await findBot(client, name)
        // Before there is a conversation without a question in it.
        if (text.trim() === '') throw new AppError('input-invalid', 'The question is empty. Write one.')
        const { id: conversationId } = await client.conversations.create({ botId })
        const { answer } = await ask(client, { conversationId, text }, options.json ?? false)
        terminal.result(options.json, { conversation: conversationId, ...answerRow(answer) }, () => showRest(answer))
        return 0
      }),
    )

  command('chat', 'talk with a bot; an empty line ends it', bots)
    .argument('<name>', 'name or id of the bot')
    .option('--conversation <id>', 'go on with this conversation')
    .action((name: string, options: Named<{ conversation?: string }>) =>
      run(options, program, async (client) => {
        const bot = await findBot(client, name)
        const conversation =
          options.conversation === undefined
            ? await client.conversations.create({ botId: bot.id })
            : await client.conversations.get({ conversationId: options.conversation })
        await chat(client, bot, conversation, options.json ?? false)
        return 0
      }),
    )

  addConversationCommands()
}

function addConversationCommands(): void {
  const conversations = command('conversations', 'what bots were asked, and what they answered')

  command('list', 'list conversations, last used first', conversations)
    .option('--bot <name>', 'only with this bot')
    .option('--search <words>', 'only those with these words')
    .option('--limit <count>', 'how many', positiveInteger, 50)
    .action((options: Named<{ bot?: string; search?: string; limit: number }>) =>
      run(options, program, async (client) => {
        const bot = options.bot === undefined ? undefined : await findBot(client, options.bot)
        const found = await client.conversations.list({ botId: bot?.id, query: options.search, limit: options.limit })
        terminal.result(options.json, found, () =>
          terminal.table(
            found.conversations.map((one) => ({ ...one, excerpt: one.excerpt ?? '' })),
            ['id', 'bot', 'messages', 'title', ...(options.search === undefined ? [] : ['excerpt' as const])],
            'No conversations.',
          ),
        )
        return 0
      }),
    )

  command('show', 'show a conversation', conversations)
    .argument('<id>', 'its id')
    .action((id: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const input = { conversationId: id as ConversationId, format: 'markdown' as const }
        const { messages } = await client.conversations.messages({ ...input, limit: 1000 })
        const { text } = await client.conversations.export(input)
        terminal.result(options.json, { messages }, () => terminal.write(text))
        return 0
      }),
    )

  command('export', 'write a conversation to a new file', conversations)
    .argument('<id>', 'its id')
    .argument('<path>', 'the file to make')
    .addOption(
      new Option('--format <format>', 'default: told from the path').choices(conversationExportFormatSchema.options),
    )
    .action((id: string, path: string, options: Named<{ format?: 'markdown' | 'html' | 'json' }>) =>
      run(options, program, async (client) => {
        const told = /\.html?$/i.test(path) ? 'html' : /\.json$/i.test(path) ? 'json' : 'markdown'
        const format = options.format ?? told
        const { text } = await client.conversations.export({ conversationId: id, format })
        await writeFile(resolve(path), text, { flag: 'wx' }).catch(refuseExisting(path))
        terminal.result(options.json, { path: resolve(path), format }, () => terminal.write(`Wrote ${resolve(path)}\n`))
        return 0
      }),
    )

  command('remove', 'remove a conversation', conversations)
    .argument('<id>', 'its id')
    .action((id: string, options: GlobalOptions) =>
      run(options, program, async (client) => {
        const { removed } = await client.conversations.remove({ conversationId: id })
        terminal.result(options.json, { id, removed }, () => terminal.write('Removed.\n'))
        return 0
      }),
    )
}

interface SettingOptions {
  collection?: string[]
  description?: string
  instructions?: string
  instructionsFile?: string
  tone?: string
  length?: AnswerLength
  language?: string[]
  refusal?: string
  greeting?: string
  filter?: string
  starter?: string[]
  tool?: BotTool[]
  pin?: string
  follow?: string
}

function withSettings(made: ReturnType<typeof command>): ReturnType<typeof command> {
  return made
    .option('--collection <name...>', 'collections that it answers from')
    .option('--description <text>', 'what it is for')
    .addOption(new Option('--instructions <text>', 'for a language model').conflicts('instructionsFile'))
    .option('--instructions-file <path>', 'the same, from a file')
    .option('--tone <words>', 'how it speaks')
    .addOption(new Option('--length <length>', 'of its answers').choices(answerLengthSchema.options))
    .option('--language <name...>', 'in which it may answer')
    .option('--refusal <text>', 'what it says where it finds nothing')
    .option('--greeting <text>', 'what it says first')
    .option('--filter <filter>', 'what it may cite, such as type=pdf')
    .option('--starter <question...>', 'questions to begin with (default: proposed from the documents)')
    .addOption(new Option('--tool <tool...>', 'what else it can do').choices(botToolSchema.options))
    .addOption(new Option('--pin <release>', 'answered by this release, by its id').conflicts('follow'))
    .option('--follow <line>', 'answered by what is in production in this line of releases')
}

async function givenSettings(client: Client, options: SettingOptions): Promise<BotSettingsChange> {
  const { collection, instructionsFile, language, starter, tool, pin, follow } = options
  const { description, tone, length, refusal, greeting, filter } = options
  const instructions =
    instructionsFile === undefined ? options.instructions : await readFile(resolve(instructionsFile), 'utf8')
  const given = { description, instructions, tone, length, refusal, greeting, filter }
  return {
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as BotSettingsChange),
    ...(language ? { languages: language } : {}),
    ...(starter ? { starters: starter } : {}),
    ...(tool ? { tools: tool } : {}),
    ...(pin === undefined ? {} : { release: { kind: 'pinned' as const, releaseId: pin as ReleaseId } }),
    ...(follow === undefined
      ? {}
      : { release: { kind: 'production' as const, lineId: (await findLine(client, follow)).id } }),
    ...(collection
      ? { collectionIds: await Promise.all(collection.map(async (name) => (await findCollection(client, name)).id)) }
      : {}),
  }
}

async function findBot(client: Client, name: string): Promise<Bot> {
  const { bots } = await client.bots.list()
  const wanted = name.trim().toLowerCase()
  const found = bots.find((bot) => bot.id === name || bot.name.toLowerCase() === wanted)
  if (found) return found
  const known = bots.length === 0 ? 'There are none yet.' : `There are: ${bots.map((bot) => bot.name).join(', ')}.`
  throw new AppError('item-missing', `There is no bot "${name}". ${known}`)
}

async function findLine(client: Client, name: string) {
  const { lines } = await client.lines.list()
  const found = lines.find((line) => line.id === name || line.name.toLowerCase() === name.trim().toLowerCase())
  if (found) return found
  const known = lines.map((line) => line.name).join(', ')
  throw new AppError('item-missing', `There is no line of releases "${name}". There are: ${known}.`)
}

/** Of the collections that are still there, each with how many of its documents can be asked. */
async function collectionNames(client: Client, { collectionIds }: Bot): Promise<string[]> {
  const { collections } = await client.collections.list()
  return collections
    .filter(({ id }) => collectionIds.includes(id))
    .map(({ name, ready, documents }) => `${name} (${ready} of ${documents} documents ready)`)
}

function showBot(bot: Bot, collections: readonly string[]): void {
  const { name, description, release, starters, problems } = bot
  terminal.write(`${name}${description === '' ? '' : `: ${description}`}\n`)
  for (const collection of collections) terminal.write(`collection     ${collection}\n`)
  terminal.write(`release        ${release.kind === 'pinned' ? release.releaseId : 'what is in production'}\n`)
  terminal.write(`answers        ${bot.length}${bot.tone === '' ? '' : `, ${bot.tone}`}\n`)
  for (const starter of starters) terminal.write(`ask it         ${starter}\n`)
  for (const { message } of problems) terminal.write(`problem        ${message}\n`)
}

/** Gives the exit code. */
async function waitForJob(client: Client, jobId: JobId): Promise<number> {
  for await (const _event of await client.jobs.watch({ jobId })) continue
  const { error, progress } = await client.jobs.get({ jobId })
  if (error) throw fromErrorData(error)
  return progress.failed > 0 ? 1 : 0
}

/** Sends a message, shows the answer as it comes, and gives it. Ctrl-C stops the answer. */
async function ask(client: Client, sent: { conversationId: ConversationId; text: string }, isQuiet: boolean) {
  const stop = new AbortController()
  const onStop = (): void => stop.abort()
  process.once('SIGINT', onStop)
  try {
    for await (const event of await client.conversations.send(sent, { signal: stop.signal })) {
      if (event.type === 'ask' && event.event.type === 'answer-delta' && !isQuiet) terminal.write(event.event.text)
      if (event.type === 'message-end') return event
    }
  } catch (error) {
    if (isCancellation(error)) throw new AppError('cancelled', 'Stopped.')
    throw error
  } finally {
    process.off('SIGINT', onStop)
  }
  throw new AppError('internal', 'The answer ended without an end. Try again.')
}

function answerRow(answer: AnswerMessage) {
  const { id, text, state, refused, citations, note, traceId, release, rewritten, lowRelevance } = answer
  const sources = citations.map(({ marker, document, path, page, place, start, end, text: words }) => ({
    ...{ marker, document, path, page, place, start, end, text: words },
  }))
  return {
    id,
    answer: text,
    state,
    refused,
    citations: sources,
    note,
    trace_id: traceId,
    release,
    rewritten,
    low_relevance: lowRelevance,
  }
}

function showRest({ citations, rewritten, note, lowRelevance, text, unsupported }: AnswerMessage): void {
  terminal.sources(citations)
  if (unsupported.length > 0) terminal.write('\nNot supported by the sources:\n')
  for (const { start, end } of unsupported) terminal.write(`- ${text.slice(start, end)}\n`)
  if (rewritten !== null) terminal.write(`\nUnderstood as: ${rewritten}\n`)
  if (lowRelevance) terminal.write('\nWhat was found has little to do with the question. Read this answer with care.\n')
  if (note !== null) terminal.write(`\n${note}\n`)
  terminal.write('\n')
}

/** Questions from standard input, line by line; with --json one answer a line. */
async function chat(client: Client, bot: Bot, conversation: Conversation, isJson: boolean): Promise<void> {
  if (!isJson) {
    terminal.write(`${bot.greeting === '' ? bot.name : bot.greeting}\n`)
    for (const starter of bot.starters) terminal.write(`  ${starter}\n`)
    terminal.write('\n')
  }
  const lines = createInterface({ input: process.stdin, ...(isJson ? {} : { output: process.stdout }), prompt: '> ' })
  if (!isJson) lines.prompt()
  let isKept = conversation.messages > 0
  for await (const line of lines) {
    if (line.trim() === '') break
    isKept = true
    try {
      const { answer } = await ask(client, { conversationId: conversation.id, text: line }, isJson)
      terminal.result(isJson, answerRow(answer), () => showRest(answer))
    } catch (error) {
      const known = toAppError(error)
      if (known.code === 'internal') throw known
      terminal.complain(known.message)
    }
    if (!isJson) lines.prompt()
  }
  lines.close()
  if (!isKept) await client.conversations.remove({ conversationId: conversation.id })
  else if (!isJson) terminal.write(`Kept as ${conversation.id}.\n`)
}

async function writeBot(client: Client, input: { botId: Bot['id']; withDocuments: boolean }, path: string) {
  const file = createWriteStream(path, { flags: 'wx' })
  // Opened before anything is asked for: a file that is there is not touched.
  await new Promise<void>((settle, fail) => file.once('open', () => settle()).once('error', fail)).catch(
    refuseExisting(path),
  )
  let bytes = 0
  let notes: string[] = []
  try {
    for await (const event of await client.bots.export(input)) {
      if (event.type === 'export-end') notes = event.notes
      if (event.type !== 'export-piece') continue
      const piece = Buffer.from(event.base64, 'base64')
      bytes += piece.length
      if (!file.write(piece)) await new Promise<void>((settle) => file.once('drain', () => settle()))
    }
    file.end()
    await finished(file)
  } catch (error) {
    file.destroy()
    await rm(path, { force: true })
    throw error
  }
  return { path, bytes, notes }
}

function refuseExisting(path: string) {
  return (error: NodeJS.ErrnoException): never => {
    if (error.code !== 'EEXIST') throw error
    throw new AppError('input-invalid', `"${path}" is there already. Choose another name: nothing is replaced.`)
  }
}
