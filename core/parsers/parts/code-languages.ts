import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Language, Parser } from 'web-tree-sitter'

export interface CodeLanguage {
  /** As Markdown names it after its fences: 'typescript', 'cpp'. */
  name: string
  /** The grammar that reads it; undefined where there is none. */
  grammar: string | undefined
}

/** The language of a source file, by its extension; undefined for one that is not known. */
export function codeLanguageOf(fileName: string): CodeLanguage | undefined {
  const extension = /\.([a-z0-9]+)$/i.exec(fileName)?.[1]?.toLowerCase() ?? ''
  const [name, grammar] = languages[extension] ?? []
  return name === undefined ? undefined : { name, grammar }
}

/** A parser for a grammar. The caller deletes it. */
export async function createGrammarParser(grammar: string): Promise<Parser> {
  loading ??= import('web-tree-sitter').then(async (library) => {
    await library.Parser.init({ locateFile: () => here.resolve('web-tree-sitter/web-tree-sitter.wasm') })
    return library
  })
  const library = await loading
  let language = grammars.get(grammar)
  if (!language) {
    const path = here.resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammar}.wasm`)
    language = readFile(path).then((bytes) => library.Language.load(bytes))
    grammars.set(grammar, language)
    language.catch(() => grammars.delete(grammar))
  }
  const parser = new library.Parser()
  parser.setLanguage(await language)
  return parser
}

const here = createRequire(import.meta.url)
/** Loaded with the first source file: most processes never see one. */
let loading: Promise<typeof import('web-tree-sitter')> | undefined
const grammars = new Map<string, Promise<Language>>()

/** Extension -> name and grammar. C is read with the grammar of C++, which holds nearly all of it. */
const languages: Record<string, [name: string, grammar?: string]> = {
  ts: ['typescript', 'typescript'],
  mts: ['typescript', 'typescript'],
  cts: ['typescript', 'typescript'],
  tsx: ['tsx', 'tsx'],
  js: ['javascript', 'javascript'],
  jsx: ['jsx', 'javascript'],
  mjs: ['javascript', 'javascript'],
  cjs: ['javascript', 'javascript'],
  py: ['python', 'python'],
  pyi: ['python', 'python'],
  go: ['go', 'go'],
  rs: ['rust', 'rust'],
  java: ['java', 'java'],
  c: ['c', 'cpp'],
  h: ['c', 'cpp'],
  cc: ['cpp', 'cpp'],
  cpp: ['cpp', 'cpp'],
  cxx: ['cpp', 'cpp'],
  hh: ['cpp', 'cpp'],
  hpp: ['cpp', 'cpp'],
  hxx: ['cpp', 'cpp'],
  cs: ['csharp', 'c-sharp'],
  php: ['php', 'php'],
  rb: ['ruby', 'ruby'],
  sh: ['bash', 'bash'],
  bash: ['bash', 'bash'],
  kt: ['kotlin'],
  kts: ['kotlin'],
  swift: ['swift'],
  scala: ['scala'],
  dart: ['dart'],
  lua: ['lua'],
  r: ['r'],
  jl: ['julia'],
  pl: ['perl'],
  pm: ['perl'],
  ex: ['elixir'],
  exs: ['elixir'],
  hs: ['haskell'],
  sql: ['sql'],
  ps1: ['powershell'],
  proto: ['protobuf'],
  css: ['css'],
  scss: ['scss'],
}
