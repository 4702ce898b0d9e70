import type { Database } from 'better-sqlite3'
import type { Feedback } from '../../contract/ask.ts'
import type {
  AnswerMessage,
  Conversation,
  Message,
  MessageScope,
  QuestionMessage,
} from '../../contract/conversations.ts'
import { AppError } from '../../contract/errors.ts'
import { type BotId, type ConversationId, createId, type MessageId, type TraceId } from '../../shared/ids.ts'
import { searchTerms, surroundings } from './search-words.ts'

export interface ConversationSelection {
  botId?: BotId | undefined
  folder?: string | undefined
  /** Words or parts of words; all of them have to be in one message, or in the title. */
  query?: string | undefined
  limit: number
  offset: number
}

export type FoundConversation = Conversation & { excerpt: string | null }

/** What an answer becomes, of what it begins with. */
export type AnswerEnd = Partial<Omit<AnswerMessage, keyof QuestionMessage | 'feedback'>> & {
  text: string
  state: 'done' | 'stopped' | 'failed'
}

/** Messages are a tree: each follows one, and the branch that is shown is the way from its last message back. */
export interface ConversationLibrary {
  /** Last used first. */
  list(selection: ConversationSelection): { conversations: FoundConversation[]; total: number }
  /** In use, by name. */
  folders(): string[]
  /** Errors: item-missing. */
  get(id: ConversationId): Conversation
  create(botId: BotId): Conversation
  /** Errors: item-missing. */
  update(id: ConversationId, change: { title?: string | undefined; folder?: string | undefined }): Conversation
  remove(id: ConversationId): boolean
  /** The last message of the branch that is shown; null where nothing was asked. Errors: item-missing. */
  leaf(id: ConversationId): MessageId | null
  /** Errors: item-missing. */
  message(id: MessageId): Message
  /** The last `limit` messages up to and with this one, oldest first. Errors: item-missing. */
  upTo(id: MessageId, limit: number): Message[]
  /** Messages before this one on its branch. Errors: item-missing. */
  depth(id: MessageId): number
  /** Shows the branch through this message, to its newest end. Errors: item-missing. */
  show(id: MessageId): Conversation
  /**
   * A question with an answer after it in state 'answering', which becomes the last of the branch that is shown. `title` is
   * taken where the conversation has none.
   */
  ask(question: {
    conversationId: ConversationId
    parentId: MessageId | null
    text: string
    scope: MessageScope
    title: string
  }): { question: QuestionMessage; answer: AnswerMessage }
  /** Another answer in state 'answering'; it becomes the last of the branch that is shown. */
  answerAgain(question: QuestionMessage): AnswerMessage
  /** What there is of it so far, so that a crash does not lose it. */
  noteText(id: MessageId, text: string): void
  /** Nothing happens where the answer is gone. */
  endAnswer(id: MessageId, end: AnswerEnd): void
  /** The answer that left this trace. Errors: item-missing. */
  ofTrace(id: TraceId): AnswerMessage
  /** Errors: item-missing, input-invalid (a question). */
  rate(id: MessageId, feedback: Feedback): AnswerMessage
  /** Answers that an earlier process began become 'stopped'. */
  stopUnfinished(): number
}

export function createConversationLibrary(database: Database): ConversationLibrary {
  const columns = `c.*, b.name AS present_bot,
    coalesce((SELECT m.depth + 1 FROM messages m WHERE m.id = c.leaf_id), 0) AS messages`
  const from = 'FROM conversations c LEFT JOIN bots b ON b.id = c.bot_id'
  const select = database.prepare<[string], Row>(`SELECT ${columns} ${from} WHERE c.id = ?`)
  const selectFolders = database
    .prepare<[], string>(`SELECT DISTINCT folder FROM conversations WHERE folder <> '' ORDER BY folder COLLATE NOCASE`)
    .pluck()
  const insert = database.prepare(
    `INSERT INTO conversations (id, bot_id, bot_name, title, folder, leaf_id, created_at, used_at)
     VALUES (?, ?, '', '', '', NULL, ?, ?)`,
  )
  const update = database.prepare(
    'UPDATE conversations SET title = coalesce(@title, title), folder = coalesce(@folder, folder) WHERE id = @id',
  )
  const updateUse = database.prepare(
    `UPDATE conversations SET used_at = @now, leaf_id = @leaf, title = CASE title WHEN '' THEN @title ELSE title END
     WHERE id = @id`,
  )
  const updateLeaf = database.prepare('UPDATE conversations SET leaf_id = ? WHERE id = ?')
  const deleteOne = database.prepare('DELETE FROM conversations WHERE id = ?')

  const messageColumns = `m.*, (SELECT json_group_array(s.id ORDER BY s.row) FROM messages s
    WHERE s.parent_id IS m.parent_id AND s.conversation_id = m.conversation_id) AS siblings`
  const selectMessage = database.prepare<[string], MessageRow>(
    `SELECT ${messageColumns} FROM messages m WHERE m.id = ?`,
  )
  const selectOfTrace = database.prepare<[string], MessageRow>(
    `SELECT ${messageColumns} FROM messages m WHERE m.trace_id = ?`,
  )
  const selectUpTo = database.prepare<[{ id: string; limit: number }], MessageRow>(
    `WITH RECURSIVE way (row, parent_id, number) AS (
       SELECT row, parent_id, 1 FROM messages WHERE id = @id
       UNION ALL
       SELECT m.row, m.parent_id, way.number + 1 FROM way JOIN messages m ON m.id = way.parent_id WHERE way.number < @limit
     )
     SELECT ${messageColumns} FROM way JOIN messages m ON m.row = way.row ORDER BY m.depth`,
  )
  const selectNewestEnd = database
    .prepare<[string], string>(
      `WITH RECURSIVE way (id, depth) AS (
         SELECT id, depth FROM messages WHERE id = ?
         UNION ALL
         SELECT m.id, m.depth FROM way
         JOIN messages m ON m.row = (SELECT max(n.row) FROM messages n WHERE n.parent_id = way.id)
       )
       SELECT id FROM way ORDER BY depth DESC LIMIT 1`,
    )
    .pluck()
  const insertMessage = database.prepare(
    `INSERT INTO messages (id, conversation_id, parent_id, depth, role, text, state, details, created_at)
     VALUES (@id, @conversationId, @parentId,
       coalesce((SELECT depth + 1 FROM messages WHERE id = @parentId), 0), @role, @text, @state, @details, @now)`,
  )
  const updateText = database.prepare(`UPDATE messages SET text = ? WHERE id = ? AND state = 'answering'`)
  const updateEnd = database.prepare(
    `UPDATE messages SET text = @text, state = @state, trace_id = @traceId, details = @details
     WHERE id = @id`,
  )
  const updateFeedback = database.prepare('UPDATE messages SET rating = ?, comment = ? WHERE id = ?')
  const stopAll = database.prepare(`UPDATE messages SET state = 'stopped' WHERE state = 'answering'`)

  const rowOf = (id: ConversationId): Row => {
    const row = select.get(id)
    if (!row) throw new AppError('item-missing', 'This conversation is not there any more. Begin a new one.')
    return row
  }
  const messageRow = (id: MessageId): MessageRow => {
    const row = selectMessage.get(id)
    if (!row) throw new AppError('item-missing', 'This message is not there any more. Open the conversation again.')
    return row
  }
  const add = (
    { conversationId, parentId }: { conversationId: ConversationId; parentId: MessageId | null },
    message: { role: string; text: string; state: string | null; details: object; title: string },
  ): MessageRow => {
    const id = createId('message')
    const now = Date.now()
    const { title, details, ...rest } = message
    insertMessage.run({ id, conversationId, parentId, ...rest, details: JSON.stringify(details), now })
    updateUse.run({ id: conversationId, now, leaf: id, title })
    return messageRow(id)
  }
  const library: ConversationLibrary = {
    list(selection) {
      const { where, parameters, found, terms } = toWhere(selection)
      const total = database
        .prepare<[object], number>(`${found} SELECT count(*) ${from} WHERE ${where}`)
        .pluck()
        .get(parameters)
      const rows = database
        .prepare<[object], Row & { found_text: string | null }>(
          `${found} SELECT ${columns}, ${terms.length === 0 ? 'NULL' : foundText} AS found_text ${from} WHERE ${where}
           ORDER BY c.used_at DESC, c.row DESC LIMIT @limit OFFSET @offset`,
        )
        .all({ ...parameters, limit: selection.limit, offset: selection.offset })
      return {
        conversations: rows.map((row) => ({
          ...toConversation(row),
          excerpt: row.found_text === null ? null : surroundings(row.found_text, terms),
        })),
        total: total ?? 0,
      }
    },
    folders: () => selectFolders.all(),
    get: (id) => toConversation(rowOf(id)),
    create(botId) {
      const id = createId('conversation')
      const now = Date.now()
      insert.run(id, botId, now, now)
      return library.get(id)
    },
    update(id, { title = null, folder = null }) {
      rowOf(id)
      update.run({ id, title, folder })
      return library.get(id)
    },
    remove(id) {
      rowOf(id)
      return deleteOne.run(id).changes > 0
    },
    leaf: (id) => rowOf(id).leaf_id as MessageId | null,
    message: (id) => toMessage(messageRow(id)),
    upTo(id, limit) {
      messageRow(id)
      return selectUpTo.all({ id, limit }).map(toMessage)
    },
    depth: (id) => messageRow(id).depth,
    show(id) {
      const conversationId = messageRow(id).conversation_id as ConversationId
      updateLeaf.run(selectNewestEnd.get(id), conversationId)
      return library.get(conversationId)
    },
    ask: database.transaction(({ text, scope, title, ...place }: Parameters<ConversationLibrary['ask']>[0]) => {
      const row = add(place, { role: 'question', text, state: null, details: { scope }, title })
      const question = toMessage(row) as QuestionMessage
      return { question, answer: library.answerAgain(question) }
    }),
    answerAgain: database.transaction((question: QuestionMessage) => {
      const place = { conversationId: question.conversationId, parentId: question.id }
      const row = add(place, { role: 'answer', text: '', state: 'answering', details: {}, title: '' })
      return toMessage(row) as AnswerMessage
    }),
    noteText: (id, text) => void updateText.run(text, id),
    endAnswer(id, { text, state, traceId = null, ...details }) {
      updateEnd.run({ id, text, state, traceId, details: JSON.stringify(details) })
    },
    ofTrace(id) {
      const row = selectOfTrace.get(id)
      if (row) return toMessage(row) as AnswerMessage
      throw new AppError('item-missing', 'No answer of a conversation left this trace, or it was removed.')
    },
    rate(id, { rating, comment }) {
      if (messageRow(id).role !== 'answer') {
        throw new AppError('input-invalid', 'Only answers can be rated. Rate the answer below this question.')
      }
      updateFeedback.run(rating, comment, id)
      return toMessage(messageRow(id)) as AnswerMessage
    },
    stopUnfinished: () => stopAll.run().changes,
  }
  return library
}

/** The newest message that holds the words; the title where only that does. */
const foundText = `coalesce((SELECT m.text FROM found f JOIN messages m ON m.row = f.message_row
  WHERE f.conversation_row = c.row), c.title)`

/** Words of three letters and more are looked up; shorter ones, which the index does not hold, are read for. */
function toWhere({ botId, folder, query }: ConversationSelection) {
  const terms = searchTerms(query ?? '')
  const parameters: Record<string, unknown> = {}
  const conditions = ['1 = 1']
  if (botId !== undefined) {
    conditions.push('c.bot_id = @botId')
    parameters.botId = botId
  }
  if (folder !== undefined) {
    conditions.push('c.folder = @folder')
    parameters.folder = folder
  }
  if (terms.length === 0) return { where: conditions.join(' AND '), parameters, found: '', terms }
  const long = terms.filter((term) => [...term].length >= 3)
  const short = terms.filter((term) => [...term].length < 3)
  if (long.length > 0) parameters.words = long.map((term) => `"${term.replaceAll('"', '""')}"`).join(' AND ')
  short.forEach((term, index) => (parameters[`short${index}`] = term))
  const holds = (column: string): string[] =>
    short.map((_, index) => `instr(lower(${column}), lower(@short${index})) > 0`)
  const inMessage = [
    ...(long.length > 0 ? ['m.row IN (SELECT rowid FROM message_words WHERE message_words MATCH @words)'] : []),
    ...holds('m.text'),
  ]
  const inTitle = [
    ...(long.length > 0
      ? ['t.row IN (SELECT rowid FROM conversation_words WHERE conversation_words MATCH @words)']
      : []),
    ...holds('t.title'),
  ]
  const found = `WITH found (conversation_row, message_row) AS MATERIALIZED (
    SELECT o.row, max(m.row) FROM messages m JOIN conversations o ON o.id = m.conversation_id
      WHERE ${inMessage.join(' AND ')} GROUP BY o.row
  ), titled (conversation_row) AS MATERIALIZED (SELECT t.row FROM conversations t WHERE ${inTitle.join(' AND ')})`
  conditions.push('(c.row IN (SELECT conversation_row FROM found) OR c.row IN (SELECT conversation_row FROM titled))')
  return { where: conditions.join(' AND '), parameters, found, terms }
}

interface Row {
  id: string
  bot_id: string | null
  bot_name: string
  present_bot: string | null
  title: string
  folder: string
  leaf_id: string | null
  messages: number
  created_at: number
  used_at: number
}

function toConversation(row: Row): Conversation {
  return {
    id: row.id as ConversationId,
    botId: row.bot_id as BotId | null,
    bot: row.present_bot ?? row.bot_name,
    title: row.title === '' ? untitled : row.title,
    folder: row.folder,
    messages: row.messages,
    createdAt: row.created_at,
    usedAt: row.used_at,
  }
}

const untitled = 'New conversation'

interface MessageRow {
  id: string
  conversation_id: string
  parent_id: string | null
  depth: number
  role: 'question' | 'answer'
  text: string
  state: AnswerMessage['state'] | null
  details: string
  trace_id: string | null
  rating: Feedback['rating']
  comment: string
  created_at: number
  siblings: string
}

/** What an answer is until something is known of it. */
const beginning = {
  error: null,
  rewritten: null,
  citations: [],
  unsupported: [],
  refused: false,
  passageMode: 'retrieved' as const,
  lowRelevance: false,
  note: null,
  invented: 0,
  release: null,
  durationMs: null,
}

function toMessage(row: MessageRow): Message {
  const common = {
    id: row.id as MessageId,
    conversationId: row.conversation_id as ConversationId,
    parentId: row.parent_id as MessageId | null,
    text: row.text,
    createdAt: row.created_at,
    siblings: JSON.parse(row.siblings) as MessageId[],
  }
  const details = JSON.parse(row.details) as object
  if (row.role === 'question') return { ...common, role: 'question', ...(details as { scope: MessageScope }) }
  return {
    ...common,
    role: 'answer',
    state: row.state ?? 'stopped',
    ...beginning,
    ...details,
    traceId: row.trace_id as TraceId | null,
    feedback: { rating: row.rating, comment: row.comment },
  }
}
