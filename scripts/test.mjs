// `npm test`: installs what is missing (a browser too where that is possible), builds, and runs every test.
import { spawnSync } from 'node:child_process'
import { installIfNeeded } from './install.mjs'
import { findNode, root, runNode, runtimeEnvironment, runtimeMissing } from './runtime.mjs'

installIfNeeded()
const node = findNode()
if (!node) {
  console.error(runtimeMissing)
  process.exit(2)
}
const { ensureBrowser } = await import('./browser.mjs')
const browser = ensureBrowser(node)
const vitest = ['node_modules/vitest/vitest.mjs', 'run']
const args = process.argv.slice(2)
const options = { cwd: root, env: { ...runtimeEnvironment(), QUARRY_BROWSER: browser ?? '' } }

const unit = await runNode(node, [...vitest, '--project', 'unit', ...args], options)
let journeys = 0
if (args.length === 0) {
  const build = spawnSync(node, ['node_modules/electron-vite/bin/electron-vite.js', 'build', '--logLevel', 'warn'], {
    ...options,
    stdio: ['ignore', 2, 2],
  })
  journeys = build.status !== 0 ? 1 : await runNode(node, [...vitest, '--project', 'e2e'], options)
  if (!browser) console.log('Browser journeys skipped: no browser')
}
process.exitCode = unit || journeys
