import type { Database } from 'better-sqlite3'
import type { ErrorData } from '../contract/errors.ts'
import type { Element, Page, ParsedDocument } from '../contract/parsed-document.ts'
import type { DocumentId } from '../shared/ids.ts'
import { piecesOfText } from '../shared/pieces-of-text.ts'

/** Which bytes were read, and how. */
export interface ReadingKey {
  documentId: DocumentId
  /** SHA-256 of the bytes. */
  contentHash: string
  /** The parser's key, such as 'pdf@1:1a2b3c4d'. */
  parser: string
}

export interface StoredReading {
  text: string
  elements: Element[]
  pages: Page[]
  hasLines: boolean
  title: string | null
  warnings: string[]
}

/** Texts of documents as other settings than their collection's read them. */
export interface ReadingLibrary {
  /** Whether it was read so, whatever came of it. */
  has(key: ReadingKey): boolean
  /** Null where it could not be read, undefined where that was not tried. */
  get(key: ReadingKey): StoredReading | null | undefined
  /** In place of an earlier one of other bytes. */
  save(key: ReadingKey, outcome: { parsed: ParsedDocument } | { problem: ErrorData }): void
  /** Notes that they are used, so that they are kept. */
  touch(keys: readonly ReadingKey[]): void
  /** Gives how many. */
  removeUnused(beforeMs: number): number
}

/** In one row; see 0100-text-pieces. */
const pieceLength = 4_000_000

export function createReadingLibrary(database: Database): ReadingLibrary {
  const select = database.prepare<[string, string, string], Row>(
    'SELECT * FROM readings WHERE document_id = ? AND parser = ? AND content_hash = ?',
  )
  const selectHas = database
    .prepare<[string, string, string], number>(
      'SELECT 1 FROM readings WHERE document_id = ? AND parser = ? AND content_hash = ?',
    )
    .pluck()
  const selectPieces = database
    .prepare<[number], string>('SELECT text FROM reading_text_pieces WHERE reading_id = ? ORDER BY piece')
    .pluck()
  const remove = database.prepare('DELETE FROM readings WHERE document_id = ? AND parser = ?')
  const insert = database.prepare(
    `INSERT INTO readings (document_id, content_hash, parser, problem, title, warnings, elements, pages, has_lines, used_at)
     VALUES (@documentId, @contentHash, @parser, @problem, @title, @warnings, @elements, @pages, @hasLines, @now)`,
  )
  const insertPiece = database.prepare('INSERT INTO reading_text_pieces VALUES (?, ?, ?)')
  const updateUsed = database.prepare('UPDATE readings SET used_at = ? WHERE document_id = ? AND parser = ?')
  const deleteUnused = database.prepare('DELETE FROM readings WHERE used_at < ?')

  return {
    has: ({ documentId, parser, contentHash }) => selectHas.get(documentId, parser, contentHash) === 1,
    get({ documentId, parser, contentHash }) {
      const row = select.get(documentId, parser, contentHash)
      if (!row) return undefined
      if (row.problem !== null) return null
      return {
        text: selectPieces.all(row.id).join(''),
        elements: JSON.parse(row.elements) as Element[],
        pages: JSON.parse(row.pages) as Page[],
        hasLines: row.has_lines === 1,
        title: row.title,
        warnings: JSON.parse(row.warnings) as string[],
      }
    },
    save: database.transaction((key: ReadingKey, outcome: { parsed: ParsedDocument } | { problem: ErrorData }) => {
      const parsed = 'parsed' in outcome ? outcome.parsed : undefined
      remove.run(key.documentId, key.parser)
      const { lastInsertRowid } = insert.run({
        ...key,
        problem: 'problem' in outcome ? JSON.stringify(outcome.problem) : null,
        title: parsed?.title ?? null,
        warnings: JSON.stringify(parsed?.warnings ?? []),
        elements: JSON.stringify(parsed?.elements ?? []),
        pages: JSON.stringify(parsed?.pages ?? []),
        hasLines: parsed?.hasLines ? 1 : 0,
        now: Date.now(),
      })
      let number = 0
      for (const piece of piecesOfText(parsed?.text ?? '', pieceLength))
        insertPiece.run(lastInsertRowid, number++, piece)
    }),
    touch: database.transaction((keys: readonly ReadingKey[]) => {
      const now = Date.now()
      for (const { documentId, parser } of keys) updateUsed.run(now, documentId, parser)
    }),
    removeUnused: (beforeMs) => deleteUnused.run(beforeMs).changes,
  }
}

interface Row {
  id: number
  problem: string | null
  title: string | null
  warnings: string
  elements: string
  pages: string
  has_lines: number
}
