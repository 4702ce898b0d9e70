import { TriangleAlert } from 'lucide-react'
import type { Bot } from '../../core/contract/bots.ts'
import { hrefOf, type Route } from '../state/route.ts'

type Kind = Bot['problems'][number]['kind']

/**
 * Why a bot cannot answer, or not from everything, with the way to where it is put right. While its documents are being
 * read it is no problem that there are none yet.
 */
export function BotProblems({
  bot,
  inEditor = false,
  isReading = false,
}: {
  bot: Bot
  inEditor?: boolean
  isReading?: boolean
}) {
  const problems = bot.problems.filter(({ kind }) => !isReading || !passing.has(kind))
  if (problems.length === 0) return null
  return (
    <ul className="bot-problems" aria-label="What keeps this bot from answering well">
      {problems.map(({ kind, message }) => {
        const way = wayOut(kind, bot, inEditor)
        return (
          <li key={`${kind} ${message}`}>
            <TriangleAlert size={14} aria-hidden />
            <span>{message}</span>
            {way ? (
              <a className="quiet-link" href={hrefOf(way.to)}>
                {way.label}
              </a>
            ) : null}
          </li>
        )
      })}
    </ul>
  )
}

const passing = new Set<Kind>(['collection-empty', 'index'])

function wayOut(kind: Kind, bot: Bot, inEditor: boolean): { label: string; to: Route } | null {
  switch (kind) {
    case 'model-missing':
      return { label: 'Go to Models', to: { page: 'models', modelId: null } }
    case 'collection-empty':
    case 'index': {
      // Only one is surely the one that is meant.
      const [first = null] = bot.collectionIds.length === 1 ? bot.collectionIds : []
      return { label: 'Go to Library', to: { page: 'library', collectionId: first, documentId: null, span: null } }
    }
    case 'release-missing':
      return inEditor
        ? { label: 'Go to Pipelines', to: { page: 'pipelines', lineId: null, releaseId: null } }
        : { label: 'Settings', to: { page: 'bots', botId: bot.id } }
    case 'no-collection':
    case 'collection-missing':
      return inEditor ? null : { label: 'Settings', to: { page: 'bots', botId: bot.id } }
  }
}
