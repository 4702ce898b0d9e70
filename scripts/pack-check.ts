/**
 * Packs the built app into a folder around a stub of Electron and checks what is in it: `npm run test:pack` after
 * `npm run build`. Then runs the packed core host, as a child process, on the packed files alone. Needs no Electron
 * binary and no network. Slow (a minute or so), so it is not part of the unit tests.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import type { Client } from '../core/contract/client.ts'
import { createWireClient } from '../core/contract/wire-client.ts'
import { startUtilityChild } from '../core/host/testing/start-utility-child.ts'

const root = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'quarry-pack-'))
const failures: string[] = []

try {
  if (!existsSync(join(root, 'out/main/host.js'))) throw new Error('Not built. Run "npm run build" first.')
  const resources = pack()
  const archive = listArchive(join(resources, 'app.asar'))
  const unpacked = walk(join(resources, 'app.asar.unpacked'))
  checkFiles(archive, unpacked, walk(resources))
  for (const name of ['app.asar', 'app.asar.unpacked', 'models', 'demo'])
    console.log(`${name}: ${megabytes(join(resources, name))}`)
  await runPackedHost(resources)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
for (const failure of failures) console.error(`FAILED  ${failure}`)
if (failures.length > 0) process.exit(1)
console.log('The package is as it should be.')

/** Returns the folder `resources` of the packed app. */
function pack(): string {
  const stub = join(folder, 'electron')
  mkdirSync(join(stub, 'resources'), { recursive: true })
  for (const name of ['electron', 'chrome-sandbox', 'chrome_crashpad_handler']) {
    writeFileSync(join(stub, name), '#!/bin/sh\n')
    chmodSync(join(stub, name), 0o755)
  }
  writeFileSync(join(stub, 'version'), '45.4.1')
  const output = join(folder, 'dist')
  const config = join(folder, 'electron-builder.yml')
  writeFileSync(config, configuration(stub, output))
  const cli = join(root, 'node_modules/electron-builder/cli.js')
  const packing = [cli, '--linux', 'dir', '--config', config, '--publish', 'never', '--projectDir', root]
  execFileSync(process.execPath, packing, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] })
  const unpacked = readdirSync(output).find((name) => name.endsWith('-unpacked'))
  if (!unpacked) throw new Error('Nothing was packed.')
  return join(output, unpacked, 'resources')
}

/** The real configuration with another Electron, another place, and without the fuses, which a stub does not have. */
function configuration(electronDist: string, output: string): string {
  const real = readFileSync(join(root, 'electron-builder.yml'), 'utf8')
  const changed = real.replace(/^electronFuses:\n(?: .*\n)+/m, '').replace(/^( +)output: dist$/m, `$1output: ${output}`)
  return `${changed}\nelectronDist: ${electronDist}\n`
}

function checkFiles(archive: ReadonlySet<string>, unpacked: ReadonlySet<string>, resources: ReadonlySet<string>): void {
  const inArchive = [
    'package.json',
    'out/main/main.js',
    'out/main/host.js',
    'out/main/compute-worker.js',
    'out/preload/preload.cjs',
    'out/renderer/index.html',
    'node_modules/@orpc/server/package.json',
    'node_modules/zod/package.json',
    'node_modules/pdfjs-dist/legacy/build/pdf.mjs',
    'node_modules/node-llama-cpp/package.json',
  ]
  for (const path of inArchive) expectThat(archive.has(path), `${path} is in the archive`)
  expectThat(some(unpacked, /^node_modules\/better-sqlite3\/.*\.node$/), 'the database is beside the archive')
  expectThat(
    some(unpacked, /^node_modules\/sqlite-vec-linux-[^/]+\/vec0\.so$/),
    'the vector extension is beside the archive',
  )
  expectThat(some(unpacked, /^node_modules\/onnxruntime-node\/.*\.node$/), 'the model runtime is beside the archive')
  expectThat(some(unpacked, /^node_modules\/onnxruntime-node\/.*libonnxruntime\.so/), 'with its library')
  expectThat(some(resources, /^models\/.*\.onnx$/), 'the bundled model is in the resources')
  expectThat(
    resources.has('demo/questions.json') && some(resources, /^demo\/corpus\//),
    'the sample is in the resources',
  )

  const all = new Set([...archive, ...unpacked])
  const unwanted: [RegExp, string][] = [
    [/^node_modules\/node-(linux|win|darwin)-/, 'the Node runtime of the clone'],
    [/^node_modules\/(electron|electron-builder|vite|vitest|typescript|playwright|eslint|react|react-dom)\//, 'tools'],
    [/^(core|electron|renderer|e2e|bench|scripts|docs|shared|models)\//, 'sources'],
    [/^node_modules\/onnxruntime-node\/bin\/napi-v\d+\/(win32|darwin|linux\/arm64)\//, 'binaries of other systems'],
    [/\.test\.[cm]?[jt]sx?$/, 'tests'],
    [/\.env(\.|$)|(^|\/)\.npmrc$/, 'settings of whoever built it'],
  ]
  for (const [pattern, what] of unwanted) {
    const found = [...all].find((path) => pattern.test(path))
    expectThat(found === undefined, `${what} are not in the package${found === undefined ? '' : ` (${found})`}`)
  }
  // A library that can only be loaded from a real file must not be left inside.
  const inside = [...archive].find((path) => /\.(node|so|dylib|dll)$/.test(path) && !unpacked.has(path))
  expectThat(inside === undefined, `no native code is inside the archive${inside === undefined ? '' : ` (${inside})`}`)
}

/** The packed files put together again, without anything of the clone: what is missing there is missing here. */
async function runPackedHost(resources: string): Promise<void> {
  const app = join(folder, 'app')
  const asar = join(root, 'node_modules/@electron/asar/bin/asar.js')
  execFileSync(process.execPath, [asar, 'extract', join(resources, 'app.asar'), app], { stdio: 'inherit' })
  cpSync(join(resources, 'app.asar.unpacked'), app, { recursive: true })
  const workers = { compute: join(app, 'out/main/compute-worker.js') }
  const utility = startUtilityChild(join(app, 'out/main/host.js'), workers)
  try {
    utility.tell({
      type: 'start',
      environment: {
        dataFolder: join(folder, 'workspace'),
        modelFolders: [join(resources, 'models')],
        demoFolder: join(resources, 'demo'),
      },
    })
    const word = await utility.hear()
    expectThat(
      word.type === 'ready',
      `the packed host starts${word.type === 'failed' ? ` (${word.error.message})` : ''}`,
    )
    if (word.type !== 'ready') return
    const client = createWireClient<Client>(utility.connect())
    const status = await client.workspace.status()
    expectThat(status.version !== '0.0.0', `the packed host knows its version (${status.version})`)
    const { collectionId, jobId } = await client.workspace.addSample()
    for await (const event of await client.jobs.watch({ jobId })) {
      if (event.type === 'document-end' && event.outcome === 'failed') console.log(event.path, event.reason?.message)
      if (event.type !== 'job-end') continue
      const { ready, failed } = event.job.progress
      expectThat(failed === 0 && ready > 0, `it reads the sample (${ready} ready, ${failed} failed)`)
    }
    expectThat(utility.workers.length > 0, 'worker processes of the package do the work')
    const { documents } = await client.documents.list({ collectionId })
    const types = [...new Set(documents.map((document) => document.type))].sort().join(', ')
    console.log(`types in the sample: ${types}`)
    const { results } = await client.search.run({ collectionId, query: 'where is the boat kept', mode: 'vector' })
    expectThat(results.length > 0, 'it embeds and finds')
    utility.tell({ type: 'stop' })
    expectThat((await utility.hear()).type === 'stopped', 'it stops')
  } finally {
    utility.child.kill('SIGKILL')
  }
}

function expectThat(holds: boolean, what: string): void {
  console.log(`${holds ? 'ok     ' : 'FAILED '} ${what}`)
  if (!holds) failures.push(what)
}

function some(paths: ReadonlySet<string>, pattern: RegExp): boolean {
  return [...paths].some((path) => pattern.test(path))
}

/** Files in an archive, the unpacked ones included, with '/' and without a leading one. */
function listArchive(path: string): Set<string> {
  const asar = join(root, 'node_modules/@electron/asar/bin/asar.js')
  const text = execFileSync(process.execPath, [asar, 'list', path], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return new Set(text.split('\n').map((line) => line.replaceAll('\\', '/').replace(/^\//, '')))
}

function walk(start: string): Set<string> {
  const files = readdirSync(start, { recursive: true, encoding: 'utf8' })
    .map((name) => join(start, name))
    .filter((path) => statSync(path).isFile())
  return new Set(files.map((path) => relative(start, path).replaceAll('\\', '/')))
}

function megabytes(path: string): string {
  const sizes = statSync(path).isFile()
    ? [statSync(path).size]
    : [...walk(path)].map((name) => statSync(join(path, name)).size)
  return `${(sizes.reduce((sum, size) => sum + size, 0) / 1e6).toFixed(1)} MB`
}
