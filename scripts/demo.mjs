// `npm run demo`: the main job in a terminal. Ingests the demo corpus into a temporary workspace and asks five of its
// questions, the way anybody would: with the command line.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installIfNeeded } from './install.mjs'
import { findNode, root, runNode, runtimeMissing } from './runtime.mjs'

installIfNeeded()
const node = findNode()
if (!node) {
  console.error(runtimeMissing)
  process.exit(2)
}
const workspace = mkdtempSync(join(tmpdir(), 'quarry-demo-'))
const demo = join(root, 'resources/demo')
const quarry = (...args) => {
  console.log(`\n$ quarry ${args.map((arg) => (arg.includes(' ') ? `"${arg}"` : arg)).join(' ')}`)
  return runNode(node, [join(root, 'core/host/cli.ts'), ...args, '--workspace', workspace])
}

try {
  const ingested = await quarry('ingest', join(demo, 'corpus'), '--collection', 'Station')
  const { cases } = JSON.parse(readFileSync(join(demo, 'questions.json'), 'utf8'))
  const featured = cases.filter((entry) => entry.featured)
  const chosen = [
    ...featured.filter((entry) => entry.answerable).slice(0, 4),
    ...featured.filter((entry) => !entry.answerable),
  ]
  let asked = 0
  for (const { question } of chosen.slice(0, 5))
    asked = (await quarry('ask', question, '--collection', 'Station')) || asked
  process.exitCode = ingested || asked
} finally {
  rmSync(workspace, { recursive: true, force: true })
}
