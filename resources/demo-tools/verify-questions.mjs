// Checks that every quote in resources/demo/questions.json occurs in the document it names.
//
//   node resources/demo-tools/verify-questions.mjs
//
// Needs pdftotext (poppler-utils) and unzip. White space is normalised before comparing; PDF text is
// read both in page layout order (hyphens joined) and in content order (for two-column pages).
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const demo = join(dirname(fileURLToPath(import.meta.url)), '..', 'demo')
const entities = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
const untag = (s) =>
  s.replace(/<(script|style)[\s\S]*?<\/\1>/g, ' ').replace(/<\/?(p|td|th|tr|li|h\d|br|div|w:p|w:tc|w:br)\b[^>]*>/g, ' ').replace(/<[^>]+>/g, '')
    .replace(/&(amp|lt|gt|quot|apos|nbsp);/g, (_, name) => entities[name])
const run = (cmd, args) => execFileSync(cmd, args, { encoding: 'utf8', maxBuffer: 1 << 26 })
const squash = (s) => s.replace(/\s+/g, ' ').trim()

const texts = new Map()
function textOf(path) {
  if (!texts.has(path)) {
    const file = join(demo, 'corpus', path)
    const kind = path.split('.').pop()
    const text = kind === 'pdf' ? run('pdftotext', [file, '-']) + run('pdftotext', ['-raw', file, '-'])
      : kind === 'docx' ? untag(run('unzip', ['-p', file, 'word/document.xml']))
      : kind === 'html' ? untag(readFileSync(file, 'utf8'))
      : readFileSync(file, 'utf8')
    texts.set(path, squash(text))
  }
  return texts.get(path)
}

const { cases } = JSON.parse(readFileSync(join(demo, 'questions.json'), 'utf8'))
const failures = []
let quotes = 0
for (const c of cases) {
  if (c.answerable !== c.expected.length > 0) failures.push(`${c.id}: answerable does not match expected`)
  for (const { path, quote } of c.expected) {
    quotes++
    if (!textOf(path).includes(squash(quote))) failures.push(`${c.id}: not in ${path}: ${quote}`)
  }
}
const documents = readdirSync(join(demo, 'corpus'), { recursive: true, withFileTypes: true }).filter((e) => e.isFile()).length
for (const f of failures) console.error(f)
console.log(`${documents} documents, ${cases.length} questions (${cases.filter((c) => c.answerable).length} answerable), ${quotes} quotes, ${failures.length} failures`)
console.log(`formats asked about: ${[...new Set([...texts.keys()].map((p) => p.split('.').pop()))].sort().join(', ')}`)
process.exit(failures.length ? 1 : 0)
