// Finds a Chromium for the browser journeys, or gets one where that is allowed.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './runtime.mjs'

const usual = [
  process.env.QUARRY_BROWSER,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Path of a browser, or undefined. */
export function ensureBrowser(node) {
  return find(node) ?? install(node)
}

function find(node) {
  const known = usual.find((path) => path && existsSync(path))
  if (known) return known
  const script = `import('playwright').then(({chromium})=>process.stdout.write(chromium.executablePath()))`
  const { stdout } = spawnSync(node, ['-e', script], { cwd: root, encoding: 'utf8' })
  return stdout && existsSync(stdout) ? stdout : undefined
}

function install(node) {
  console.error('Looking for a browser for the journeys …')
  const options = { cwd: root, stdio: 'ignore', timeout: 300_000 }
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
    spawnSync('apt-get', ['update', '-qq'], options)
    spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'], options)
    const found = find(node)
    if (found) return found
  }
  spawnSync(node, [join(root, 'node_modules/playwright/cli.js'), 'install', 'chromium'], options)
  return find(node)
}
