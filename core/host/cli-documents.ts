import { resolve } from 'node:path'
import type { ShownChunk } from '../contract/chunks.ts'
import type { Client } from '../contract/client.ts'
import type { Document } from '../contract/documents.ts'
import { AppError } from '../contract/errors.ts'
import type { Element } from '../contract/parsed-document.ts'
import {
  allDocuments,
  collectionOption,
  command,
  filterOption,
  findCollection,
  followJob,
  type GlobalOptions,
  requireAnyPath,
  run,
  terminal,
} from './command-line.ts'

/** `quarry documents …`: what is in the collections, and what was made of it. */
export function addDocumentCommands(): void {
  const documents = command('documents', 'list the documents of a collection')
    .option('--collection <name>', 'name of the collection (default: all)')
    .addOption(filterOption())
    .action((options: GlobalOptions & { collection?: string; filter?: string }) =>
      run(options, { program: 'quarry documents' }, async (client) => {
        const collections = options.collection
          ? [await findCollection(client, options.collection)]
          : (await client.collections.list()).collections
        const lists = await Promise.all(collections.map(({ id }) => allDocuments(client, id, options.filter)))
        const rows = lists.flat().map(documentRow)
        terminal.result(options.json, { documents: rows }, () =>
          terminal.table(rows, ['path', 'type', 'status', 'pages', 'chunks', 'reason'], 'No documents yet.'),
        )
        return 0
      }),
    )

  command('show', 'show one document: its facts, its elements, its chunks', documents)
    .argument('<document>', 'its path in the collection, or its id')
    .option('--collection <name>', 'name of the collection (default: all)')
    .option('--elements', 'what the parser found')
    .option('--chunks', 'what is indexed')
    .action((name: string, options: GlobalOptions & { collection?: string; elements?: boolean; chunks?: boolean }) =>
      run(options, { program: 'quarry documents' }, async (client) => {
        const document = await findDocument(client, name, options.collection)
        const elements = options.elements ? await elementsOf(client, document) : undefined
        const chunks = options.chunks ? await chunksOf(client, document) : undefined
        const json = {
          document,
          ...(elements ? { elements } : {}),
          ...(chunks ? { chunks: chunks.chunks, edits: chunks.edits } : {}),
        }
        terminal.result(options.json, json, () => {
          if (!elements && !chunks) showFacts(document)
          if (elements) for (const { element, text } of elements) showElement(element, text)
          if (chunks) for (const chunk of chunks.chunks) showChunk(chunk)
          const lost = chunks?.edits.filter((edit) => edit.lost).length ?? 0
          if (lost > 0)
            terminal.complain(`${lost} edits wait: the text they are about is not in the document any more.`)
        })
        return 0
      }),
    )

  command('preview', 'show what a file would become, without indexing it', documents)
    .argument('<file>', 'a file on this machine')
    .addOption(collectionOption())
    .action((path: string, options: GlobalOptions & { collection: string }) =>
      run(options, { program: 'quarry documents' }, async (client) => {
        const { id: collectionId } = await findCollection(client, options.collection)
        const location = resolve(path)
        await requireAnyPath([path])
        const preview = await client.chunks.preview({ collectionId, path: location, maxCharacters: 2_000_000 })
        terminal.result(options.json, preview, () => {
          const { totals, type, parserId, chunkerId, timesMs } = preview
          terminal.write(
            `${type}, read by ${parserId}, cut by ${chunkerId}: ${totals.elements} elements, ${totals.chunks} chunks of ` +
              `${totals.leastTokens} to ${totals.mostTokens} tokens, in ${Math.round(timesMs.parse + timesMs.chunk)} ms\n`,
          )
          for (const warning of preview.warnings) terminal.complain(warning)
          for (const chunk of preview.chunks) showChunk(chunk)
        })
        return 0
      }),
    )

  command('review', 'let in or turn away files that wait for approval', documents)
    .argument('[document...]', 'paths or ids (default: all that wait)')
    .addOption(collectionOption())
    .option('--reject', 'turn them away')
    .action((names: string[], options: GlobalOptions & { collection: string; reject?: boolean }) =>
      run(options, { program: 'quarry documents', resumeJobs: true }, async (client) => {
        const { id: collectionId } = await findCollection(client, options.collection)
        const ids = await Promise.all(names.map((name) => findDocument(client, name, options.collection)))
        const { reviewed, jobId } = await client.documents.review({
          collectionId,
          approve: !options.reject,
          ...(names.length > 0 ? { documentIds: ids.map((document) => document.id) } : {}),
        })
        if (jobId) return followJob(client, jobId, options)
        terminal.result(options.json, { reviewed }, () =>
          terminal.write(options.reject ? `${reviewed} turned away.\n` : 'Nothing waits for approval.\n'),
        )
        return 0
      }),
    )

  command('tag', 'add or remove tags', documents)
    .argument('<document...>', 'paths or ids')
    .option('--collection <name>', 'name of the collection (default: all)')
    .option('--add <tag...>', 'tags to add')
    .option('--remove <tag...>', 'tags to remove')
    .action((names: string[], options: GlobalOptions & { collection?: string; add?: string[]; remove?: string[] }) =>
      run(options, { program: 'quarry documents' }, async (client) => {
        const found = await Promise.all(names.map((name) => findDocument(client, name, options.collection)))
        const result = await client.documents.tag({
          documentIds: found.map((document) => document.id),
          add: options.add ?? [],
          remove: options.remove ?? [],
        })
        terminal.result(options.json, result, () => terminal.write(`${result.changed} documents changed.\n`))
        return 0
      }),
    )
}

function documentRow({ id, path, type, status, reason, pages, chunks }: Document) {
  return { id, path, type, status, reason: reason?.message ?? null, pages, chunks }
}

/** By id or path. Errors: item-missing. */
export async function findDocument(client: Client, name: string, collection: string | undefined): Promise<Document> {
  const collections = collection
    ? [await findCollection(client, collection)]
    : (await client.collections.list()).collections
  const lists = await Promise.all(collections.map(({ id }) => allDocuments(client, id)))
  const found = lists
    .flat()
    .filter(({ id, path, otherPaths }) => id === name || path === name || otherPaths.includes(name))
  const [first, second] = found
  if (first && !second) return first
  const hint = first
    ? 'Several collections have it: name one with --collection.'
    : 'quarry documents lists their paths.'
  throw new AppError('item-missing', `${first ? 'There is more than one' : 'There is no'} document "${name}". ${hint}`)
}

async function elementsOf(client: Client, document: Document): Promise<{ element: Element; text: string }[]> {
  const all: { element: Element; text: string }[] = []
  // In windows, as the page reads it: a document may be larger than what is wise to send at once.
  for (let from = 0, end = 1; from < end;) {
    const window = await client.documents.text({ documentId: document.id, start: from, end: from, around: 400_000 })
    end = window.textLength
    const to = window.textStart + window.text.length
    for (const element of window.elements) {
      if (element.start < from || element.start >= to) continue
      all.push({ element, text: window.text.slice(element.start - window.textStart, element.end - window.textStart) })
    }
    from = to
  }
  return all
}

async function chunksOf(client: Client, { id: documentId }: Document) {
  const first = await client.chunks.list({ documentId, limit: 5000 })
  while (first.chunks.length < first.total) {
    const { chunks } = await client.chunks.list({ documentId, limit: 5000, offset: first.chunks.length })
    if (chunks.length === 0) break
    first.chunks.push(...chunks)
  }
  return first
}

function showFacts(document: Document): void {
  const rows = Object.entries(document)
    .filter(([, value]) => value !== null && JSON.stringify(value) !== '[]' && JSON.stringify(value) !== '{}')
    .map(([fact, value]) => ({ fact, value: typeof value === 'object' ? JSON.stringify(value) : String(value) }))
  terminal.table(rows, ['fact', 'value'], '')
}

function showElement(element: Element, text: string): void {
  const { kind, level, page, start, end, symbols } = element
  const about = [level && `level ${level}`, page && `page ${page}`, symbols?.join(' > ')].filter(Boolean).join(', ')
  terminal.write(`${kind}${about ? ` (${about})` : ''} [${start}-${end}]\n`)
  terminal.write(`${indented(text)}\n\n`)
}

function showChunk(chunk: ShownChunk): void {
  const { ordinal, start, end, tokens, headings, place, pageFirst, disabled, edited } = chunk
  const where = [place ?? (pageFirst === null ? undefined : `page ${pageFirst}`), headings.join(' > ') || undefined]
  const state = [disabled && 'switched off', edited !== null && 'edited'].filter(Boolean).join(', ')
  const head = [`${tokens} tokens`, ...where, state].filter(Boolean).join(', ')
  terminal.write(`#${ordinal + 1} [${start}-${end}] ${head}\n${indented(edited ?? chunk.text)}\n\n`)
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
