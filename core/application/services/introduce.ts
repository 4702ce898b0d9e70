import type { Help } from '../flows/asks-for-help.ts'
import type { StoredBot } from '../library/bots.ts'
import { plainLine } from './plain-text.ts'

/** What a bot says of itself to somebody who greets it, thanks it or asks what it does; Markdown. */
export function introduce({ name, greeting, tools, starters }: StoredBot, help: Help): string {
  if (help === 'thanks') return 'You are welcome. What else would you like to know?'
  const lines = [plainLine(greeting) || `I am ${plainLine(name)}, and I answer from documents.`]
  lines.push('Every answer says where it stands; when the documents do not say, I say so.')
  const asked = starters.filter((starter) => starter.trim() !== '')
  if (asked.length > 0) lines.push(`You could ask:\n\n${asked.map((starter) => `- ${plainLine(starter)}`).join('\n')}`)
  const more = [
    tools.includes('list-documents') ? '“Which documents do you have?” lists what I answer from.' : '',
    tools.includes('summarise-document') ? '“Summarise” with the name of a file sums that document up.' : '',
  ].filter((line) => line !== '')
  if (more.length > 0) lines.push(more.join(' '))
  return lines.join('\n\n')
}
