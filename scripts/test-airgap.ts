/**
 * Proves that the main job needs no network and asks for none: `npm run test:airgap`. Real programs of this clone read
 * documents and a picture, search, answer, serve the workbench and take in a model,
 *
 * - in a network namespace in which there is nothing but this machine itself (where the system permits that),
 * - with a guard in every process and thread that writes down and refuses what reaches for the network,
 * - and once under strace, which sees what native code does (where it is installed).
 *
 * Each of the three is first shown to catch a connection that is there. Exit code 0: nothing was asked for.
 */
import { execFile, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { deflateSync, crc32 } from 'node:zlib'
import { writeBait } from './test-airgap-bait.ts'
import type { Attempt } from './test-airgap-guard.ts'

const root = join(import.meta.dirname, '..')
const cli = join(root, 'core/host/cli.ts')
/** For documentation (RFC 5737): belongs to nobody. */
const nobody = '192.0.2.1'
const stepTimeoutMs = 120_000
const startedMs = performance.now()
let failures = 0

if (process.argv.includes('--inside')) await inside()
else process.exitCode = outside()

/** Goes into a network namespace where that is permitted, and on without one where it is not. */
function outside(): number {
  const ways = process.platform === 'linux' ? [['-n'], ['-rn']] : []
  const way = ways.find((flags) => spawnSync('unshare', [...flags, 'true']).status === 0)
  const node = [process.execPath, fileURLToPath(import.meta.url), '--inside']
  const [program, ...args] = way ? ['unshare', ...way, ...node] : node
  const reason = process.platform === 'linux' ? 'unshare is not permitted or not there' : 'only Linux has them'
  if (!way) skipped('network namespace', reason)
  return spawnSync(program!, args, { stdio: 'inherit' }).status ?? 1
}

async function inside(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'quarry-airgap-'))
  try {
    if (isNamespace()) await proveNamespace()
    await proveGuard(folder)
    await mainJob(folder)
    await underStrace(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
  console.log(failures === 0 ? `The air gap holds (${seconds} s).` : `${failures} of these FAILED (${seconds} s).`)
  process.exitCode = failures === 0 ? 0 : 1
}

/** Only the loopback interface, or none as long as it is down. */
function isNamespace(): boolean {
  const others = Object.keys(networkInterfaces()).filter((name) => !/^lo/.test(name))
  return process.platform === 'linux' && others.length === 0
}

async function proveNamespace(): Promise<void> {
  const up = ['ip link set lo up', 'ifconfig lo up'].some((line) => {
    const [program, ...args] = line.split(' ')
    return spawnSync(program!, args).status === 0
  })
  if (!up) skipped('loopback in the namespace', 'neither ip nor ifconfig could turn it on')
  const error = await new Promise<string>((resolve) => {
    const socket = connect({ host: nobody, port: 443, timeout: 3000 })
    socket.on('connect', () => resolve('connected'))
    socket.on('timeout', () => resolve('no answer'))
    socket.on('error', (failure: NodeJS.ErrnoException) => resolve(failure.code ?? failure.message))
    socket.on('close', () => socket.destroy())
  })
  check('control: in the namespace no other machine can be reached', error === 'ENETUNREACH', error)
}

/** What the guard has to see, in the process itself, in a worker process, and in a thread of that. */
async function proveGuard(folder: string): Promise<void> {
  const deliberate = join(folder, 'deliberate.mjs')
  writeFileSync(
    deliberate,
    `import { fork, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns'
import { resolve4 } from 'node:dns/promises'
import { get } from 'node:https'
import { Worker, isMainThread } from 'node:worker_threads'
const tried = (work) => new Promise(work).catch(() => {})
await fetch('http://${nobody}:1001/').catch(() => {})
if (isMainThread && !process.send) {
  await tried((done) => get('https://${nobody}:1002/').on('error', done))
  await tried((done) => lookup('lookup.example', done))
  await resolve4('resolve.example').catch(() => {})
  const socket = createSocket('udp4')
  await tried((done) => socket.send('x', 1003, '${nobody}', done))
  socket.close()
  try { spawnSync('curl', ['http://${nobody}/']) } catch {}
  await tried((done) => fork(import.meta.filename, { execArgv: ['--max-old-space-size=200'] }).on('exit', done))
} else if (isMainThread) {
  await tried((done) => new Worker(new URL(import.meta.url), { env: {}, argv: [] }).on('exit', done))
  process.disconnect()
}
`,
  )
  const log = join(folder, 'control.jsonl')
  await run(guarded(log, [deliberate]), {})
  const seen = readAttempts(log)
  const expected = [
    ['connect', `${nobody}:1002`],
    ['lookup', 'lookup.example'],
    ['resolve', 'resolve.example'],
    ['datagram', `x 1003 ${nobody}`],
    ['program', 'curl'],
  ]
  const missed = expected.filter(([kind, target]) => !seen.some((one) => one.kind === kind && one.target === target))
  const places = new Set(
    seen.filter(({ target }) => target === `${nobody}:1001`).map((attempt) => `${attempt.process}/${attempt.thread}`),
  )
  check(
    'control: the guard sees fetch, https, DNS, datagrams and programs; in workers and threads, too',
    missed.length === 0 && places.size === 3,
    JSON.stringify({ missed, places: [...places] }),
  )
}

/** Documents in, cited answers out, by the command line and by the served workbench, with the settings of a first start. */
async function mainJob(folder: string): Promise<void> {
  const log = join(folder, 'attempts.jsonl')
  writeFileSync(log, '')
  const documents = join(folder, 'documents')
  cpSync(join(root, 'resources/demo/corpus'), documents, { recursive: true })
  writeFileSync(join(documents, 'white.png'), whitePicture(200, 100))
  const bait = join(folder, 'bait')
  const baits = writeBait(bait)
  const workspace = ['--workspace', join(folder, 'workspace'), '--json']
  const quarry = (...args: string[]) => run(guarded(log, [cli, ...args, ...workspace]), {})

  const ingest = await quarry('ingest', documents, bait, '--collection', 'Station')
  const { ready = 0, failures: failed = [] } = ingest.json as { ready?: number; failures?: { path: string }[] }
  const told = JSON.stringify(ingest.json)
  check(
    `documents are read (${ready}), ${baits} that ask for something on the network among them`,
    ready > 20 + baits,
    told,
  )
  const paths = failed.map(({ path }) => path).join()
  check('a picture is looked at, and nothing else fails', paths === 'documents/white.png', told)
  const search = await quarry('search', 'Where is the boat kept?', '--collection', 'Station', '--mode', 'vector')
  const { results = [] } = search.json as { results?: unknown[] }
  check(`the model searches (${results.length} passages)`, search.code === 0 && results.length > 0)
  await importModel(folder, quarry)
  const { question } = firstQuestion()
  const ask = await quarry('ask', question, '--collection', 'Station')
  const { citations = [] } = ask.json as { citations?: unknown[] }
  check(`a question is answered (${citations.length} citations)`, ask.code === 0 && citations.length > 0)
  await served(folder, log, question)

  const status = await quarry('network', 'status')
  check('it is offline without anybody having said so', (status.json as { offline?: boolean }).offline === true)
  const list = await quarry('network', 'attempts')
  const { total } = list.json as { total?: number }
  check(`its own list of attempts is empty (${total})`, total === 0, JSON.stringify(list.json))
  const attempts = readAttempts(log)
  check(`the guard saw no attempt to reach the network (${attempts.length})`, attempts.length === 0, show(attempts))
}

interface Ended {
  code: number
  /** What was printed, or an object with the errors where that is no JSON. */
  json: unknown
  output: string
}
type Quarry = (...args: string[]) => Promise<Ended>

async function importModel(folder: string, quarry: Quarry): Promise<void> {
  const what = 'import of a model'
  const bundled = join(root, 'models/static-256')
  const help = await run([cli, 'models', 'import', '--help'], {})
  if (!help.output.includes('quarry models import') || !existsSync(join(bundled, 'model.json')))
    return skipped(what, 'this version has none yet')
  const copy = join(folder, 'airgap-model')
  mkdirSync(copy)
  const manifest = JSON.parse(readFileSync(join(bundled, 'model.json'), 'utf8')) as { files: { path: string }[] }
  for (const { path } of manifest.files) cpSync(join(bundled, path), join(copy, path), { recursive: true })
  writeFileSync(join(copy, 'model.json'), JSON.stringify({ ...manifest, id: 'airgap-model' }))
  const imported = await quarry('models', 'import', copy)
  check('a model is imported from a folder', imported.code === 0, JSON.stringify(imported.json))
}

async function served(folder: string, log: string, question: string): Promise<void> {
  const args = guarded(log, [cli, 'serve', '--workspace', join(folder, 'workspace'), '--json'])
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: environment(),
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: stepTimeoutMs,
  })
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  try {
    const line = await new Promise<string>((resolve) => {
      createInterface(child.stdout).once('line', resolve)
      void ended.then(() => resolve('{}'))
    })
    const { url, port } = JSON.parse(line) as { url?: string; port?: number }
    const headers = { authorization: `Bearer ${/#token=(.+)/.exec(url ?? '')?.[1]}` }
    const listed = await fetch(`http://127.0.0.1:${port}/api/v1/collections`, { headers })
    const { collections } = (await listed.json()) as { collections: { id: string; name: string }[] }
    const id = collections.find(({ name }) => name === 'Station')?.id ?? ''
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/search`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ collectionId: id, query: question, k: 5 }),
    })
    const { results = [] } = (await response.json()) as { results?: unknown[] }
    check(`the served workbench searches (${results.length} passages)`, results.length > 0, String(response.status))
  } catch (error) {
    check('the served workbench searches', false, String(error))
  } finally {
    child.kill('SIGTERM')
    await ended
  }
}

/** Model runtime, database and text recognition are native or WebAssembly: what they do only the system sees. */
async function underStrace(folder: string): Promise<void> {
  if (process.platform !== 'linux') return skipped('strace', 'only Linux has it')
  const trace = async (name: string, args: string[]): Promise<{ json: unknown; connections: string[] } | undefined> => {
    const output = join(folder, `${name}.strace`)
    const calls = ['-f', '--seccomp-bpf', '-qq', '-e', 'trace=connect,sendto,sendmsg,sendmmsg', '-o', output]
    const { json } = await run([...calls, process.execPath, ...args], { program: 'strace' })
    if (!existsSync(output)) return undefined
    const lines = readFileSync(output, 'utf8').split('\n')
    return { json, connections: lines.filter((line) => /sa_family=AF_INET/.test(line)) }
  }
  const deliberate = `fetch('http://${nobody}:1004/', { signal: AbortSignal.timeout(1000) }).catch(() => {})`
  const control = await trace('control', ['-e', deliberate])
  if (!control) return skipped('strace', 'it is not installed, or may not watch processes')
  const { connections: caught } = control
  check(
    'control: strace sees a connection',
    caught.some((line) => line.includes(nobody)),
    caught.join('\n'),
  )
  const station = ['--collection', 'Station', '--workspace', join(folder, 'traced'), '--json']
  const ingest = await trace('ingest', [cli, 'ingest', join(folder, 'documents'), join(folder, 'bait'), ...station])
  const ask = await trace('ask', [cli, 'ask', firstQuestion().question, ...station])
  const { ready = 0 } = (ingest?.json ?? {}) as { ready?: number }
  const { citations = [] } = (ask?.json ?? {}) as { citations?: unknown[] }
  const calls = [ingest, ask].flatMap((traced) => traced?.connections ?? ['not traced'])
  check(
    `strace saw no connection while ${ready} documents were read and a question answered (${calls.length})`,
    ready > 20 && citations.length > 0 && calls.length === 0,
    calls.slice(0, 10).join('\n'),
  )
}

function firstQuestion(): { question: string } {
  const { cases } = JSON.parse(readFileSync(join(root, 'resources/demo/questions.json'), 'utf8')) as {
    cases: { question: string; answerable: boolean }[]
  }
  return cases.find(({ answerable }) => answerable)!
}

function guarded(log: string, args: string[]): string[] {
  const guard = pathToFileURL(join(import.meta.dirname, 'test-airgap-guard.ts'))
  guard.searchParams.set('log', log)
  return ['--import', guard.href, ...args]
}

/** As on a first start: nothing set that concerns Quarry or a proxy. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^quarry_|proxy|^node_options$/i.test(name)),
  )
}

function run(args: string[], { program = process.execPath }): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd: root, env: environment(), timeout: stepTimeoutMs, maxBuffer: 64_000_000 }
    execFile(program, args, options, (error, output, errors) => {
      const code = error ? (typeof error.code === 'number' ? error.code : 1) : 0
      let json: unknown = {}
      try {
        json = JSON.parse(output)
      } catch {
        if (errors !== '') json = { errors: errors.slice(-1000) }
      }
      resolve({ code, json, output })
    })
  })
}

function readAttempts(log: string): Attempt[] {
  if (!existsSync(log)) return []
  const lines = readFileSync(log, 'utf8').split('\n')
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Attempt)
}

function show(attempts: readonly Attempt[]): string {
  return attempts
    .map(({ kind, target, from }) => `${kind} ${target}\n    ${from.slice(0, 6).join('\n    ')}`)
    .join('\n')
}

function check(what: string, holds: boolean, detail = ''): void {
  console.log(`${holds ? 'proved  ' : 'FAILED  '} ${what}`)
  if (holds) return
  failures += 1
  if (detail !== '') console.log(detail)
}

function skipped(what: string, reason: string): void {
  console.log(`skipped  ${what}: ${reason}`)
}

/** A PNG without anything on it: enough to start the thread that reads pictures. */
function whitePicture(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // 8 bits a pixel, grey.
  header[8] = 8
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width, 255)])
  const rows = deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}
