import { InvalidArgumentError, Option } from 'commander'
import { type NetworkAttempt, type NetworkPurpose, networkPurposes, type NetworkStatus } from '../contract/network.ts'
import { command, type GlobalOptions, positiveInteger, run, terminal } from './command-line.ts'

/** `quarry network …`: what may be connected to, and what was. */
export function addNetworkCommands(): void {
  const network = command('network', 'what Quarry may connect to, and what it has connected to')

  command('status', 'whether it is offline, which hosts are allowed, and who could change that', network).action(
    (options: GlobalOptions) =>
      run(options, { program: 'quarry network' }, async (client) => {
        show(options, await client.network.status())
        return 0
      }),
  )

  command('offline', 'connect to no other machine (on, the default), or to those that are allowed (off)', network)
    .argument('<state>', 'on or off', onOrOff)
    .action((offline: boolean, options: GlobalOptions) =>
      run(options, { program: 'quarry network' }, async (client) => {
        show(options, await client.network.setOffline({ offline }))
        return 0
      }),
    )

  command('allow', 'let a host be connected to', network)
    .argument('<host>', 'such as api.example.com, 127.0.0.1:11434 or *.example.com')
    .addOption(purposesOption('what for').makeOptionMandatory())
    .option('--http', 'by http too, which others on the way can read')
    .action((host: string, options: GlobalOptions & { for: NetworkPurpose[]; http?: boolean }) =>
      run(options, { program: 'quarry network' }, async (client) => {
        const plainHttp = options.http ? { plainHttp: true } : {}
        show(options, await client.network.allow({ host, purposes: options.for, ...plainHttp }))
        return 0
      }),
    )

  command('disallow', 'take a host from the list, or some purposes from the host', network)
    .argument('<host>', 'as quarry network status shows it')
    .addOption(purposesOption('only for these (default: all)'))
    .action((host: string, options: GlobalOptions & { for?: NetworkPurpose[] }) =>
      run(options, { program: 'quarry network' }, async (client) => {
        show(options, await client.network.disallow({ host, ...(options.for ? { purposes: options.for } : {}) }))
        return 0
      }),
    )

  command('attempts', 'every connection that was asked for, newest first', network)
    .addOption(new Option('--only <outcome>', 'only these').choices(['allowed', 'refused']))
    .option('-n <count>', 'how many', positiveInteger, 100)
    .option('--clear', 'empty the list')
    .action((options: GlobalOptions & { only?: NetworkAttempt['outcome']; n: number; clear?: boolean }) =>
      run(options, { program: 'quarry network' }, async (client) => {
        if (options.clear) {
          const result = await client.network.clearAttempts()
          terminal.result(options.json, result, () => terminal.write(`Removed ${result.removed} attempts.\n`))
          return 0
        }
        const only = options.only ? { outcome: options.only } : {}
        const { attempts, total } = await client.network.attempts({ limit: options.n, ...only })
        terminal.result(options.json, { attempts, total }, () => {
          const rows = attempts.map(({ at, reason, ...row }) => ({
            ...row,
            time: new Date(at).toISOString(),
            reason: reason ?? '',
          }))
          const columns = ['time', 'outcome', 'purpose', 'host', 'method', 'reason'] as const
          terminal.table(rows, [...columns], 'Nothing has asked for a connection.')
          if (total > attempts.length) terminal.write(`${total - attempts.length} older ones are not shown (-n).\n`)
        })
        return 0
      }),
    )
}

function purposesOption(description: string): Option {
  return new Option('--for <purpose...>', description).choices(networkPurposes)
}

function onOrOff(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on'
  throw new InvalidArgumentError('Say on or off.')
}

function show(options: GlobalOptions, status: NetworkStatus): void {
  terminal.result(options.json, status, () => {
    terminal.write(
      status.offline
        ? 'Offline: nothing is connected to but allowed servers on this machine.\n'
        : 'Not offline: allowed hosts can be connected to.\n',
    )
    if (status.lock) terminal.write(`Locked. ${status.lock.message}\n`)
    if (status.lock?.by === 'environment' && status.lock.problem)
      terminal.write(`Look at it: ${status.lock.problem}.\n`)
    terminal.table(
      status.allowed.map(({ host, purposes, plainHttp, thisMachine, inForce }) => ({
        host,
        for: purposes.join(', '),
        by: plainHttp ? 'https, http' : 'https',
        where: thisMachine ? 'this machine' : 'another machine',
        now: inForce ? 'can be reached' : 'not while offline',
      })),
      ['host', 'for', 'by', 'where', 'now'],
      'No host is allowed.',
    )
    const { allowed, refused } = status.attempts
    terminal.write(`Connections asked for: ${allowed} allowed, ${refused} refused.\n`)
  })
}
