import type { OperatorList, OperatorNumbers } from './pdf-content.ts'
import { identity, type Matrix, multiply } from './pdf-matrix.ts'

/**
 * What stands on a PDF page as pictures, drawn onto one raster that text recognition reads: a scan is one picture, a
 * fax a stack of strips, a compressed scan a background with the writing as a mask over it (ISO 32000-2, 8.9).
 */

/** The library's objects, as far as they are used here. */
export interface PicturePage {
  getViewport(options: { scale: number }): { width: number; height: number; transform: number[] }
  getOperatorList(): Promise<OperatorList>
  objs: PictureObjects
  commonObjs: PictureObjects
}

interface PictureObjects {
  get(id: string, callback: (value: unknown) => void): unknown
}

export interface PagePicture {
  width: number
  height: number
  /** One byte a pixel, row by row from the top of the page as it is shown; 0 is black. */
  gray: Uint8Array
  pixelsPerPoint: number
}

export interface PageDrawing {
  /** The part of the page that pictures cover, 0 to 1. */
  coverage: number
  draw(): PagePicture
}

const maximumRasterPixels = 25_000_000
/**
 * A letter-size page at 166 dots an inch. Coarser pictures are drawn larger, which makes good for much of it: of 39
 * phrases in a report that was scanned at 100 dots an inch 23 are right as it is, 34 when it is drawn at this size.
 */
const fewestRasterPixels = 2_600_000
/** Finer pictures only take longer. */
const highestPixelsPerPoint = 300 / 72
const maximumPaints = 20_000

/** Undefined for a page without pictures worth reading. */
export async function findPictures(page: PicturePage, operators: OperatorNumbers): Promise<PageDrawing | undefined> {
  const viewport = page.getViewport({ scale: 1 })
  const list = await page.getOperatorList()
  const paints = await collectPaints(list, viewport.transform, operators, page)
  if (paints.length === 0) return undefined
  const pageArea = viewport.width * viewport.height
  const covered = paints.reduce((sum, paint) => sum + shownArea(paint, viewport), 0)
  const coverage = Math.min(1, covered / pageArea)
  return { coverage, draw: () => draw(paints, viewport) }
}

// What is painted where

interface Pixels {
  width: number
  height: number
  /** 1: one bit a pixel, 2: red, green, blue, 3: with alpha. Masks have one bit a pixel, 0 where ink goes. */
  kind: number
  data: Uint8Array | Uint8ClampedArray
}

interface Paint {
  pixels: Pixels
  /** From the unit square, y upwards, to points on the page, y downwards. */
  matrix: Matrix
  /** The grey of the ink where the picture is a mask. */
  ink?: number
}

interface State {
  matrix: Matrix
  ink: number
}

async function collectPaints(
  list: OperatorList,
  base: readonly number[],
  operators: OperatorNumbers,
  page: PicturePage,
): Promise<Paint[]> {
  const paints: Paint[] = []
  const stack: State[] = []
  let state: State = { matrix: toMatrix(base), ink: 0 }
  const names = new Map(Object.entries(operators).map(([name, number]) => [number, name]))

  const add = async (image: unknown, matrix: Matrix, isMask: boolean): Promise<void> => {
    if (paints.length >= maximumPaints) return
    const pixels = toPixels(await resolve(image, page), isMask)
    if (pixels) paints.push({ pixels, matrix, ...(isMask ? { ink: state.ink } : {}) })
  }

  for (let index = 0; index < list.fnArray.length; index++) {
    const argument = list.argsArray[index]
    const values: unknown[] = Array.isArray(argument) ? argument : []
    switch (names.get(list.fnArray[index] ?? 0)) {
      case 'save':
        stack.push(state)
        break
      case 'restore':
      case 'paintFormXObjectEnd':
        state = stack.pop() ?? state
        break
      case 'transform':
        state = { ...state, matrix: multiply(state.matrix, toMatrix(values)) }
        break
      case 'paintFormXObjectBegin':
        stack.push(state)
        if (isNumbers(values[0])) state = { ...state, matrix: multiply(state.matrix, toMatrix(values[0])) }
        break
      case 'setFillRGBColor':
        state = { ...state, ink: greyOf(values[0]) }
        break
      case 'paintImageXObject':
      case 'paintInlineImageXObject':
        await add(values[0], state.matrix, false)
        break
      case 'paintImageMaskXObject':
        await add(values[0], state.matrix, true)
        break
      case 'paintImageMaskXObjectGroup':
        for (const image of asArray(values[0])) {
          await add(image, multiply(state.matrix, toMatrix(field(image, 'transform'))), true)
        }
        break
      case 'paintImageMaskXObjectRepeat':
        for (const matrix of repeats(values)) await add(values[0], multiply(state.matrix, matrix), true)
        break
      case 'paintInlineImageXObjectGroup':
        for (const part of asArray(values[1])) {
          await add(cutOut(values[0], part), multiply(state.matrix, toMatrix(field(part, 'transform'))), false)
        }
        break
      default:
        break
    }
  }
  return paints
}

/** Pictures are named where several places share them. One that could not be decoded is null. */
async function resolve(image: unknown, page: PicturePage): Promise<unknown> {
  const id = typeof image === 'string' ? image : field(image, 'data')
  if (typeof id !== 'string') return image
  const objects = id.startsWith('g_') ? page.commonObjs : page.objs
  return new Promise((resolved) => objects.get(id, resolved))
}

function toPixels(image: unknown, isMask: boolean): Pixels | undefined {
  const width = Number(field(image, 'width'))
  const height = Number(field(image, 'height'))
  const data = field(image, 'data')
  const kind = isMask ? 1 : Number(field(image, 'kind'))
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) return undefined
  if (!(width >= 1 && height >= 1) || ![1, 2, 3].includes(kind)) return undefined
  const rowBytes = kind === 1 ? Math.ceil(width / 8) : width * (kind + 1)
  return data.length >= rowBytes * height ? { width, height, kind, data } : undefined
}

/** A part of a sheet onto which the library put several small pictures (four bytes a pixel). */
function cutOut(sheet: unknown, part: unknown): unknown {
  const [x, y, width, height] = ['x', 'y', 'w', 'h'].map((name) => Number(field(part, name)))
  const source = toPixels(sheet, false)
  if (source?.kind !== 3 || x === undefined || y === undefined || !width || !height) return undefined
  if (x + width > source.width || y + height > source.height) return undefined
  const data = new Uint8Array(width * height * 4)
  for (let row = 0; row < height; row++) {
    const start = ((y + row) * source.width + x) * 4
    data.set(source.data.subarray(start, start + width * 4), row * width * 4)
  }
  return { width, height, kind: 3, data }
}

function repeats(values: readonly unknown[]): Matrix[] {
  const [, a = 1, b = 0, c = 0, d = 1] = values.map(Number)
  const positions = values[5]
  if (!isNumbers(positions)) return []
  const count = Math.min(maximumPaints, Math.floor(positions.length / 2))
  return Array.from({ length: count }, (_, index) => [
    a,
    b,
    c,
    d,
    positions[index * 2] ?? 0,
    positions[index * 2 + 1] ?? 0,
  ])
}

/** '#rrggbb' */
function greyOf(colour: unknown): number {
  const value = typeof colour === 'string' ? Number.parseInt(colour.slice(1), 16) : 0
  return lightness(value >>> 16, (value >>> 8) & 0xff, value & 0xff)
}

function lightness(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function isNumbers(value: unknown): value is ArrayLike<number> {
  return (Array.isArray(value) || ArrayBuffer.isView(value)) && typeof (value as ArrayLike<unknown>)[0] === 'number'
}

function toMatrix(values: unknown): Matrix {
  if (!isNumbers(values)) return identity
  const at = (index: number): number => {
    const value = values[index] ?? 0
    return Number.isFinite(value) ? value : 0
  }
  return [at(0), at(1), at(2), at(3), at(4), at(5)]
}

// Drawing

/** Where a paint stands, in the unit of its matrix. */
function boundsOf(matrix: Matrix): { left: number; top: number; right: number; bottom: number } {
  const [a, b, c, d, e, f] = matrix
  const xs = [e, e + a, e + c, e + a + c]
  const ys = [f, f + b, f + d, f + b + d]
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) }
}

function shownArea(paint: Paint, page: { width: number; height: number }): number {
  const { left, top, right, bottom } = boundsOf(paint.matrix)
  const width = Math.min(right, page.width) - Math.max(left, 0)
  const height = Math.min(bottom, page.height) - Math.max(top, 0)
  return Math.max(0, width) * Math.max(0, height)
}

function draw(paints: readonly Paint[], page: { width: number; height: number }): PagePicture {
  const pixelsPerPoint = rasterScale(paints, page)
  const width = Math.max(1, Math.round(page.width * pixelsPerPoint))
  const height = Math.max(1, Math.round(page.height * pixelsPerPoint))
  const raster = { width, height, gray: new Uint8Array(width * height).fill(255) }
  for (const paint of paints) {
    const matrix = multiply([pixelsPerPoint, 0, 0, pixelsPerPoint, 0, 0], paint.matrix)
    paintOnto(raster, { ...paint, matrix })
  }
  return { ...raster, pixelsPerPoint }
}

/** The resolution of the finest picture that covers a good part of what is covered. */
function rasterScale(paints: readonly Paint[], page: { width: number; height: number }): number {
  const covered = paints.reduce((sum, paint) => sum + shownArea(paint, page), 0)
  let finest = 0
  for (const paint of paints) {
    if (paints.length < 20 && shownArea(paint, page) < covered * 0.1) continue
    const [a, b, c, d] = paint.matrix
    const area = Math.abs(a * d - b * c)
    if (area > 0) finest = Math.max(finest, Math.sqrt((paint.pixels.width * paint.pixels.height) / area))
  }
  const area = page.width * page.height
  const wanted = Math.max(Math.min(finest, highestPixelsPerPoint), Math.sqrt(fewestRasterPixels / area))
  // Beyond three times its size a picture gets no clearer.
  return Math.min(wanted, finest * 3, Math.sqrt(maximumRasterPixels / area))
}

/** Draws into the part of the raster that the paint covers. Its matrix leads from the unit square to pixels. */
function paintOnto(raster: { width: number; height: number; gray: Uint8Array }, paint: Paint): void {
  const { pixels, matrix } = paint
  const [a, b, c, d, e, f] = matrix
  const determinant = a * d - b * c
  if (Math.abs(determinant) < 1e-9) return
  const bounds = boundsOf(matrix)
  const left = Math.max(0, Math.floor(bounds.left))
  const right = Math.min(raster.width, Math.ceil(bounds.right))
  const top = Math.max(0, Math.floor(bounds.top))
  const bottom = Math.min(raster.height, Math.ceil(bounds.bottom))
  // Steps in the picture's own pixels for one pixel of the raster to the right and down.
  const acrossX = (d / determinant) * pixels.width
  const acrossY = (b / determinant) * pixels.height
  const downX = (-c / determinant) * pixels.width
  const downY = (-a / determinant) * pixels.height
  const ratio = Math.max(Math.hypot(acrossX, acrossY), Math.hypot(downX, downY))
  const sample = sampler(paint)
  // Several samples a pixel where the picture is finer than the raster; between pixels where it is coarser.
  const samples = Math.min(4, Math.max(1, Math.ceil(ratio - 0.01)))
  const smooth = ratio < 0.9 && paint.ink === undefined
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      let ink = 0
      let weight = 0
      for (let step = 0; step < samples * samples; step++) {
        const offsetX = x - e + ((step % samples) + 0.5) / samples
        const offsetY = y - f + (Math.floor(step / samples) + 0.5) / samples
        const sourceX = offsetX * acrossX + offsetY * downX
        const sourceY = pixels.height + offsetX * acrossY + offsetY * downY
        if (sourceX < 0 || sourceY < 0 || sourceX >= pixels.width || sourceY >= pixels.height) continue
        const value = smooth
          ? between(sample, sourceX, sourceY, pixels)
          : sample(Math.floor(sourceX), Math.floor(sourceY))
        const alpha = Math.floor(value / 256)
        ink += (value % 256) * alpha
        weight += alpha
      }
      if (weight === 0) continue
      const at = y * raster.width + x
      const share = weight / (255 * samples * samples)
      raster.gray[at] = Math.round((ink / weight) * share + (raster.gray[at] ?? 255) * (1 - share))
    }
  }
}

/** Gives a pixel as alpha × 256 + grey. */
type Sample = (x: number, y: number) => number

const opaque = 255 * 256

function sampler({ pixels, ink }: Paint): Sample {
  const { width, kind, data } = pixels
  if (kind === 1) {
    const rowBytes = Math.ceil(width / 8)
    const zero = opaque + Math.round(ink ?? 0)
    const one = ink === undefined ? opaque + 255 : 0
    return (x, y) => (((data[y * rowBytes + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1 ? one : zero)
  }
  const step = kind + 1
  return (x, y) => {
    const at = (y * width + x) * step
    const grey = Math.round(lightness(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0))
    return (step === 4 ? (data[at + 3] ?? 0) * 256 : opaque) + grey
  }
}

/** The mean of the four pixels around a point, by how near they are. Alpha is that of the nearest. */
function between(sample: Sample, sourceX: number, sourceY: number, { width, height }: Pixels): number {
  const x = Math.min(Math.max(sourceX - 0.5, 0), width - 1)
  const y = Math.min(Math.max(sourceY - 0.5, 0), height - 1)
  const x0 = Math.floor(x)
  const y0 = Math.floor(y)
  const x1 = Math.min(x0 + 1, width - 1)
  const y1 = Math.min(y0 + 1, height - 1)
  const partX = x - x0
  const partY = y - y0
  const nearest = sample(partX < 0.5 ? x0 : x1, partY < 0.5 ? y0 : y1)
  const upper = (sample(x0, y0) % 256) * (1 - partX) + (sample(x1, y0) % 256) * partX
  const lower = (sample(x0, y1) % 256) * (1 - partX) + (sample(x1, y1) % 256) * partX
  return nearest - (nearest % 256) + Math.round(upper * (1 - partY) + lower * partY)
}
