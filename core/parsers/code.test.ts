import { describe, expect, it } from 'vitest'
import type { ParsedDocument } from '../contract/parsed-document.ts'
import { silentLog } from '../shared/log.ts'
import { codeParser } from './code.ts'
import { behavesAsParser, checkParsedDocument, encode } from './parsers.suite.ts'

behavesAsParser(codeParser, {
  name: 'reader.ts',
  bytes: encode(
    `import { open } from './file.ts'\n\n/** Reads. */\nexport function read(): string {\n  return open()\n}\n`,
  ),
  holds: ['/** Reads. */\nexport function read(): string {\n  return open()\n}'],
})

const parser = codeParser.create({}, { log: silentLog })
const read = async (name: string, source: string): Promise<ParsedDocument> => {
  const document = await parser.parse({ name, bytes: encode(source) })
  checkParsedDocument(document)
  expect(document.text).toBe(source)
  expect(document.hasLines).toBe(true)
  return document
}
/** Symbols and the first line of each element. */
const outline = async (name: string, source: string): Promise<[string, string][]> => {
  const { elements, text } = await read(name, source)
  return elements.map(({ symbols = [], start, end }) => [
    symbols.join(' > '),
    text.slice(start, end).split('\n', 1)[0] ?? '',
  ])
}

describe('code', () => {
  it('cuts TypeScript into imports, definitions with their comments, and statements between them', async () => {
    const source = `// Licence

import a from 'a'
import b from 'b'

const limit = 3 // of what is read
let count = 0

/** Reads. */
@known()
export class Reader { parse(): void {} }

// Not of the function below.

export const write = async (): Promise<void> => {}
interface Shape { x: number }
type Name = string
enum Kind { A }
describe('lists', () => {
  it('are read', () => {})
})
count += limit
`
    expect(await outline('a.ts', source)).toEqual([
      ['', '// Licence'],
      ['', 'const limit = 3 // of what is read'],
      ['class Reader', '/** Reads. */'],
      ['', '// Not of the function below.'],
      ['write', 'export const write = async (): Promise<void> => {}'],
      ['interface Shape', 'interface Shape { x: number }'],
      ['type Name', 'type Name = string'],
      ['enum Kind', 'enum Kind { A }'],
      ["describe 'lists'", "describe('lists', () => {"],
      ['', 'count += limit'],
    ])
  })

  it('cuts large classes and functions into the definitions in them', async () => {
    const body = '    work()\n'.repeat(60)
    const source = `class Reader {\n  size = 1\n\n  // Opens.\n  open() {\n${body}  }\n\n  parse() {\n    function inner() {\n${body}${body}${body}    }\n  }\n}\n\nfoo()\n`
    expect(await outline('a.js', source)).toEqual([
      ['class Reader', 'class Reader {'],
      ['class Reader > open', '  // Opens.'],
      ['class Reader > parse', '  parse() {'],
      ['class Reader > parse > inner', '    function inner() {'],
      ['', 'foo()'],
    ])
  })

  it('knows the definitions of Python', async () => {
    const source = `"""What it is for."""\nimport os\n\n@cached\ndef f(a):\n    pass\n\nclass A(B):\n    x = 1\n\nif __name__ == "__main__":\n    f(1)\n`
    expect(await outline('a.py', source)).toEqual([
      ['', '"""What it is for."""'],
      ['f', '@cached'],
      ['class A', 'class A(B):'],
      ['', 'if __name__ == "__main__":'],
    ])
  })

  it('knows the definitions of Go, with the types of methods', async () => {
    const source = `// Package a reads.\npackage a\n\nimport "fmt"\n\n// R reads.\ntype R struct {\n\ta int\n}\n\nfunc (r *R) Parse() error { return nil }\n\nconst (\n\tx = 1\n)\n\nfunc main() { fmt.Println(x) }\n`
    expect(await outline('a.go', source)).toEqual([
      ['', '// Package a reads.'],
      ['struct R', '// R reads.'],
      ['R.Parse', 'func (r *R) Parse() error { return nil }'],
      ['', 'const ('],
      ['main', 'func main() { fmt.Println(x) }'],
    ])
  })

  it('knows the definitions of Rust, with their attributes', async () => {
    const source = `use std::fmt;\n\n/// A pier.\n#[derive(Debug)]\npub struct Pier { length: u32 }\n\nimpl fmt::Display for Pier {\n    fn fmt(&self) {}\n}\n\ntrait Long {}\nmod inner { fn x() {} }\nmacro_rules! m { () => {} }\n`
    expect(await outline('a.rs', source)).toEqual([
      ['', 'use std::fmt;'],
      ['struct Pier', '/// A pier.'],
      ['impl fmt::Display for Pier', 'impl fmt::Display for Pier {'],
      ['trait Long', 'trait Long {}'],
      ['mod inner', 'mod inner { fn x() {} }'],
      ['macro m', 'macro_rules! m { () => {} }'],
    ])
  })

  it('knows the definitions of Java, C and C++', async () => {
    const java = `package a;\nimport b.C;\n\n/** A thing. */\n@Anno\npublic class A extends B { int x; }\n\ninterface I { void q(); }\n`
    expect(await outline('A.java', java)).toEqual([
      ['', 'package a;'],
      ['class A', '/** A thing. */'],
      ['interface I', 'interface I { void q(); }'],
    ])
    const c = `#ifndef A_H\n#define A_H\n#include <a.h>\n\nstruct P {\n  int x;\n};\nstatic char *name(void) { return 0; }\ntypedef struct {\n  int x;\n} Point;\n#endif\n`
    expect(await outline('a.h', c)).toEqual([
      ['', '#ifndef A_H'],
      ['struct P', 'struct P {'],
      ['name', 'static char *name(void) { return 0; }'],
      ['type Point', 'typedef struct {'],
    ])
    const cpp = `namespace n {\ntemplate <class T> class C { ~C() {} };\n}  // namespace n\nint C::f(int a) { return 1; }\n`
    expect(await outline('a.cpp', cpp)).toEqual([
      ['namespace n', 'namespace n {'],
      ['C::f', 'int C::f(int a) { return 1; }'],
    ])
  })

  it('says the language and keeps what does not parse', async () => {
    const document = await read('a.py', 'def f(:\n  return ((\n\nclass ???\n')
    expect(document.elements[0]).toMatchObject({ kind: 'code', language: 'python' })
  })

  it('cuts a language without a grammar at blank lines before lines that are not indented', async () => {
    const source = 'fun a() {\n\n  b()\n}\n\nfun c() = 1\n'
    expect(await outline('a.kt', source)).toEqual([
      ['', 'fun a() {'],
      ['', 'fun c() = 1'],
    ])
  })

  it('survives namespaces nested deep and a file of one long line', async () => {
    await read('a.ts', `${'namespace a { '.repeat(2000)}let x = 1${' }'.repeat(2000)}`)
    await read('a.js', 'f();'.repeat(20_000))
  })
})
