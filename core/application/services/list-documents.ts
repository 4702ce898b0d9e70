import type { BotSettings } from '../../contract/bots.ts'
import type { MachineLearningClient } from '../../contract/client.ts'
import type { MessageScope } from '../../contract/conversations.ts'
import type { Document } from '../../contract/documents.ts'
import { AppError } from '../../contract/errors.ts'
import { pageKindOf } from '../../contract/parsed-document.ts'
import { plainLine } from './plain-text.ts'

const mostNamed = 50

/** Which documents a bot answers from, as it is said to a person. Errors: collection-empty where there are none, item-missing. */
export async function listDocuments(
  { name, collectionIds, filter, release }: Pick<BotSettings, 'name' | 'collectionIds' | 'filter' | 'release'>,
  scope: MessageScope,
  machineLearning: MachineLearningClient,
  signal: AbortSignal | undefined,
): Promise<string> {
  const options = signal ? { signal } : {}
  const { collections } = await machineLearning.collections.list(undefined, options)
  // Its pipeline may leave documents out, too.
  const { id: releaseId } = await machineLearning.releases.resolve({ choice: release }, options)
  const asked = collections.filter(({ id }) => collectionIds.includes(id))
  const lists = await Promise.all(
    asked.map(async (collection) => {
      const input = { collectionId: collection.id, status: 'ready' as const, releaseId, limit: mostNamed }
      const citable = filter.trim() === '' ? input : { ...input, filter }
      return { collection, ...(await machineLearning.documents.list(citable, options)) }
    }),
  )
  const total = lists.reduce((sum, list) => sum + list.total, 0)
  if (total === 0) {
    throw new AppError('collection-empty', `"${name}" has no document that is ready to be answered from.`)
  }
  const lines: string[] = []
  let named = 0
  for (const { collection, documents, total: inCollection } of lists) {
    if (inCollection === 0) continue
    const shown = documents.slice(0, mostNamed - named)
    named += shown.length
    if (asked.length > 1) lines.push('', `**${plain(collection.name)}** (${count(inCollection)})`)
    lines.push('', ...shown.map(line))
    if (inCollection > shown.length) lines.push(`- … and ${inCollection - shown.length} more`)
  }
  const where = asked.length > 1 ? ` in ${asked.length} collections` : ''
  return [`I answer from ${count(total)}${where}:`, ...lines, ...narrowed(scope)].join('\n')
}

/** What is asked of them now, where that is not all. */
function narrowed({ documents, tags }: MessageScope): string[] {
  const asked = [...documents.map(({ name }) => code(name)), ...tags.map((tag) => `#${plain(tag)}`)]
  return asked.length === 0 ? [] : ['', `Questions go only to ${asked.join(', ')} now.`]
}

function line({ name, title, pages, type }: Document): string {
  const about = title && title !== name ? `: ${plain(title)}` : ''
  const length = pages && pages > 1 ? ` (${pages} ${pageKindOf(type)}s)` : ''
  return `- ${code(name)}${about}${length}`
}

/** As code, in which no sign means anything. */
function code(name: string): string {
  return `\`${plain(name).replaceAll('`', "'")}\``
}

/** Names are data: they make no links. */
function plain(text: string): string {
  return plainLine(text).replaceAll('](', '] (')
}

const count = (number: number): string => (number === 1 ? '1 document' : `${number} documents`)
