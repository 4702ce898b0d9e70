import type { Node } from 'web-tree-sitter'

/** Where a piece of a source file begins. It goes up to the next one. */
export interface CodePiece {
  start: number
  kind: 'imports' | 'statements' | 'definition'
  /** Names of the definitions that hold it, outermost first: ['class Reader', 'parse']. */
  symbols: string[]
}

/**
 * Cuts the syntax tree of a text into its definitions and the runs of statements between them. Comments, decorators, attributes and
 * annotations that stand directly before a definition belong to it. A definition longer than `largest` characters is
 * cut into the definitions in it. Pieces are in order and together hold all code.
 */
export function outlineCode(root: Node, text: string, largest: number): CodePiece[] {
  const pieces: CodePiece[] = []

  const begin = (start: number, kind: CodePiece['kind'], symbols: string[]): void => {
    const last = pieces.at(-1)
    // What goes on with the same definition stays with it: its head and the fields after it, overloads of one function.
    if (last && same(last.symbols, symbols) && (symbols.length > 0 || last.kind === kind)) return
    pieces.push({ start, kind, symbols })
  }

  /** Nothing but comments and imports so far. */
  const isTop = (): boolean => pieces.every(({ kind }) => kind === 'imports')

  const walk = (nodes: readonly Node[], symbols: string[], depth: number): void => {
    /** Comments and the like that wait for what they belong to; -1 where there are none. */
    let waiting = -1
    let waitingEnd = -1
    let run: CodePiece['kind'] | undefined
    const beginRun = (start: number, kind: 'imports' | 'statements'): void => {
      if (run !== kind) begin(start, kind, symbols)
      run = kind
    }
    let before = -1
    for (const node of nodes) {
      const follows = before
      before = node.endIndex
      if (attached.has(node.type)) {
        // At the end of a line it belongs to what stands in that line.
        if (follows >= 0 && !text.slice(follows - 1, node.startIndex).includes('\n')) continue
        if (waiting >= 0 && hasBlankLine(text, waitingEnd, node.startIndex)) {
          beginRun(waiting, isTop() ? 'imports' : 'statements')
          waiting = -1
        }
        if (waiting < 0) waiting = node.startIndex
        waitingEnd = node.endIndex
        continue
      }
      if (transparent.has(node.type)) {
        // A guard around the whole of a header file, a block of C in C++.
        beginRun(waiting >= 0 ? waiting : node.startIndex, isTop() ? 'imports' : 'statements')
        waiting = -1
        const inside = namedChildren(node.childForFieldName('body') ?? node)
        if (depth < deepest)
          walk(
            inside.filter(({ type }) => type !== 'identifier'),
            symbols,
            depth + 1,
          )
        run = undefined
        continue
      }
      const definition = describe(node)
      if (!definition) {
        const isImport = imports.has(node.type) || isDocstring(node, pieces.length === 0)
        beginRun(waiting >= 0 ? waiting : node.startIndex, isImport ? 'imports' : 'statements')
        waiting = -1
        continue
      }
      const belongs = waiting >= 0 && !hasBlankLine(text, waitingEnd, node.startIndex)
      if (waiting >= 0 && !belongs) beginRun(waiting, isTop() ? 'imports' : 'statements')
      const inner = [...symbols, definition.name]
      begin(belongs ? waiting : node.startIndex, 'definition', inner)
      waiting = -1
      run = undefined
      const isLarge = node.endIndex - node.startIndex > largest
      if (isLarge && definition.body && depth < deepest) walk(namedChildren(definition.body), inner, depth + 1)
    }
    if (waiting >= 0) beginRun(waiting, 'statements')
  }

  walk(namedChildren(root), [], 0)
  return pieces
}

/** Definitions in definitions; deeper ones stay in the piece that holds them. */
const deepest = 12

interface Definition {
  name: string
  /** Holds the definitions in it. */
  body: Node | null
}

/** What a node defines; undefined where it is a statement like others. */
function describe(node: Node): Definition | undefined {
  const word = definitions[node.type]
  if (word !== undefined) {
    const name = nameOf(node)
    // Without a body it is a use or a promise of the type, not its definition.
    if (name === undefined || (needsBody.has(node.type) && !node.childForFieldName('body'))) return undefined
    return { name: word === '' ? name : `${word} ${name}`, body: node.childForFieldName('body') }
  }
  if (wrappers.has(node.type)) {
    for (const child of namedChildren(node).toReversed()) {
      const found = attached.has(child.type) ? undefined : describe(child)
      if (found) return found
    }
    return undefined
  }
  if (node.type === 'type_declaration') return goType(node)
  if (node.type === 'type_definition' && isLong(node)) {
    const name = node.childForFieldName('declarator')?.text
    return name === undefined ? undefined : { name: `type ${short(name)}`, body: null }
  }
  if (node.type === 'lexical_declaration' || node.type === 'variable_declaration') {
    const declarators = namedChildren(node).filter(({ type }) => type === 'variable_declarator')
    const [only] = declarators
    return only && declarators.length === 1 ? namedValue(only) : undefined
  }
  if (node.type === 'public_field_definition' || node.type === 'field_definition') return namedValue(node)
  if (node.type === 'expression_statement') return describedCall(node)
  return undefined
}

/** A constant or field that holds a function, class or long value. */
function namedValue(node: Node): Definition | undefined {
  const name = node.childForFieldName('name') ?? node.childForFieldName('property')
  const value = node.childForFieldName('value')
  if (!name || !value || name.type.endsWith('_pattern')) return undefined
  const isFunction = /function|class$/.test(value.type)
  if (!isFunction && !isLong(value)) return undefined
  return { name: short(name.text), body: isFunction ? value.childForFieldName('body') : null }
}

/** A call such as describe('lists', () => { … }), which names a group of tests or a route. */
function describedCall(node: Node): Definition | undefined {
  const [call] = namedChildren(node)
  if (call?.type === 'internal_module') return describe(call)
  const called = call?.type === 'call_expression' ? call.childForFieldName('function') : null
  const given = call?.childForFieldName('arguments')
  if (!called || !given || called.text.length > 40 || !isLong(node)) return undefined
  const parts = namedChildren(given)
  const work = parts.at(-1)
  if (parts[0]?.type !== 'string' || !work || !/function/.test(work.type)) return undefined
  return { name: short(`${called.text} ${parts[0].text}`), body: work.childForFieldName('body') }
}

function goType(node: Node): Definition | undefined {
  const specs = namedChildren(node).filter(({ type }) => type === 'type_spec' || type === 'type_alias')
  const [only] = specs
  const name = only?.childForFieldName('name')?.text
  if (!only || specs.length !== 1 || name === undefined) return undefined
  const kind = only.childForFieldName('type')?.type.replace(/_type$/, '')
  return { name: `${kind === 'struct' || kind === 'interface' ? kind : 'type'} ${name}`, body: null }
}

function nameOf(node: Node): string | undefined {
  if (node.type === 'impl_item') {
    const [trait, type] = [node.childForFieldName('trait')?.text, node.childForFieldName('type')?.text]
    return type === undefined ? undefined : short(trait === undefined ? type : `${trait} for ${type}`)
  }
  const name = node.childForFieldName('name')?.text
  if (name !== undefined) {
    // A method of Go stands beside its type, which its receiver names.
    const receiver = node.childForFieldName('receiver')?.text
    const type = receiver === undefined ? undefined : /(\w+)\s*(?:\[[^\]]*\])?\s*\)$/.exec(receiver)?.[1]
    return short(type === undefined ? name : `${type}.${name}`)
  }
  let declarator = node.childForFieldName('declarator')
  for (let steps = 0; declarator && steps < 10; steps++) {
    const inner = declarator.childForFieldName('declarator') ?? referenced(declarator)
    if (!inner) break
    declarator = inner
  }
  return declarator ? short(declarator.text) : undefined
}

/** C++ wraps the name of a function that returns a reference without naming the field. */
function referenced(node: Node): Node | null {
  return node.type === 'reference_declarator' ? node.namedChild(0) : null
}

function short(name: string): string {
  const line = name.replaceAll(/\s+/g, ' ').trim()
  return line.length > 80 ? `${line.slice(0, 79).trimEnd()}…` : line
}

/** At least three lines. */
function isLong(node: Node): boolean {
  return node.endPosition.row - node.startPosition.row >= 2
}

/** A string as the first statement of a Python file says what the file is for. */
function isDocstring(node: Node, isFirst: boolean): boolean {
  return isFirst && node.type === 'expression_statement' && node.namedChild(0)?.type === 'string'
}

function namedChildren(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null)
}

function hasBlankLine(text: string, start: number, end: number): boolean {
  // A comment may end with its line break, so the look begins one character before its end.
  return /\n[^\S\n]*\n/.test(text.slice(Math.max(0, start - 1), end))
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index])
}

/** Node type -> the word before its name. Types of all grammars together: none means two things. */
const definitions: Record<string, string> = {
  function_declaration: '',
  generator_function_declaration: '',
  function_signature: '',
  function_definition: '',
  function_item: '',
  function_signature_item: '',
  method_definition: '',
  method_signature: '',
  abstract_method_signature: '',
  method_declaration: '',
  constructor_declaration: '',
  compact_constructor_declaration: '',
  destructor_declaration: '',
  operator_declaration: '',
  local_function_statement: '',
  method: '',
  singleton_method: '',
  preproc_function_def: 'macro',
  macro_definition: 'macro',
  class_declaration: 'class',
  abstract_class_declaration: 'class',
  class_definition: 'class',
  class_specifier: 'class',
  class: 'class',
  struct_specifier: 'struct',
  struct_item: 'struct',
  struct_declaration: 'struct',
  union_specifier: 'union',
  union_item: 'union',
  enum_specifier: 'enum',
  enum_item: 'enum',
  enum_declaration: 'enum',
  interface_declaration: 'interface',
  annotation_type_declaration: 'interface',
  record_declaration: 'record',
  trait_item: 'trait',
  trait_declaration: 'trait',
  impl_item: 'impl',
  mod_item: 'mod',
  module: 'module',
  internal_module: 'namespace',
  namespace_definition: 'namespace',
  namespace_declaration: 'namespace',
  type_alias_declaration: 'type',
}

const needsBody = new Set([
  'class_specifier',
  'struct_specifier',
  'union_specifier',
  'enum_specifier',
  'mod_item',
  'namespace_definition',
])

/** Nodes that stand around a definition. */
const wrappers = new Set([
  'export_statement',
  'ambient_declaration',
  'decorated_definition',
  'template_declaration',
  'declaration',
])

/** Nodes whose content counts as standing where they stand. */
const transparent = new Set(['preproc_ifdef', 'preproc_if', 'linkage_specification', 'statement_list'])

/** What belongs to the definition after it. */
const attached = new Set([
  'comment',
  'line_comment',
  'block_comment',
  'decorator',
  'attribute_item',
  'attribute_list',
  'hash_bang_line',
])

const imports = new Set([
  'import_statement',
  'import_from_statement',
  'future_import_statement',
  'import_declaration',
  'package_declaration',
  'package_clause',
  'use_declaration',
  'extern_crate_declaration',
  'inner_attribute_item',
  'preproc_include',
  'preproc_def',
  'preproc_call',
  'using_directive',
  'using_declaration',
  'namespace_use_declaration',
  'php_tag',
])
