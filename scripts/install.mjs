// Installs what is missing, once per lock file. Plain JavaScript: these lines run on Node 20, before anything is there.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './runtime.mjs'

const stamp = join(root, 'node_modules', '.quarry-installed')

/** Runs `npm ci` unless node_modules already fits package-lock.json. Ends the process if it fails. */
export function installIfNeeded() {
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  // An `npm ci` by hand leaves npm's own record, newer than the lock file, and needs no second one.
  if (installedByHand()) return writeFileSync(stamp, wanted)
  console.error('Installing dependencies (npm ci), once …')
  const npm = process.env.npm_execpath
  const [command, first] = npm?.endsWith('.js') || npm?.endsWith('.cjs') ? [process.execPath, [npm]] : ['npm', []]
  const { status } = spawnSync(command, [...first, 'ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32' && command === 'npm',
  })
  if (status !== 0) {
    console.error('The dependencies could not be installed. See the lines above; `npm ci` says more.')
    process.exit(2)
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(stamp, wanted)
}

/** Whether every package of the lock file that belongs on this machine is there in the version that it names. */
function installedByHand() {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const packages = (file) => JSON.parse(readFileSync(file, 'utf8')).packages
  const wanted = packages(join(root, 'package-lock.json'))
  const present = packages(record)
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || present[path]?.version === entry.version,
  )
}
