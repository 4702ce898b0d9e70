// `npm start`: installs what is missing, builds, and opens the workbench: as the Electron app where an Electron binary
// is there (or can be downloaded) and there is a display, else as the same page served on 127.0.0.1.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { installIfNeeded } from './install.mjs'
import { findNode, root, runNode, runtimeMissing } from './runtime.mjs'

const args = process.argv.slice(2)
installIfNeeded()
const node = findNode()
if (!node) {
  console.error(runtimeMissing)
  process.exit(2)
}
buildIfNeeded(node)

const electron = args.includes('--browser') ? undefined : findElectron(node)
if (electron) {
  process.exitCode = await runNode(electron, [root, ...args])
} else {
  const rest = args.filter((arg) => arg !== '--browser')
  process.exitCode = await runNode(node, [join(root, 'core/host/cli.ts'), 'serve', ...rest])
}

function buildIfNeeded(node) {
  const built = newest(join(root, 'out'), Math.min)
  const sources = ['renderer', 'core', 'electron', 'electron.vite.config.ts', 'package-lock.json']
  const changed = Math.max(...sources.map((path) => newest(join(root, path), Math.max)))
  if (Number.isFinite(built) && built > changed) return
  console.error('Building …')
  const { status } = spawnSync(
    node,
    [join(root, 'node_modules/electron-vite/bin/electron-vite.js'), 'build', '--logLevel', 'warn'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
    },
  )
  if (status === 0) return
  console.error('The build failed. See the lines above.')
  process.exit(2)
}

/** The newest (Math.max) or oldest (Math.min) time of change in milliseconds under a path; Infinity for none with min. */
function newest(path, pick) {
  const none = pick === Math.min ? Infinity : 0
  if (!existsSync(path)) return none
  const info = statSync(path)
  if (!info.isDirectory()) return info.mtimeMs
  return readdirSync(path).reduce((best, name) => pick(best, newest(join(path, name), pick)), none)
}

/** Path of an Electron that can run here, or undefined. */
function findElectron(node) {
  const display = process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY
  if (!display) return undefined
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH
  const folder = override ?? join(root, 'node_modules/electron/dist')
  const names = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
  const binary = join(folder, names[process.platform] ?? 'electron')
  if (existsSync(binary)) return binary
  console.error('Downloading Electron, once …')
  const installer = createRequire(import.meta.url).resolve('electron/install.js')
  spawnSync(node, [installer], { cwd: root, stdio: ['ignore', 'ignore', 'ignore'], timeout: 180_000 })
  if (existsSync(binary)) return binary
  console.error('Electron could not be downloaded: opening in the browser instead.')
  return undefined
}
