// Which Node runs Quarry. Plain JavaScript: these lines must run on Node 20.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

/** The Node that came with the project, else this one if it is new enough; undefined if neither will do. */
export function findNode() {
  const folder = `node_modules/node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}/bin/`
  const bundled = fileURLToPath(
    new URL(`../${folder}node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url),
  )
  if (existsSync(bundled)) return bundled
  return runsTypeScript(process.versions.node) ? process.execPath : undefined
}

/** Node runs TypeScript as it is from 22.18 and 23.6 on. */
export function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major >= 24 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
}

export const runtimeMissing =
  'Quarry needs Node 22.18 or newer to run from its sources. On Linux and Windows `npm ci` brings it (do not pass --omit=optional); on macOS install it from nodejs.org.'

/** Ends this process with the exit code of a TypeScript entry run by the right Node, signals passed on. */
export async function handOver(entry, args) {
  const node = findNode()
  if (!node) {
    console.error(runtimeMissing)
    process.exit(2)
  }
  if (node === process.execPath) {
    process.argv = [process.argv[0], fileURLToPath(entry), ...args]
    await import(entry.href)
    return
  }
  process.exitCode = await runNode(node, [fileURLToPath(entry), ...args])
}

/** What a process of Quarry runs with: this environment, and two settings that Node reads only from there. */
export function runtimeEnvironment() {
  return {
    // Compiled code is kept between runs: the command line starts in half the time.
    NODE_COMPILE_CACHE: fileURLToPath(new URL('../node_modules/.cache/node', import.meta.url)),
    // Threads that pass buffers to each other leave holes in glibc's many heaps: two heaps keep the peak lower.
    MALLOC_ARENA_MAX: '2',
    ...process.env,
  }
}

/** Runs Node with the terminal handed through; resolves to the exit code. */
export function runNode(node, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { stdio: 'inherit', env: runtimeEnvironment(), ...options })
    const forward = (signal) => child.kill(signal)
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward)
    child.on('error', (error) => {
      console.error(`${node} could not be started: ${error.message}`)
      resolve(2)
    })
    child.on('exit', (code, signal) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.off(name, forward)
      resolve(code ?? 128 + (constants.signals[signal] ?? 0))
    })
  })
}
