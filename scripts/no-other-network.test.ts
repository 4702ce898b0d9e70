import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { networkUses } from './network-uses.ts'

/**
 * Nothing that ships reaches the network but core/network. The linter says so while one writes; this walks every
 * shipped file anew, whatever the linter was told to overlook in it. docs/decisions/0008-network-door.md says why.
 */
const root = fileURLToPath(new URL('..', import.meta.url))

/** What may use something of the network, with the reason. An entry that is not needed any more fails, too. */
const exceptions: Record<string, { uses: string[]; because: string }> = {
  'core/network/door.ts': { uses: ['globalThis.fetch'], because: 'it is the door' },
  'core/network/stays-here.ts': {
    uses: ['node:dns/promises'],
    because: 'asks where localhost is, before a connection',
  },
  'core/host/wire-http.ts': {
    uses: ['node:http', 'ws'],
    because: 'serves the page on 127.0.0.1: listens, never connects',
  },
  'core/compute/worker-process.ts': { uses: ['node:net'], because: "recognises a worker's pipe by its class" },
  'renderer/client/loopback-channel.ts': {
    uses: ['fetch', 'WebSocket'],
    because: "the page reaches the host that it came from; the page's policy (connect-src 'self') allows no other",
  },
}

const files = ['core', 'electron', 'renderer', 'bin']
  .flatMap((folder) => sourceFiles(join(root, folder)))
  .map((file) => relative(root, file).split(sep).join('/'))
const usesOf = new Map(files.map((file) => [file, networkUses(file, readFileSync(join(root, file), 'utf8'))]))

describe('the network', () => {
  it('is looked for in all that ships', () => expect(files.length).toBeGreaterThan(200))

  it('is used by core/network, and otherwise only where a reason is given', () => {
    const wrong = [...usesOf].flatMap(([file, uses]) =>
      uses
        .filter(({ what }) => !exceptions[file]?.uses.includes(what))
        .map(({ what, line }) => `${file}:${line} ${what}`),
    )
    expect(wrong).toEqual([])
  })

  it('has no exception that is not needed', () => {
    const idle = Object.entries(exceptions).flatMap(([file, { uses }]) =>
      uses.filter((use) => !usesOf.get(file)?.some(({ what }) => what === use)).map((use) => `${file} ${use}`),
    )
    expect(idle).toEqual([])
  })

  it('is not reached by the servers that listen: none of them asks for a connection', () => {
    const source = readFileSync(join(root, 'core/host/wire-http.ts'), 'utf8')
    expect(source).not.toMatch(/\bhttp\.(get|request)\b|new WebSocket\(|\bcreateConnection\b|import \{[^}]*\brequest\b/)
  })

  it.each([
    ["import { get } from 'https'", 'https'],
    ["import * as net from 'node:net'", 'node:net'],
    ["export { connect } from 'node:tls'", 'node:tls'],
    ["const dns = await import('node:dns/promises')", 'node:dns/promises'],
    ["const http = require('http')", 'http'],
    ["createRequire(import.meta.url)('node:http2')", 'node:http2'],
    ["process.getBuiltinModule('net')", 'process.getBuiltinModule'],
    ['const answer = fetch(address)', 'fetch'],
    ['const own = { fetch }', 'fetch'],
    ['const other = fetch', 'fetch'],
    ['globalThis.fetch(address)', 'globalThis.fetch'],
    ["globalThis['fetch'](address)", 'globalThis.fetch'],
    ['const { fetch: own } = globalThis', 'globalThis.fetch'],
    ['new WebSocket(address)', 'WebSocket'],
    ['navigator.sendBeacon(address)', 'navigator.sendBeacon'],
    ["import { Agent } from 'undici'", 'undici'],
    ["import { net } from 'electron'", 'electron.net'],
    ["import { getLlama } from 'node-llama-cpp'; getLlama({ gpu: 'auto' })", 'getLlama without build and skipDownload'],
    ["import { resolveModelFile } from 'node-llama-cpp'", 'node-llama-cpp resolveModelFile'],
    ["AutoModel.from_pretrained('x', {})", 'from_pretrained without local_files_only'],
    ["import { createWorker } from 'tesseract.js'", 'tesseract.js'],
  ])('would be found in: %s', (source, what) => {
    expect(networkUses('a.ts', source).map((use) => use.what)).toContain(what)
  })

  it.each([
    "import type { Server } from 'node:http'",
    "import { type Server } from 'node:http'",
    'type Fetch = typeof fetch; type Other = typeof globalThis.fetch',
    'function ask(fetch: Fetch) { return fetch(address) }',
    'const ask = ({ fetch }: Parts) => fetch(address)',
    'const fetch = door.fetchFor(purpose); fetch(address)',
    'const client = { fetch: own, async fetch() {} }; client.fetch()',
    'interface WebSocketLike { fetch(): void }',
    "getLlama({ build: 'never', skipDownload: true })",
    "AutoModel.from_pretrained('x', { local_files_only: true })",
    "import { app } from 'electron'",
  ])('would not be found in: %s', (source) => expect(networkUses('a.ts', source)).toEqual([]))
})

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return name === 'testing' ? [] : sourceFiles(path)
    const isSource = /\.(ts|tsx|cts|mts|js|mjs|cjs)$/.test(name) && !/\.(test|suite|fixture)\.|\.d\.[cm]?ts$/.test(name)
    return isSource ? [path] : []
  })
}
