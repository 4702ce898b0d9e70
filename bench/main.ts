import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `npm run bench -- NAME [arguments]`: runs one benchmark; without a name it lists them. A benchmark is a file in this
 * folder that exports `run(args)`, and `needsPeers = true` when it compares with libraries of `bench/peers`, which are
 * installed on first use and are no part of the product.
 */
interface Benchmark {
  run(args: string[]): Promise<void>
  needsPeers?: boolean
}

const folder = import.meta.dirname
const names = readdirSync(folder)
  .filter((file) => /^[a-z-]+\.ts$/.test(file) && file !== 'main.ts')
  .map((file) => file.replace('.ts', ''))

const [name, ...args] = process.argv.slice(2)
if (name === undefined) {
  console.log(`Usage: npm run bench -- NAME [arguments]\nBenchmarks: ${names.join(', ')}`)
} else if (!names.includes(name)) {
  console.error(`There is no benchmark called "${name}". Known: ${names.join(', ')}.`)
  process.exitCode = 2
} else {
  const benchmark = (await import(`./${name}.ts`)) as Benchmark
  if (benchmark.needsPeers) installPeers(join(folder, 'peers'))
  await benchmark.run(args)
}

function installPeers(peers: string): void {
  if (existsSync(join(peers, 'node_modules'))) return
  console.error('Installing the libraries that this benchmark compares with, once …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: peers,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('The peers could not be installed. Is there a connection to a package registry?')
}
