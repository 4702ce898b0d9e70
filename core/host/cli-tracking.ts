import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../contract/errors.ts'
import type { Tracker } from '../contract/tracking.ts'
import { command, type GlobalOptions, run, terminal } from './command-line.ts'

interface TrackerOptions extends GlobalOptions {
  server?: string
  folder?: string
}

/** `quarry runs send` and `fetch`: to MLflow and back. The token of a server is the variable QUARRY_MLFLOW_TOKEN. */
export function addTrackingCommands(runs: Command): void {
  command('send', 'send runs to MLflow: to a tracking server, or as a folder "mlruns"', runs)
    .argument('<runs...>', 'as quarry runs list shows them')
    .option('--server <address>', 'such as http://127.0.0.1:5000')
    .option('--folder <path>', 'a folder "mlruns", made if it is not there')
    .action((ids: string[], options: TrackerOptions) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const sent = await client.tracking.export({ runIds: ids, to: trackerOf(options) })
        terminal.result(options.json, sent, () => {
          terminal.write(`${sent.written} written, ${sent.known} there already.\n`)
          if (sent.withoutFiles > 0) terminal.write('The server keeps files where only it can put them: left out.\n')
          if (options.folder)
            terminal.write(
              `To open it: mlflow ui --backend-store-uri ${resolve(options.folder)}\n` +
                `To take it into a database: mlflow migrate-filestore --source ${resolve(options.folder)} --target sqlite:///mlflow.db\n`,
            )
        })
        return 0
      }),
    )

  command('fetch', 'read runs back that Quarry sent to MLflow', runs)
    .option('--server <address>', 'such as http://127.0.0.1:5000')
    .option('--folder <path>', 'a folder "mlruns"')
    .option('--experiment <name>', 'of a server: which one; it has the name of the dataset')
    .action((options: TrackerOptions & { experiment?: string }) =>
      run(options, { program: 'quarry runs' }, async (client) => {
        const { experiment } = options
        const read = await client.tracking.import({ from: trackerOf(options), ...(experiment ? { experiment } : {}) })
        terminal.result(options.json, read, () =>
          terminal.write(
            `${read.imported.length} read, ${read.known} here already, ${read.foreign} of other programs left out.\n`,
          ),
        )
        return 0
      }),
    )
}

function trackerOf({ server, folder }: TrackerOptions): Tracker {
  if (server !== undefined && folder === undefined) return { kind: 'server', address: server }
  if (folder !== undefined && server === undefined) return { kind: 'folder', path: resolve(folder) }
  throw new AppError('input-invalid', 'Name either --server ADDRESS or --folder PATH.')
}
