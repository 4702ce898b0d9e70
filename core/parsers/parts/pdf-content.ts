import type { Rectangle, Run } from './pdf-layout.ts'
import { readGlyph } from './pdf-glyphs.ts'
import { apply, identity, type Matrix, multiply } from './pdf-matrix.ts'
import { assembleRuns, type PlacedGlyph } from './pdf-runs.ts'

/**
 * What a page draws, from the library's list of its operators (ISO 32000-2, 8 and 9): each glyph with its place, and
 * the straight lines and rectangles that may be the rules of tables. Text in forms and annotations is among it.
 */
export interface PageContent {
  /** By the way the text runs, most text first. */
  groups: { angle: Angle; runs: Run[]; characters: number }[]
  /** Horizontal and vertical strokes and thin bars, in points from the top left of the page as it is shown. */
  rules: Rule[]
  /** Filled areas that may be the background of a table's cell. */
  fills: Rectangle[]
}

/** The way text runs: 0 to 3 quarter turns clockwise; 4 for anything between them. */
export type Angle = 0 | 1 | 2 | 3 | 4

export interface Rule {
  vertical: boolean
  /** x of a vertical rule, y of a horizontal one. */
  at: number
  from: number
  to: number
}

export interface Viewport {
  width: number
  height: number
  transform: readonly number[]
}

export interface ContentFont {
  bold: boolean
  italic: boolean
  monospace: boolean
  vertical: boolean
  /** Parts of the font size. */
  ascent: number
  descent: number
  /** Points a glyph unit at font size 1: 0.001 but for fonts with a matrix of their own. */
  unit: number
  /** The full name, as "NimbusRomNo9L-Medi". */
  name: string
}

export interface OperatorList {
  fnArray: readonly number[]
  argsArray: readonly unknown[]
}

/** The numbers of the operators that matter here, by their names in the library. */
export type OperatorNumbers = Readonly<Record<string, number>>

/** More than any page that a person reads; what comes after is left out. */
const limits = { glyphs: 400_000, rules: 20_000, states: 500 }

export function readContent(
  list: OperatorList,
  operators: OperatorNumbers,
  viewport: Viewport,
  fontOf: (name: string) => ContentFont,
): PageContent {
  const groups = new Map<Angle, PlacedGlyph[]>()
  const drawing: Drawing = { rules: [], fills: [], viewport }
  const initial = initialState(viewport.transform)
  let state = initial
  const stack: State[] = []
  const artifacts: boolean[] = []
  let artifactDepth = 0
  let count = 0
  const save = (): void => {
    if (stack.length < limits.states) stack.push({ ...state })
  }
  const restore = (): void => {
    state = stack.pop() ?? state
  }
  const moveText = (x: number, y: number): void => {
    state.lineX += x
    state.lineY += y
    state.x = state.lineX
    state.y = state.lineY
  }
  const setFont = (name: unknown, size: unknown): void => {
    state.font = typeof name === 'string' ? fontOf(name) : state.font
    const points = toNumber(size)
    state.size = Math.abs(points)
    state.direction = points < 0 ? -1 : 1
  }
  const handlers: Record<string, (args: readonly unknown[]) => void> = {
    save,
    restore,
    transform: (args) => (state.matrix = multiply(state.matrix, toNumbers(args))),
    paintFormXObjectBegin: ([matrix]) => {
      save()
      if (matrix) state.matrix = multiply(state.matrix, toNumbers(matrix))
    },
    paintFormXObjectEnd: restore,
    beginAnnotation: ([, , transform, matrix]) => {
      save()
      state = { ...initialState(viewport.transform) }
      state.matrix = multiply(multiply(state.matrix, toNumbers(transform)), toNumbers(matrix))
    },
    endAnnotation: restore,
    setLineWidth: ([width]) => (state.lineWidth = toNumber(width)),
    setFillRGBColor: ([color]) => (state.fill = String(color)),
    setFillTransparent: () => (state.fill = ''),
    setGState: ([entries]) => {
      for (const entry of Array.isArray(entries) ? (entries as unknown[][]) : []) {
        if (entry[0] === 'Font' && Array.isArray(entry[1])) setFont(entry[1][0], entry[1][1])
        else if (entry[0] === 'LW') state.lineWidth = toNumber(entry[1])
      }
    },
    constructPath: ([operator, paths, bounds]) => {
      const name = paintNames.get(operator as number)
      if (name) readPath(drawing, state, name, (paths as unknown[] | undefined)?.[0], bounds)
    },
    beginMarkedContent: ([tag]) => {
      artifacts.push(tag === 'Artifact')
      if (tag === 'Artifact') artifactDepth++
    },
    beginMarkedContentProps: ([tag]) => {
      artifacts.push(tag === 'Artifact')
      if (tag === 'Artifact') artifactDepth++
    },
    endMarkedContent: () => {
      if (artifacts.pop()) artifactDepth--
    },
    beginText: () => {
      state.text = identity
      state.x = state.y = state.lineX = state.lineY = 0
    },
    setCharSpacing: ([spacing]) => (state.characterSpacing = toNumber(spacing)),
    setWordSpacing: ([spacing]) => (state.wordSpacing = toNumber(spacing)),
    setHScale: ([scale]) => (state.stretch = toNumber(scale) / 100),
    setLeading: ([leading]) => (state.leading = -toNumber(leading)),
    setFont: ([name, size]) => setFont(name, size),
    setTextRise: ([rise]) => (state.rise = toNumber(rise)),
    setTextRenderingMode: ([mode]) => (state.mode = toNumber(mode)),
    moveText: ([x, y]) => moveText(toNumber(x), toNumber(y)),
    setLeadingMoveText: ([x, y]) => {
      state.leading = toNumber(y)
      moveText(toNumber(x), toNumber(y))
    },
    setTextMatrix: ([matrix]) => {
      state.text = toNumbers(matrix)
      state.x = state.y = state.lineX = state.lineY = 0
    },
    nextLine: () => moveText(0, state.leading),
    showText: ([glyphs]) => {
      if (!Array.isArray(glyphs) || count > limits.glyphs || !state.font) return
      count += glyphs.length
      const { angle, placed } = placeGlyphs(glyphs, state, state.font, artifactDepth > 0)
      const group = groups.get(angle)
      if (group) for (const glyph of placed) group.push(glyph)
      else groups.set(angle, placed)
    },
  }
  const paintNames = new Map(paints.flatMap((name) => (operators[name] === undefined ? [] : [[operators[name], name]])))
  const byNumber: (((args: readonly unknown[]) => void) | undefined)[] = []
  for (const [name, handler] of Object.entries(handlers)) {
    const number = operators[name]
    if (number !== undefined) byNumber[number] = handler
  }
  list.fnArray.forEach((operator, index) => byNumber[operator]?.((list.argsArray[index] ?? []) as readonly unknown[]))
  return {
    groups: [...groups]
      .map(([angle, glyphs]) => ({ angle, runs: assembleRuns(glyphs, angle, viewport), characters: glyphs.length }))
      .filter((group) => group.runs.length > 0)
      .toSorted((one, other) => other.characters - one.characters),
    rules: drawing.rules,
    fills: drawing.fills,
  }
}

/** The part of the graphics state that places text and lines (ISO 32000-2, 8.4 and 9.3). */
interface State {
  matrix: Matrix
  lineWidth: number
  fill: string
  text: Matrix
  x: number
  y: number
  lineX: number
  lineY: number
  font: ContentFont | undefined
  size: number
  direction: number
  characterSpacing: number
  wordSpacing: number
  stretch: number
  leading: number
  rise: number
  mode: number
}

function initialState(transform: readonly number[]): State {
  return {
    matrix: toNumbers(transform),
    lineWidth: 1,
    fill: '#000000',
    text: identity,
    x: 0,
    y: 0,
    lineX: 0,
    lineY: 0,
    font: undefined,
    size: 0,
    direction: 1,
    characterSpacing: 0,
    wordSpacing: 0,
    stretch: 1,
    leading: 0,
    rise: 0,
    mode: 0,
  }
}

interface LibraryGlyph {
  unicode: string
  originalCharCode: number
  width: number
  vmetric: readonly number[] | null
  isSpace: boolean
}

/** Moves over the glyphs of one operator and notes where each stands, along the way in which the text runs. */
function placeGlyphs(
  glyphs: readonly unknown[],
  state: State,
  font: ContentFont,
  artifact: boolean,
): { angle: Angle; placed: PlacedGlyph[] } {
  const page = multiply(state.matrix, state.text)
  const stretch = state.stretch * state.direction
  // A step of one text unit along the line, in points.
  const [stepX, stepY] = font.vertical ? [-page[2], -page[3]] : [page[0] * stretch, page[1] * stretch]
  const scale = Math.hypot(stepX, stepY)
  const size = state.size * Math.hypot(page[2], page[3]) || state.size * Math.hypot(page[0], page[1])
  const angle = angleOf(Math.atan2(stepY, stepX))
  const rise = state.rise
  const originX = page[0] * state.x + page[2] * (state.y + rise) + page[4]
  const originY = page[1] * state.x + page[3] * (state.y + rise) + page[5]
  const [startX, startY] = turn(originX, originY, -(angle % 4))
  // Vertical glyphs hang centred on their line.
  const baseline = font.vertical ? startY + size * 0.35 : startY
  const ascent = font.vertical ? 0.85 : font.ascent
  const descent = font.vertical ? -0.15 : font.descent
  const advance = state.size * font.unit
  const spacing = Math.max(0, state.characterSpacing) * scale
  const bold = font.bold || state.mode % 4 === 2
  const placed: PlacedGlyph[] = []
  let along = 0
  for (const item of glyphs) {
    if (typeof item === 'number') {
      along -= (item * state.size) / 1000
      continue
    }
    const glyph = item as LibraryGlyph | null
    if (!glyph || typeof glyph.unicode !== 'string') continue
    const width = (font.vertical ? Math.abs(glyph.vmetric?.[0] ?? 1000) : glyph.width) * advance
    const text = readGlyph(glyph.unicode, glyph.originalCharCode, font.name)
    const x = startX + along * scale
    if (text !== '') {
      placed.push({
        text,
        x,
        right: x + width * scale,
        top: baseline - ascent * size,
        bottom: baseline - descent * size,
        baseline,
        size,
        spacing,
        bold,
        monospace: font.monospace,
        font,
        artifact,
        hidden: state.mode === 3,
      })
    }
    along +=
      width + (glyph.isSpace ? state.wordSpacing : 0) * state.direction + state.characterSpacing * state.direction
  }
  if (font.vertical) state.y -= along
  else state.x += along * stretch
  return { angle, placed }
}

function angleOf(radians: number): Angle {
  const quarters = radians / (Math.PI / 2)
  const nearest = Math.round(quarters)
  if (Math.abs(quarters - nearest) > 0.12) return 4
  return (((nearest % 4) + 4) % 4) as Angle
}

/** Turns a point by quarter turns, clockwise as seen on the page. */
export function turn(x: number, y: number, quarters: number): [number, number] {
  switch (((quarters % 4) + 4) % 4) {
    case 1:
      return [-y, x]
    case 2:
      return [-x, -y]
    case 3:
      return [y, -x]
    default:
      return [x, y]
  }
}

// Lines and areas

interface Drawing {
  rules: Rule[]
  fills: Rectangle[]
  viewport: Viewport
}

const paints = [
  'stroke',
  'closeStroke',
  'fill',
  'eoFill',
  'fillStroke',
  'eoFillStroke',
  'closeFillStroke',
  'closeEOFillStroke',
]

/** A filled bar up to this thick is a line that someone drew. Points. */
const barThickness = 3.5

/** Path data as the library gives it: 0 move, 1 line, 2 cubic curve, 3 quadratic curve, 4 close. */
function readPath(drawing: Drawing, state: State, paint: string, data: unknown, bounds: unknown): void {
  if (drawing.rules.length > limits.rules || !ArrayBuffer.isView(data)) return
  const path = data as Float32Array
  if (path.length > 4000) return
  const extent = ArrayBuffer.isView(bounds) ? (bounds as Float32Array) : undefined
  if (extent && !isFinite((extent[0] ?? 0) + (extent[1] ?? 0) + (extent[2] ?? 0) + (extent[3] ?? 0))) return
  const strokes = /stroke/i.test(paint)
  const fills = /fill/i.test(paint)
  let points: [number, number][] = []
  let curved = false
  const finish = (): void => {
    if (points.length > 1 && !curved) addShape(drawing, points, strokes, fills && state.fill !== '')
    points = []
    curved = false
  }
  for (let index = 0; index < path.length;) {
    const operator = path[index++]
    if (operator === 0) {
      finish()
      points.push(apply(state.matrix, path[index++] ?? 0, path[index++] ?? 0))
    } else if (operator === 1) {
      points.push(apply(state.matrix, path[index++] ?? 0, path[index++] ?? 0))
    } else if (operator === 2) {
      index += 6
      curved = true
    } else if (operator === 3) {
      index += 4
      curved = true
    } else {
      const first = points[0]
      if (first) points.push(first)
    }
  }
  finish()
}

function addShape(drawing: Drawing, points: readonly [number, number][], strokes: boolean, fills: boolean): void {
  const xs = points.map((point) => point[0])
  const ys = points.map((point) => point[1])
  const left = Math.max(0, Math.min(...xs))
  const right = Math.min(drawing.viewport.width, Math.max(...xs))
  const top = Math.max(0, Math.min(...ys))
  const bottom = Math.min(drawing.viewport.height, Math.max(...ys))
  const width = right - left
  const height = bottom - top
  if (!(width >= 0 && height >= 0) || width + height < 3) return
  const add = (vertical: boolean, at: number, from: number, to: number): void => {
    if (to - from > 2) drawing.rules.push({ vertical, at, from, to })
  }
  if (fills && points.length <= 6) {
    if (height <= barThickness && width > height) return add(false, (top + bottom) / 2, left, right)
    if (width <= barThickness) return add(true, (left + right) / 2, top, bottom)
    if (!strokes) {
      if (isRectangle(points)) drawing.fills.push({ x: left, y: top, width, height })
      return
    }
  }
  if (!strokes || points.length > 100) return
  points.slice(1).forEach(([x, y], index) => {
    const [beforeX, beforeY] = points[index] ?? [x, y]
    if (Math.abs(y - beforeY) < 0.8) add(false, (y + beforeY) / 2, Math.min(x, beforeX), Math.max(x, beforeX))
    else if (Math.abs(x - beforeX) < 0.8) add(true, (x + beforeX) / 2, Math.min(y, beforeY), Math.max(y, beforeY))
  })
}

function isRectangle(points: readonly [number, number][]): boolean {
  return points.slice(1).every(([x, y], index) => {
    const [beforeX, beforeY] = points[index] ?? [x, y]
    return Math.abs(x - beforeX) < 0.8 || Math.abs(y - beforeY) < 0.8
  })
}

// Numbers

function toNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

function toNumbers(value: unknown): Matrix {
  const list = value as ArrayLike<unknown> | null | undefined
  if (list?.length !== 6) return identity
  return [
    toNumber(list[0]),
    toNumber(list[1]),
    toNumber(list[2]),
    toNumber(list[3]),
    toNumber(list[4]),
    toNumber(list[5]),
  ]
}
