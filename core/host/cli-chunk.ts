import { resolve } from 'node:path'
import type { Client } from '../contract/client.ts'
import { AppError } from '../contract/errors.ts'
import type { Choice } from '../contract/pipeline.ts'
import { command, type GlobalOptions, run, terminal } from './command-line.ts'
import { jsonObject } from './evaluation-parts.ts'

/** `quarry chunk`: how one file would be cut. */
export function addChunkCommand(): void {
  command('chunk', 'cut a file and show the chunks, without adding it to anything')
    .argument('<file>', 'a file on this machine')
    .option('--chunker <id>', 'which chunker', 'recursive')
    .option('--options <json>', 'options of the chunker', jsonObject, {})
    .action((file: string, options: GlobalOptions & { chunker: string; options: Record<string, unknown> }) =>
      run(options, { program: 'quarry chunk', temporary: options.workspace === undefined }, async (client) => {
        const { labId, name, type, textLength } = await client.lab.open({
          source: { kind: 'file', path: resolve(file) },
        })
        const chunkers: Choice[] = [{ id: options.chunker, options: options.options }]
        const { columns } = await client.lab.chunk({ labId, chunkers })
        const [cut] = columns
        if (!cut) throw new AppError('internal', 'Nothing was cut.')
        const text = await wholeText(client, labId, textLength)
        const chunks = cut.starts.map((start, ordinal) => ({
          ordinal,
          start,
          end: cut.ends[ordinal] ?? start,
          tokens: cut.tokens[ordinal] ?? 0,
          headings: cut.paths[cut.pathOf[ordinal] ?? 0] ?? [],
          text: text.slice(start, cut.ends[ordinal] ?? start),
        }))
        const json = { file: name, type, chunker: chunkers[0], chunks, statistics: cut.statistics, faults: cut.faults }
        terminal.result(options.json, json, () => {
          for (const chunk of chunks) {
            const headings = chunk.headings.length > 0 ? `  ${chunk.headings.join(' > ')}` : ''
            terminal.write(`--- ${chunk.ordinal + 1}  ${chunk.start}-${chunk.end}  ${chunk.tokens} tokens${headings}\n`)
            terminal.write(`${chunk.text}\n`)
          }
          const { statistics } = cut
          const faults = Object.entries(statistics.faults).map(([kind, count]) => `${count} ${kind}`)
          terminal.write(
            `\n${statistics.chunks} chunks of ${statistics.leastTokens} to ${statistics.mostTokens} tokens ` +
              `(mean ${statistics.meanTokens.toFixed(0)}); cut apart: ${faults.join(', ') || 'nothing'}\n`,
          )
        })
        return 0
      }),
    )
}

async function wholeText(client: Client, labId: string, length: number): Promise<string> {
  let text = ''
  while (text.length < length) {
    const part = await client.lab.text({ labId, start: text.length, end: length })
    if (part.text === '') break
    text += part.text
  }
  return text
}
