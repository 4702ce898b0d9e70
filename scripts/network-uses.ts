import ts from 'typescript'

/** A place in a source that could reach the network. */
export interface NetworkUse {
  what: string
  line: number
}

/** Every place in a source that could reach the network: modules, globals, and libraries in a way that would. */
export function networkUses(fileName: string, text: string): NetworkUse[] {
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true)
  const uses: NetworkUse[] = []
  const found = (what: string, node: ts.Node): void => {
    uses.push({ what, line: file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1 })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) checkImport(node, found)
    else if (ts.isCallExpression(node)) checkCall(node, found)
    else if (ts.isPropertyAccessExpression(node)) checkMember(node.expression, node.name.text, node, found)
    else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression)) {
      checkMember(node.expression, node.argumentExpression.text, node, found)
    } else if (ts.isBindingElement(node)) checkTakenApart(node, found)
    else if (ts.isIdentifier(node) && globals.has(node.text) && isValue(node) && !isOwn(node)) found(node.text, node)
    if (!ts.isTypeNode(node) && !ts.isInterfaceDeclaration(node)) ts.forEachChild(node, visit)
  }
  visit(file)
  return uses
}

type Found = (what: string, node: ts.Node) => void

const modules = new Set(
  ['http', 'https', 'http2', 'net', 'tls', 'dns', 'dns/promises', 'dgram', 'inspector'].flatMap((name) => [
    name,
    `node:${name}`,
  ]),
)
/** `tesseract.js` would fetch the data of languages; its thread is started directly and handed what it needs. */
const libraries = new Set([
  'undici',
  'ws',
  'axios',
  'got',
  'ky',
  'node-fetch',
  'cross-fetch',
  'electron-updater',
  'tesseract.js',
])
const globals = new Set(['fetch', 'WebSocket', 'WebSocketStream', 'EventSource', 'XMLHttpRequest', 'WebTransport'])
const globalObjects = new Set(['globalThis', 'global', 'window', 'self'])
const members: Record<string, string[]> = {
  process: ['getBuiltinModule', 'binding'],
  navigator: ['sendBeacon'],
}
const reachingExports: Record<string, string[]> = {
  electron: ['net', 'autoUpdater', 'crashReporter'],
  'node-llama-cpp': ['resolveModelFile', 'createModelDownloader', 'combineModelDownloaders', 'downloadModel'],
}

function checkImport(node: ts.ImportDeclaration | ts.ExportDeclaration, found: Found): void {
  if (!node.moduleSpecifier || !ts.isStringLiteral(node.moduleSpecifier)) return
  const from = node.moduleSpecifier.text
  const clause = ts.isImportDeclaration(node) ? node.importClause : undefined
  const named = ts.isImportDeclaration(node) ? clause?.namedBindings : node.exportClause
  const typesOnly = ts.isImportDeclaration(node) ? clause?.phaseModifier === ts.SyntaxKind.TypeKeyword : node.isTypeOnly
  if (typesOnly) return
  const elements = named && (ts.isNamedImports(named) || ts.isNamedExports(named)) ? named.elements : undefined
  const names = elements?.filter((element) => !element.isTypeOnly).map((one) => (one.propertyName ?? one.name).text)
  if (names?.length === 0 && !clause?.name) return
  if (modules.has(from) || libraries.has(from)) found(from, node)
  for (const name of reachingExports[from] ?? []) {
    if (names?.includes(name)) found(from === 'electron' ? `electron.${name}` : `${from} ${name}`, node)
  }
}

function checkCall(node: ts.CallExpression, found: Found): void {
  const [first] = node.arguments
  const loads =
    node.expression.kind === ts.SyntaxKind.ImportKeyword ||
    /require/i.test(node.expression.getText(node.getSourceFile()))
  if (loads && first && ts.isStringLiteralLike(first) && (modules.has(first.text) || libraries.has(first.text))) {
    found(first.text, node)
  }
  const callee = node.expression.getText(node.getSourceFile())
  const given = node.arguments.map((argument) => argument.getText()).join(', ')
  if (/\bfrom_pretrained$/.test(callee) && !/\blocal_files_only: true\b/.test(given)) {
    found('from_pretrained without local_files_only', node)
  }
  const neverBuilds = /\bbuild: 'never'/.test(given) && /\bskipDownload: true\b/.test(given)
  if (/\bgetLlama$/.test(callee) && !neverBuilds) found('getLlama without build and skipDownload', node)
}

function checkMember(object: ts.Expression, name: string, node: ts.Node, found: Found): void {
  if (!ts.isIdentifier(object)) return
  if (globalObjects.has(object.text) && globals.has(name)) found(`globalThis.${name}`, node)
  if (members[object.text]?.includes(name)) found(`${object.text}.${name}`, node)
}

/** `const { fetch } = globalThis` */
function checkTakenApart(node: ts.BindingElement, found: Found): void {
  const name = (node.propertyName ?? node.name).getText()
  const from = ts.isVariableDeclaration(node.parent.parent) ? node.parent.parent.initializer : undefined
  if (from && ts.isIdentifier(from)) checkMember(from, name, node, found)
}

/** Not the name of a member, of a declaration, or of an import. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  if ('name' in parent && parent.name === node) return false
  return !(ts.isBindingElement(parent) && parent.propertyName === node)
}

/** Whether the file itself gives this name a meaning around this place: a parameter or a variable. */
function isOwn(node: ts.Identifier): boolean {
  for (let around: ts.Node | undefined = node.parent; around; around = around.parent) {
    const declared: ts.BindingName[] = []
    if (ts.isFunctionLike(around)) declared.push(...around.parameters.map((parameter) => parameter.name))
    if (ts.isBlock(around) || ts.isSourceFile(around)) {
      for (const statement of around.statements) {
        if (ts.isVariableStatement(statement)) {
          declared.push(...statement.declarationList.declarations.map((declaration) => declaration.name))
        }
      }
    }
    if (declared.some((name) => bindsName(name, node.text))) return true
  }
  return false
}

function bindsName(binding: ts.BindingName, name: string): boolean {
  if (ts.isIdentifier(binding)) return binding.text === name
  return binding.elements.some((element) => ts.isBindingElement(element) && bindsName(element.name, name))
}
