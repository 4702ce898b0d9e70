import type { Metadata } from '../../contract/parsed-document.ts'
import { cancelled } from '../../shared/abort.ts'
import type { ParseOptions } from '../parser.ts'
import { collapse } from './document-builder.ts'
import { flattenProse, type ProseBlock, type TextBlock } from './prose-blocks.ts'
import { addRow, closeTables, holderAt, mostCells, newRow, type TableFlow } from './table-flow.ts'
import { codePageOfCharset, decodeRtfBytes, type RtfFont } from './rtf-fonts.ts'
import { type RtfToken, rtfTokens } from './rtf-tokens.ts'
import {
  appendRun,
  emptyLine,
  isAllBold,
  isMonospaceFont,
  looksLikeCode,
  raisedDigits,
  type StyledLine,
} from './styled-line.ts'
import { formatNumber } from './word-numbering.ts'
import { outlineLevel, roleOfName } from './word-styles.ts'

export interface RtfContent {
  header: string[]
  body: ProseBlock[]
  footer: string[]
  metadata: Metadata
  /** False where the file ends inside a group. */
  isWhole: boolean
}

/**
 * Reads rich text (Microsoft's RTF specification 1.9.1). Groups may nest to any depth; beyond `deepest` they are passed
 * over. Errors: cancelled.
 */
export async function readRtf(bytes: Uint8Array, { signal, onProgress }: ParseOptions): Promise<RtfContent> {
  const tokens = rtfTokens(bytes)
  const reader = createReader(bytes)
  let pause = stretch
  for (let token = tokens.next(); token.kind !== 'end'; token = tokens.next()) {
    reader.take(token)
    if (tokens.position() < pause) continue
    pause = tokens.position() + stretch
    await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) throw cancelled()
    onProgress?.({ done: tokens.position(), total: bytes.length, unit: 'bytes', label: 'Reading the document' })
  }
  return reader.finish()
}

/** Bytes between two chances for other work. */
const stretch = 512 * 1024
const deepest = 500

/** What a group is read into. */
type Target = 'text' | 'skip' | 'fonts' | 'styles' | 'info' | 'label' | 'author'

interface State {
  target: Target
  /** Characters after \u that stand for readers without Unicode. */
  fallbackLength: number
  font: number | undefined
  isBold: boolean
  isHidden: boolean
  isRaised: boolean
  paragraph: ParagraphState
  /** Done when the group ends. */
  atEnd: (() => void) | undefined
}

interface ParagraphState {
  style: number
  outline: number | undefined
  inTable: boolean
  depth: number
  inList: boolean
}

/** A text of its own: the body, a footnote, a text box, a running head. */
interface Flow extends TableFlow {
  line: StyledLine
  label: string
  /** Notes and text boxes that follow the paragraph or table that is being read. */
  after: ProseBlock[]
}

function createReader(bytes: Uint8Array): { take(token: RtfToken): void; finish(): RtfContent } {
  const fonts = new Map<number, RtfFont>()
  const styles = new Map<number, RtfStyle>()
  const heads = { header: new Set<string>(), footer: new Set<string>() }
  const info = new Map<string, string>()
  let documentPage = 1252
  let defaultFont: number | undefined
  let footnotes = 0
  let endnotes = 0
  /** Of the note that is being read. */
  let isEndnote = false
  let targetOfBoth: Target = 'text'

  let flow = newFlow()
  let state: State = {
    target: 'text',
    fallbackLength: 1,
    font: undefined,
    isBold: false,
    isHidden: false,
    isRaised: false,
    paragraph: freshParagraph(),
    atEnd: undefined,
  }
  const open: State[] = []
  /** Groups that are nested too deep and passed over. */
  let tooDeep = 0
  let row = newRow()

  /** Bytes that wait to be decoded together: a character may take two. */
  let pending: number[] = []
  /** Fallback characters still to leave out. */
  let toSkip = 0
  /** Whether the last token was \*, which lets readers skip a destination that they do not know. */
  let isOptional = false
  let isGroupStart = false

  /** Text of the entry that is being read: a font's name, a style's name, an author. */
  let entry = ''
  let entryFont = 0
  let entryFontCharset: number | undefined
  let entryFontPage: number | undefined
  let entryStyle: RtfStyle & { number: number } = { number: 0, name: '', outline: undefined, parent: undefined }
  let commentAuthor = ''

  const presentFont = (): RtfFont | undefined => fonts.get(state.font ?? defaultFont ?? -1)

  const flush = (): void => {
    if (pending.length === 0) return
    const given = pending
    pending = []
    const font = state.target === 'text' || state.target === 'label' ? presentFont() : undefined
    write(decodeRtfBytes(given, font, documentPage))
  }

  const write = (text: string): void => {
    switch (state.target) {
      case 'text': {
        if (state.isHidden) return
        const isMonospace = presentFont()?.isMonospace
        const shown = state.isRaised ? raisedDigits(text, flow.line.text) : text
        appendRun(flow.line, shown, { isBold: state.isBold, isMonospace })
        return
      }
      case 'label':
        flow.label += text
        return
      case 'fonts':
        addFontText(text)
        return
      case 'styles':
        addStyleText(text)
        return
      case 'info':
      case 'author':
        entry += text
        return
      default:
    }
  }

  const addFontText = (text: string): void => {
    entry += text
    if (!entry.includes(';')) return
    const name = collapse(entry.slice(0, entry.indexOf(';')))
    const isSymbol = entryFontCharset === 2 || /^(symbol|wingdings)/i.test(name)
    const codePage = entryFontPage ?? (entryFontCharset === undefined ? undefined : codePageOfCharset(entryFontCharset))
    if (fonts.size < mostEntries) {
      fonts.set(entryFont, { name, codePage, isSymbol, isMonospace: isMonospaceFont(name) })
    }
    entry = ''
    entryFontCharset = undefined
    entryFontPage = undefined
  }

  const addStyleText = (text: string): void => {
    entry += text
    if (!entry.includes(';')) return
    const { number, ...style } = entryStyle
    if (styles.size < mostEntries) styles.set(number, { ...style, name: collapse(entry.slice(0, entry.indexOf(';'))) })
    entry = ''
    entryStyle = { number: 0, name: '', outline: undefined, parent: undefined }
  }

  const endParagraph = (depth: number): void => {
    flush()
    const block = paragraphBlock(flow.line, flow.label, state.paragraph, styles)
    flow.line = emptyLine()
    flow.label = ''
    closeTables(flow, depth)
    const holder = holderAt(flow, depth)
    if (block) holder.push(block)
    if (depth === 0) {
      flow.blocks.push(...flow.after)
      flow.after = []
    }
  }

  const paragraphDepth = (): number =>
    state.paragraph.inTable ? Math.min(Math.max(1, state.paragraph.depth), deepestTable) : 0

  const endCell = (depth: number): void => {
    endParagraph(depth)
    const table = flow.tables[depth - 1]
    if (!table) return
    if (table.cells.length < mostCells) table.cells.push(table.blocks)
    table.blocks = []
  }

  const endRow = (depth: number): void => {
    flush()
    closeTables(flow, depth)
    holderAt(flow, depth)
    const table = flow.tables[depth - 1]
    if (!table) return
    if (flow.line.text.trim() !== '' || table.blocks.length > 0) endCell(depth)
    addRow(table, row)
  }

  /** Reads a group as a text of its own, and gives its blocks when it ends. */
  const beginFlow = (atEnd: (blocks: ProseBlock[]) => void): void => {
    flush()
    const outer = flow
    const outerRow = row
    flow = newFlow()
    row = newRow()
    state.target = 'text'
    state.paragraph = freshParagraph()
    state.isHidden = false
    state.isRaised = false
    state.atEnd = () => {
      const blocks = closedFlow()
      flow = outer
      row = outerRow
      atEnd(blocks)
    }
  }

  const closedFlow = (): ProseBlock[] => {
    endParagraph(paragraphDepth())
    closeTables(flow, 0)
    flow.blocks.push(...flow.after)
    return flow.blocks
  }

  const beginEntry = (target: Target, atEnd: (text: string) => void): void => {
    flush()
    const outer = entry
    entry = ''
    state.target = target
    state.atEnd = () => {
      const text = collapse(entry)
      entry = outer
      atEnd(text)
    }
  }

  const openGroup = (): void => {
    flush()
    if (open.length >= deepest) {
      tooDeep++
      return
    }
    open.push(state)
    state = { ...state, paragraph: { ...state.paragraph }, atEnd: undefined }
  }

  const closeGroup = (): void => {
    flush()
    toSkip = 0
    if (tooDeep > 0) {
      tooDeep--
      return
    }
    state.atEnd?.()
    state = open.pop() ?? state
  }

  /** A control word that opens a destination: true where it is one. */
  const destination = (name: string): boolean => {
    if (name === 'ud' && state.target === 'skip') {
      // Of a text that is there twice the one in Unicode.
      state.target = targetOfBoth
      return true
    }
    if (state.target === 'skip') return false
    if (skipped.has(name)) {
      targetOfBoth = state.target
      state.target = 'skip'
      return true
    }
    const head = runningHeads[name]
    if (head) {
      beginFlow((blocks) => {
        const text = flattenProse(blocks)
        if (/\p{L}/u.test(text) && heads[head].size < mostHeads) heads[head].add(text)
      })
      return true
    }
    if (name === 'info') {
      state.target = 'skip'
      state.atEnd = undefined
      infoDepth = open.length
      return true
    }
    switch (name) {
      case 'fonttbl':
        state.target = 'fonts'
        entry = ''
        return true
      case 'stylesheet':
        state.target = 'styles'
        entry = ''
        return true
      case 'listtext':
      case 'pntext':
        flow.label = ''
        state.target = 'label'
        return true
      case 'footnote':
        beginNote()
        return true
      case 'annotation':
        beginFlow((blocks) => {
          const text = flattenProse(blocks)
          if (text !== '') flow.after.push({ kind: 'note', text: `${commentLabel(commentAuthor)}: ${text}` })
          commentAuthor = ''
        })
        return true
      case 'atnauthor':
        beginEntry('author', (text) => void (commentAuthor = text))
        return true
      case 'shptxt':
      case 'dptxbxtext':
        beginFlow((blocks) => void flow.after.push(...blocks))
        return true
      case 'shpinst':
      case 'do':
      case 'moMath':
      case 'moMathPara':
        // Optional destinations that hold text.
        return true
      case 'nesttableprops':
        // Holds the properties and the end of a row of a nested table.
        return true
      default:
        return false
    }
  }

  const beginNote = (): void => {
    isEndnote = false
    beginFlow((blocks) => {
      const text = flattenProse(blocks)
      if (text === '') return
      const label = isEndnote ? formatNumber(++endnotes, 'lowerRoman') : String(++footnotes)
      appendRun(flow.line, `[${label}]`, {})
      flow.after.push({ kind: 'note', text: `[${label}] ${text}` })
    })
  }
  /** Depth of the group {\info …}; -1 outside. */
  let infoDepth = -1

  const infoWord = (name: string, parameter: number | undefined): void => {
    if (infoTexts.has(name)) beginEntry('info', (text) => void (text !== '' && info.set(name, text)))
    else if (name === 'creatim' || name === 'revtim') {
      dateParts = {}
      state.atEnd = () => {
        const date = isoDate(dateParts)
        if (date) info.set(name, date)
      }
    } else if (parameter !== undefined && ['yr', 'mo', 'dy', 'hr', 'min'].includes(name)) dateParts[name] = parameter
  }
  let dateParts: Record<string, number> = {}

  const control = (name: string, parameter: number | undefined): void => {
    if (name === 'u') {
      unicode(parameter ?? 0)
      return
    }
    if (toSkip > 0) {
      // A word that stands for a character may be the fallback of \u; any other means that there is none.
      toSkip = name in characters ? toSkip - 1 : 0
      if (name in characters) return
    }
    flush()
    if (infoDepth >= 0 && open.length > infoDepth) {
      infoWord(name, parameter)
      return
    }
    if (isGroupStart && destination(name)) return
    if (isOptional) {
      state.target = 'skip'
      return
    }
    if (state.target === 'skip') return
    if (state.target === 'fonts') {
      if (name === 'f') entryFont = parameter ?? 0
      else if (name === 'fcharset') entryFontCharset = parameter
      else if (name === 'cpg') entryFontPage = parameter
      return
    }
    if (state.target === 'styles') {
      if (name === 's') entryStyle.number = parameter ?? 0
      else if (name === 'cs' || name === 'ds' || name === 'ts') entryStyle.number = -1
      else if (name === 'sbasedon') entryStyle.parent = parameter
      else if (name === 'outlinelevel') entryStyle.outline = outlineLevel(parameter ?? 9)
      return
    }
    const character = characters[name]
    if (character !== undefined) write(character)
    else controls[name]?.(parameter)
  }

  const isOn = (parameter: number | undefined): boolean => parameter !== 0

  const controls: Record<string, (parameter: number | undefined) => void> = {
    ansicpg: (page) => void (documentPage = page ?? 1252),
    mac: () => void (documentPage = 10000),
    pc: () => void (documentPage = 437),
    pca: () => void (documentPage = 850),
    deff: (font) => void (defaultFont = font),
    uc: (length) => void (state.fallbackLength = Math.min(Math.max(length ?? 1, 0), 10)),
    f: (font) => void (state.font = font),
    b: (value) => void (state.isBold = isOn(value)),
    v: (value) => void (state.isHidden = isOn(value)),
    deleted: (value) => void (state.isHidden = isOn(value)),
    super: (value) => void (state.isRaised = isOn(value)),
    sub: () => void (state.isRaised = false),
    nosupersub: () => void (state.isRaised = false),
    plain() {
      state.font = defaultFont
      state.isBold = false
      state.isHidden = false
      state.isRaised = false
    },
    pard: () => void (state.paragraph = freshParagraph()),
    s: (number) => void (state.paragraph.style = number ?? 0),
    outlinelevel: (level) => void (state.paragraph.outline = outlineLevel(level ?? 9)),
    ls: (list) => void (state.paragraph.inList = (list ?? 0) > 0),
    intbl: () => void (state.paragraph.inTable = true),
    itap(depth) {
      state.paragraph.depth = depth ?? 1
      state.paragraph.inTable = (depth ?? 1) > 0
    },
    par: () => endParagraph(paragraphDepth()),
    sect: () => endParagraph(paragraphDepth()),
    cell: () => endCell(1),
    nestcell: () => endCell(Math.max(2, paragraphDepth())),
    row: () => endRow(1),
    nestrow: () => endRow(Math.max(2, paragraphDepth())),
    trowd: () => void (row = newRow()),
    trhdr: () => void (row.isHeader = true),
    clmrg: () => void (row.next.isMerged = true),
    clvmrg: () => void (row.next.continues = true),
    cellx(edge) {
      if (row.cells.length < mostCells) row.cells.push({ ...row.next, edge: edge ?? 0 })
      row.next = newRow().next
    },
    ftnalt: () => void (isEndnote = true),
    // Formulas: their parts on one line.
    mden: () => write('/'),
    msup: () => write('^'),
    msub: () => write('_'),
  }

  const unicode = (code: number): void => {
    flush()
    toSkip = state.fallbackLength
    const unit = code < 0 ? code + 0x10000 : code
    if (unit > 0 && unit <= 0xffff && state.target !== 'skip') {
      const font = presentFont()
      const isPrivate = unit >= 0xf000 && unit <= 0xf0ff && font?.isSymbol === true
      write(isPrivate ? decodeRtfBytes([unit - 0xf000], font, documentPage) : String.fromCharCode(unit))
    }
  }

  const symbol = (name: string): void => {
    if (name === "'") {
      hexDigits = 2
      return
    }
    if (toSkip > 0) {
      toSkip--
      return
    }
    if (state.target === 'skip') return
    if (name === '\\' || name === '{' || name === '}') {
      pending.push(name.charCodeAt(0))
      return
    }
    flush()
    if (name === '~') write('\u00A0')
    else if (name === '_') write('-')
    else if (name === '\n' || name === '\r') endParagraph(paragraphDepth())
    else if (name === '\t') write('\t')
  }
  /** Digits still to come after \'. */
  let hexDigits = 0

  const text = (start: number, end: number): void => {
    let at = start
    if (hexDigits > 0) {
      hexDigits = 0
      const code = Number.parseInt(String.fromCharCode(bytes[at] ?? 0, bytes[at + 1] ?? 0), 16)
      at += 2
      if (toSkip > 0) toSkip--
      else if (Number.isFinite(code) && code > 0 && state.target !== 'skip') pending.push(code)
    }
    if (state.target === 'skip') return
    for (; at < end; at++) {
      const byte = bytes[at]!
      if (byte === 0x0a || byte === 0x0d || byte === 0) continue
      if (toSkip > 0) toSkip--
      else pending.push(byte)
    }
  }

  return {
    take(token) {
      if (token.kind === 'symbol' && token.name === '*') {
        isOptional = true
        return
      }
      if (tooDeep > 0 && token.kind !== 'open' && token.kind !== 'close') return
      if (token.kind === 'open') openGroup()
      else if (token.kind === 'close') {
        if (open.length <= infoDepth) infoDepth = -1
        closeGroup()
      } else if (token.kind === 'word') control(token.name, token.parameter)
      else if (token.kind === 'symbol') symbol(token.name)
      else text(token.start, token.end)
      const isBlank = token.kind === 'bytes' && token.end - token.start <= 2 && bytes[token.start]! < 0x20
      isGroupStart = token.kind === 'open' || (isGroupStart && isBlank)
      isOptional = false
    },
    finish() {
      const isWhole = open.length === 0
      while (open.length > 0) closeGroup()
      const body = closedFlow()
      return { header: [...heads.header], body, footer: [...heads.footer], metadata: metadataOf(info), isWhole }
    },
  }
}

interface RtfStyle {
  name: string
  outline: number | undefined
  parent: number | undefined
}

/** Bounds on what a file may make us keep. */
const mostEntries = 10_000
const mostHeads = 200
const deepestTable = 20

function freshParagraph(): ParagraphState {
  return { style: 0, outline: undefined, inTable: false, depth: 1, inList: false }
}

function newFlow(): Flow {
  return { blocks: [], tables: [], line: emptyLine(), label: '', after: [] }
}

function paragraphBlock(
  line: StyledLine,
  label: string,
  paragraph: ParagraphState,
  styles: ReadonlyMap<number, RtfStyle>,
): TextBlock | undefined {
  if (line.text.trim() === '') return undefined
  const style = resolveStyle(styles, paragraph.style)
  const level = paragraph.outline ?? style.outline ?? (style.role === 'title' ? 1 : 0)
  const mark = listMark(label) || (paragraph.inList ? '-' : '')
  if (level > 0 && line.text.trim().length <= longestHeading) {
    const number = mark === '' || mark === '-' ? '' : `${mark} `
    return { kind: 'heading', text: number + line.text, level: Math.min(level, 6) }
  }
  if (style.role === 'caption') return { kind: 'caption', text: line.text }
  if (style.role === 'code' || (mark === '' && looksLikeCode(line))) return { kind: 'code', text: line.text }
  if (mark !== '') return { kind: 'list-item', text: `${mark} ${line.text.trimStart()}` }
  if (style.role === 'toc' || /^\s*[☐☑☒]/.test(line.text)) return { kind: 'list-item', text: line.text }
  if (style.role === 'quote') return { kind: 'quote', text: line.text }
  return { kind: 'paragraph', text: line.text, bold: isAllBold(line) }
}

/** Paragraphs with a heading's style that are longer are text whose style was chosen for its looks. */
const longestHeading = 400

/** Numbers and letters as they are; any other sign stands for a bullet, and so does the 'o' of Word's second level. */
function listMark(label: string): string {
  const text = collapse(label)
  return text === '' || (/[\p{L}\p{N}]/u.test(text) && text !== 'o') ? text : '-'
}

function resolveStyle(
  styles: ReadonlyMap<number, RtfStyle>,
  number: number,
): { role: string | undefined; outline: number | undefined } {
  let role: string | undefined
  let outline: number | undefined
  let at: number | undefined = number
  for (let steps = 0; at !== undefined && steps < 20 && role === undefined; steps++) {
    const style: RtfStyle | undefined = styles.get(at)
    if (!style) break
    role = roleOfName(style.name)
    const heading = /^heading ([1-9])$/.exec(role ?? '')?.[1]
    outline ??= heading ? Number(heading) : style.outline
    at = style.parent === at ? undefined : style.parent
  }
  return { role, outline }
}

/** Destinations whose content is no text of the document. */
const skipped = new Set(
  (
    'colortbl pict objdata listtable listoverridetable revtbl rsidtbl generator filetbl themedata ' +
    'colorschememapping latentstyles datastore xmlnstbl shprslt nonshppict fldinst bkmkstart bkmkend xe tc rxe ' +
    'listname leveltext levelnumbers pnseclvl pntxtb pntxta template sp fontemb falt panose atnid atnref atndate ' +
    'atntime atrfstart atrfend formfield ftnsep ftnsepc ftncn aftnsep aftnsepc aftncn mmathPict nonesttables upr ' +
    'mctrlPr mfPr msSupPr msSubPr mradPr mnaryPr mdPr mfuncPr mrPr background objclass objname userprops xform'
  ).split(' '),
)

const runningHeads: Record<string, 'header' | 'footer'> = {
  header: 'header',
  headerl: 'header',
  headerr: 'header',
  headerf: 'header',
  footer: 'footer',
  footerl: 'footer',
  footerr: 'footer',
  footerf: 'footer',
}

/** Control words that stand for a character. */
const characters: Record<string, string> = {
  tab: '\t',
  line: '\n',
  softline: '\n',
  page: '\n',
  column: '\n',
  emdash: '—',
  endash: '–',
  bullet: '•',
  lquote: '‘',
  rquote: '’',
  ldblquote: '“',
  rdblquote: '”',
  emspace: ' ',
  enspace: ' ',
  qmspace: ' ',
}

const infoTexts = new Set('title subject author keywords doccomm company manager category'.split(' '))

function metadataOf(info: ReadonlyMap<string, string>): Metadata {
  const metadata: Metadata = {}
  for (const name of ['title', 'author', 'subject', 'company', 'manager', 'category']) {
    const value = info.get(name)
    if (value !== undefined) metadata[name] = value.slice(0, 1000)
  }
  const description = info.get('doccomm')
  if (description !== undefined) metadata['description'] = description.slice(0, 1000)
  const keywords = (info.get('keywords') ?? '').split(/[,;]/).map(collapse).filter(Boolean)
  if (keywords.length > 0) metadata['keywords'] = keywords.slice(0, 100)
  const [created, modified] = [info.get('creatim'), info.get('revtim')]
  if (created !== undefined) metadata['created'] = created
  if (modified !== undefined) metadata['modified'] = modified
  const date = modified ?? created
  if (date !== undefined) metadata['date'] = date
  return metadata
}

/** Local time of who wrote it; the format states no zone. */
function isoDate({ yr, mo = 1, dy = 1, hr = 0, min = 0 }: Record<string, number>): string | undefined {
  if (yr === undefined || yr < 1900 || yr > 9999 || mo < 1 || mo > 12 || dy < 1 || dy > 31) return undefined
  const two = (value: number): string => String(Math.min(Math.max(Math.trunc(value), 0), 59)).padStart(2, '0')
  return `${yr}-${two(mo)}-${two(dy)}T${two(hr)}:${two(min)}`
}

function commentLabel(author: string): string {
  return author === '' ? 'Comment' : `Comment by ${author}`
}
