import { strFromU8 } from 'fflate'
import type { ErrorData } from '../contract/errors.ts'
import { encodingByMark, wideEncodingByContent } from './parts/decode-text.ts'

export interface DetectedType {
  /** What the Library shows: 'pdf', 'markdown', 'pptx', 'audio' … */
  type: string
  /** Why the file cannot be read, whichever parsers there are: it is empty, locked with a password, or misnamed. */
  reason?: ErrorData
}

/**
 * What a file is, by its content first and by its name only where the content leaves it open: a PDF called
 * `notes.txt` is a PDF. `head` is the beginning of the file (64 kB are enough; the whole file is better for old Office
 * formats, whose directory may stand anywhere), `sizeBytes` the size of the whole file. Never throws.
 */
export function detectType(name: string, head: Uint8Array, sizeBytes: number): DetectedType {
  const extension = extensionOf(name)
  if (sizeBytes === 0 || head.length === 0) {
    return refused(
      typeByExtension[extension] ?? 'unknown',
      'file-empty',
      'This file is empty. There is nothing to index.',
    )
  }
  if (indexOfAscii(head.subarray(0, 1024), '%PDF-') >= 0) return typed('pdf')
  if (startsWith(head, [0x50, 0x4b, 0x03, 0x04])) return zipType(extension, head)
  if (startsWith(head, [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])) return oleType(extension, head)
  const magic = typeByMagic(head)
  // One container for both: only the name tells sound from pictures.
  if (magic === 'video' && typeByExtension[extension] === 'audio') return typed('audio')
  if (magic) return typed(magic)
  if (looksBinary(head)) return binaryType(extension)
  return textType(extension, head)
}

const typeByExtension: Record<string, string> = {
  txt: 'text',
  text: 'text',
  log: 'text',
  md: 'markdown',
  markdown: 'markdown',
  mdown: 'markdown',
  mkd: 'markdown',
  qmd: 'markdown',
  rmd: 'markdown',
  mdx: 'markdown',
  rst: 'rst',
  rest: 'rst',
  adoc: 'asciidoc',
  asciidoc: 'asciidoc',
  asc: 'asciidoc',
  tex: 'latex',
  ltx: 'latex',
  latex: 'latex',
  srt: 'subtitles',
  vtt: 'subtitles',
  yaml: 'yaml',
  yml: 'yaml',
  ts: 'code',
  tsx: 'code',
  mts: 'code',
  cts: 'code',
  js: 'code',
  jsx: 'code',
  mjs: 'code',
  cjs: 'code',
  py: 'code',
  pyi: 'code',
  go: 'code',
  rs: 'code',
  java: 'code',
  c: 'code',
  h: 'code',
  cc: 'code',
  cpp: 'code',
  cxx: 'code',
  hh: 'code',
  hpp: 'code',
  hxx: 'code',
  cs: 'code',
  php: 'code',
  rb: 'code',
  sh: 'code',
  bash: 'code',
  kt: 'code',
  kts: 'code',
  swift: 'code',
  scala: 'code',
  dart: 'code',
  lua: 'code',
  r: 'code',
  jl: 'code',
  pl: 'code',
  pm: 'code',
  ex: 'code',
  exs: 'code',
  hs: 'code',
  sql: 'code',
  ps1: 'code',
  proto: 'code',
  css: 'code',
  scss: 'code',
  html: 'html',
  htm: 'html',
  mht: 'mhtml',
  mhtml: 'mhtml',
  xhtml: 'html',
  pdf: 'pdf',
  docx: 'docx',
  docm: 'docx',
  dotx: 'docx',
  csv: 'csv',
  tsv: 'tsv',
  tab: 'tsv',
  pptx: 'pptx',
  pptm: 'pptx',
  ppsx: 'pptx',
  ppsm: 'pptx',
  potx: 'pptx',
  potm: 'pptx',
  xlsx: 'xlsx',
  xlsm: 'xlsx',
  xlsb: 'xlsx',
  doc: 'doc',
  dot: 'doc',
  xls: 'xls',
  ppt: 'ppt',
  pps: 'ppt',
  odt: 'odt',
  ott: 'odt',
  fodt: 'odt',
  ods: 'ods',
  odp: 'odp',
  otp: 'odp',
  fodp: 'odp',
  rtf: 'rtf',
  epub: 'epub',
  eml: 'email',
  msg: 'msg',
  mbox: 'mbox',
  pages: 'iwork',
  numbers: 'iwork',
  key: 'iwork',
  xml: 'xml',
  xsl: 'xml',
  xsd: 'xml',
  rss: 'xml',
  atom: 'xml',
  rdf: 'xml',
  opml: 'xml',
  kml: 'xml',
  gpx: 'xml',
  plist: 'xml',
  wsdl: 'xml',
  xlf: 'xml',
  xliff: 'xml',
  tmx: 'xml',
  json: 'json',
  geojson: 'json',
  har: 'json',
  jsonc: 'json',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  ipynb: 'notebook',
  svg: 'image',
  png: 'image',
  jpg: 'image',
  jpeg: 'image',
  gif: 'image',
  webp: 'image',
  bmp: 'image',
  tif: 'image',
  tiff: 'image',
  heic: 'image',
  mp3: 'audio',
  wav: 'audio',
  m4a: 'audio',
  flac: 'audio',
  ogg: 'audio',
  aac: 'audio',
  mp4: 'video',
  mov: 'video',
  avi: 'video',
  mkv: 'video',
  webm: 'video',
  zip: 'zip',
  gz: 'archive',
  tar: 'archive',
  tgz: 'archive',
  bz2: 'archive',
  xz: 'archive',
  '7z': 'archive',
  rar: 'archive',
  zst: 'archive',
  ps: 'postscript',
  eps: 'postscript',
  exe: 'program',
  dll: 'program',
  so: 'program',
  dylib: 'program',
  sqlite: 'database',
  db: 'database',
  mdb: 'database',
  parquet: 'database',
  ttf: 'font',
  otf: 'font',
  woff: 'font',
  woff2: 'font',
}

/** Text that can be read as it is where no parser knows more of it. */
export const plainTextTypes: readonly string[] = [
  'text',
  'markdown',
  'html',
  'csv',
  'tsv',
  'rst',
  'asciidoc',
  'latex',
  'subtitles',
  'code',
  'yaml',
]

/** Text in these is markup or data for programs: of no use without a parser, though the bytes are text. */
const structuredTextTypes = ['email', 'mbox', 'mhtml', 'xml', 'json', 'jsonl', 'notebook', 'rtf', 'postscript', 'image']

/** Damaged beginnings go to the parser of the name, which says what is wrong. */
const binaryTypes = ['pdf', 'docx', 'pptx', 'xlsx', 'odt', 'ods', 'odp', 'epub']

const magics: [type: string, bytes: number[], offset?: number][] = [
  ['image', [0x89, 0x50, 0x4e, 0x47]],
  ['image', [0xff, 0xd8, 0xff]],
  ['image', ascii('GIF8')],
  ['image', [0x49, 0x49, 0x2a, 0x00]],
  ['image', [0x4d, 0x4d, 0x00, 0x2a]],
  ['image', ascii('8BPS')],
  ['image', ascii('WEBP'), 8],
  ['audio', ascii('WAVE'), 8],
  ['video', ascii('AVI '), 8],
  ['audio', ascii('ID3')],
  ['audio', ascii('fLaC')],
  ['audio', ascii('OggS')],
  ['audio', ascii('ftypM4A'), 4],
  ['image', ascii('ftyphei'), 4],
  ['image', ascii('ftypavif'), 4],
  ['video', ascii('ftyp'), 4],
  ['video', [0x1a, 0x45, 0xdf, 0xa3]],
  ['archive', [0x1f, 0x8b]],
  ['archive', ascii('BZh')],
  ['archive', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['archive', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ['archive', ascii('Rar!')],
  ['archive', [0x28, 0xb5, 0x2f, 0xfd]],
  ['archive', ascii('ustar'), 257],
  ['zip', [0x50, 0x4b, 0x05, 0x06]],
  ['rtf', ascii('{\\rtf')],
  ['postscript', ascii('%!PS')],
  ['program', [0x7f, 0x45, 0x4c, 0x46]],
  ['program', [0xcf, 0xfa, 0xed, 0xfe]],
  ['program', [0x00, 0x61, 0x73, 0x6d]],
  ['database', ascii('SQLite format 3\0')],
  ['database', ascii('PAR1')],
  ['font', ascii('wOFF')],
  ['font', ascii('wOF2')],
]

function typed(type: string): DetectedType {
  return { type }
}

function refused(type: string, code: ErrorData['code'], message: string): DetectedType {
  return { type, reason: { code, message, retryable: false, details: { type } } }
}

function zipType(extension: string, head: Uint8Array): DetectedType {
  const names = zipMemberNames(head)
  const has = (prefix: string): boolean => names.some((member) => member.startsWith(prefix))
  if (names[0] === 'mimetype') {
    const mime = strFromU8(head.subarray(30, 200), true)
    if (mime.includes('application/epub+zip')) return typed('epub')
    for (const [kind, type] of [
      ['text', 'odt'],
      ['spreadsheet', 'ods'],
      ['presentation', 'odp'],
    ] as const) {
      if (mime.includes(`vnd.oasis.opendocument.${kind}`)) return typed(type)
    }
  }
  if (has('word/')) return typed('docx')
  if (has('ppt/')) return typed('pptx')
  if (has('xl/')) return typed('xlsx')
  if (has('META-INF/container.xml')) return typed('epub')
  if (has('Index/') && ['pages', 'numbers', 'key'].includes(extension)) return typed('iwork')
  const byName = typeByExtension[extension]
  // A large first member can hide the telling ones from view, or the file is cut: then the name decides.
  if (has('[Content_Types].xml') || has('_rels/')) {
    if (byName === 'pptx' || byName === 'xlsx') return typed(byName)
    return typed('docx')
  }
  if (byName === 'docx') return names.length > 0 ? wrongZip() : typed('docx')
  if (byName && ['pptx', 'xlsx', 'odt', 'ods', 'odp', 'epub', 'iwork'].includes(byName)) return typed(byName)
  return typed('zip')
}

function wrongZip(): DetectedType {
  return refused(
    'zip',
    'type-unsupported',
    'This file is named like a Word document but is a plain archive. Unpack it, then add the files in it.',
  )
}

/** The names in the local file headers of the part at hand. */
function zipMemberNames(head: Uint8Array): string[] {
  const names: string[] = []
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  for (let at = 0; at + 30 <= head.length && names.length < 200;) {
    if (view.getUint32(at, true) !== 0x04034b50) {
      at = nextLocalHeader(head, at + 1)
      if (at < 0) break
      continue
    }
    const nameLength = view.getUint16(at + 26, true)
    names.push(strFromU8(head.subarray(at + 30, at + 30 + nameLength), true))
    // Sizes may stand after the data, so the next header is searched instead of computed.
    at = nextLocalHeader(head, at + 30 + nameLength)
    if (at < 0) break
  }
  return names
}

function nextLocalHeader(head: Uint8Array, from: number): number {
  for (let at = head.indexOf(0x50, from); at >= 0 && at + 4 <= head.length; at = head.indexOf(0x50, at + 1)) {
    if (head[at + 1] === 0x4b && head[at + 2] === 0x03 && head[at + 3] === 0x04) return at
  }
  return -1
}

/** Compound files (MS-CFB): the names of their streams tell old Office formats and encrypted new ones apart. */
function oleType(extension: string, head: Uint8Array): DetectedType {
  const has = (stream: string): boolean =>
    indexOfBytes(
      head,
      [...stream].flatMap((sign) => [sign.charCodeAt(0), 0]),
    ) >= 0
  const byName = typeByExtension[extension]
  const current = byName === 'docx' || byName === 'pptx' || byName === 'xlsx'
  if (has('EncryptedPackage') || has('EncryptionInfo')) return encrypted(byName ?? 'ole')
  if (has('WordDocument')) return typed('doc')
  if (has('PowerPoint Document')) return current ? misnamed('ppt') : typed('ppt')
  if (has('__properties_version') || has('__substg1.0')) return typed('msg')
  if (has('Workbook')) return current ? misnamed('xls') : typed('xls')
  // The directory is out of view. A current format inside a compound file is always an encrypted one.
  if (current) return encrypted(byName)
  if (byName && ['doc', 'xls', 'ppt', 'msg'].includes(byName)) return typed(byName)
  return typed('ole')
}

function encrypted(type: string): DetectedType {
  return refused(
    type,
    'file-encrypted',
    'This file is protected with a password. Save a copy without the password, then add that.',
  )
}

function misnamed(type: string): DetectedType {
  const message = `In spite of its name this is a file of an older kind (.${type}). Save it in the current format, then add that.`
  return refused(type, 'type-unsupported', message)
}

function typeByMagic(head: Uint8Array): string | undefined {
  for (const [type, bytes, offset = 0] of magics) if (startsWith(head, bytes, offset)) return type
  // MP3 without a tag: frame synchronisation, version 1 or 2, layer III.
  const [first, second] = head
  if (first === 0xff && (second === 0xfb || second === 0xf3 || second === 0xf2)) return 'audio'
  if (first === 0x4d && second === 0x5a && head.subarray(0, 512).includes(0)) return 'program'
  return undefined
}

function looksBinary(head: Uint8Array): boolean {
  if (encodingByMark(head)) return false
  let zeros = 0
  let controls = 0
  for (const byte of head) {
    if (byte === 0) zeros++
    else if (byte < 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d && byte !== 0x0c && byte !== 0x1b)
      controls++
  }
  if (zeros > 0 && wideEncodingByContent(head)) return false
  return zeros / head.length > 0.003 || (zeros + controls) / head.length > 0.03
}

function binaryType(extension: string): DetectedType {
  const byName = typeByExtension[extension]
  // A damaged beginning: the parser says so.
  if (byName && binaryTypes.includes(byName)) return typed(byName)
  if (byName && !plainTextTypes.includes(byName) && !structuredTextTypes.includes(byName)) return typed(byName)
  if (byName && byName !== 'image') {
    return refused(
      'binary',
      'type-unsupported',
      `This file is named .${extension} but its content is binary, not text. Add it in a supported format instead.`,
    )
  }
  return typed(byName ?? 'binary')
}

function textType(extension: string, head: Uint8Array): DetectedType {
  const byName = typeByExtension[extension]
  const start = textStart(head)
  if (/^<!doctype\s+html/i.test(start) || /^<(html|head|body)[\s>]/i.test(start)) return typed('html')
  if (/^From: <Saved by /i.test(start)) return typed('mhtml')
  const flat = flatOpenDocument.exec(start)?.[1]
  if (flat !== undefined) return typed(flat === 'text' ? 'odt' : 'odp')
  if (byName && plainTextTypes.includes(byName)) return typed(byName)
  if (byName && structuredTextTypes.includes(byName)) return typed(byName)
  if (start.startsWith('<?xml')) return typed('xml')
  if (!byName && looksLikeJson(start)) return typed('json')
  // Mail folders and saved messages often have names without an extension.
  if (!byName && /^From \S.*\d{4}.*\r?\n[!-9;-~]+:/.test(start)) return typed('mbox')
  if (!byName && looksLikeMessage(start)) return typed('email')
  if (!byName && /^WEBVTT\s/.test(start)) return typed('subtitles')
  if (!byName && /^(?:%.*\n\s*)*\\documentclass\b/.test(start)) return typed('latex')
  return typed('text')
}

/** Begins as a record with a key, or as a list of records or of lists. */
function looksLikeJson(start: string): boolean {
  return /^(?:\{\s*"[^"\n]*"\s*:|\[\s*(?:\{\s*"|\[\s*["\d-]))/.test(start)
}

/** Begins with header lines (RFC 5322), and those that mail has are among them. */
function looksLikeMessage(start: string): boolean {
  const end = /\r?\n\r?\n/.exec(start)?.index ?? start.length
  const lines = start.slice(0, end).split(/\r?\n/)
  const names = lines
    .filter((line) => !/^[ \t]/.test(line))
    .map((line) => /^[!-9;-~]+(?=:)/.exec(line)?.[0].toLowerCase())
  if (names.length < 3 || names.slice(0, -1).includes(undefined)) return false
  const known = ['from', 'to', 'subject', 'date', 'received', 'message-id', 'return-path', 'mime-version']
  return names.includes('from') && known.filter((name) => names.includes(name)).length >= 3
}

/** An OpenDocument text or presentation in one XML file. */
const flatOpenDocument =
  /<office:document\s[^>]*office:mimetype\s*=\s*["']application\/vnd\.oasis\.opendocument\.(text|presentation)/

/** The first characters without byte order mark, white space, XML declaration and comments. */
function textStart(head: Uint8Array): string {
  const mark = encodingByMark(head)
  const encoding = mark?.encoding ?? wideEncodingByContent(head)
  const bytes = head.subarray(mark?.markLength ?? 0, 8192)
  let text = strFromU8(bytes, true)
  if (encoding?.startsWith('utf-16') || encoding?.startsWith('utf-32')) text = text.replaceAll('\0', '')
  text = text.trimStart()
  const declaration = /^<\?xml[^>]*\?>\s*/.exec(text)
  const rest = text.slice(declaration?.[0].length ?? 0).replace(/^(?:<!--[\s\S]*?-->\s*)+/, '')
  if (declaration && !/^<(!doctype\s+html|html[\s>])/i.test(rest)) return text
  return rest
}

function extensionOf(name: string): string {
  const found = /\.([a-z0-9]+)$/i.exec(name)
  return found?.[1]?.toLowerCase() ?? ''
}

function startsWith(bytes: Uint8Array, prefix: readonly number[], offset = 0): boolean {
  return bytes.length >= offset + prefix.length && prefix.every((byte, index) => bytes[offset + index] === byte)
}

function ascii(text: string): number[] {
  return [...text].map((sign) => sign.charCodeAt(0))
}

function indexOfAscii(bytes: Uint8Array, text: string): number {
  return indexOfBytes(bytes, ascii(text))
}

function indexOfBytes(bytes: Uint8Array, wanted: readonly number[]): number {
  const first = wanted[0]
  if (first === undefined) return -1
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (startsWith(bytes, wanted, at)) return at
  }
  return -1
}
