import { drawingLine } from './drawing-text.ts'
import { attributeOf } from './xml-pieces.ts'
import { descendants, elementAt, elementsOf, textOf, type XmlNode } from './xml-tree.ts'

/** The numbers behind a chart. */
export interface ChartData {
  /** Its title, with the title of the axis of values. */
  caption: string
  /** One table for each set of categories: a header row with the names of the series, then a row a category. */
  tables: string[][][]
}

/** What a chart part says (DrawingML charts, ECMA-376 part 1, 21.2, and the newer chartex of Office 2016). */
export function readChart(space: XmlNode): ChartData {
  const chart = elementAt(space, 'chart')
  const plot = elementAt(chart, 'plotArea')
  const series = elementAt(space, 'chartData') ? newerSeries(space, plot) : elementsOf(plot).flatMap(seriesOf)
  const [categoryTitle = '', valueTitle = ''] = axisTitles(plot)
  const caption = [titleOf(elementAt(chart, 'title')), valueTitle].filter((part) => part !== '').join(' – ')
  return { caption, tables: tablesOf(series, categoryTitle) }
}

interface Series {
  name: string
  /** Labels and values by their place in the sheet. */
  categories: Map<number, string>
  values: Map<number, string>
}

/** Series that share their categories stand in one table. */
function tablesOf(series: readonly Series[], categoryTitle: string): string[][][] {
  const groups = new Map<string, Series[]>()
  for (const one of series) {
    if (one.values.size === 0) continue
    const key = JSON.stringify([...one.categories])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => {
    const categories = group[0]?.categories ?? new Map<number, string>()
    const places = new Set([...categories.keys(), ...group.flatMap((one) => [...one.values.keys()])])
    const rows = [...places]
      .toSorted((a, b) => a - b)
      .slice(0, mostRows)
      .map((place) => [categories.get(place) ?? '', ...group.map((one) => one.values.get(place) ?? '')])
    return [[categoryTitle, ...group.map((one) => one.name)], ...rows]
  })
}

/** Measured points beyond this are a curve to look at, not text to read. */
const mostRows = 1000

function seriesOf(plotted: XmlNode): Series[] {
  return elementsOf(plotted, 'ser').map((series) => ({
    name: [...cachedPoints(elementAt(series, 'tx')).values()].join(' ') || textOf(elementAt(series, 'tx', 'v')),
    categories: cachedPoints(elementAt(series, 'cat') ?? elementAt(series, 'xVal')),
    values: cachedPoints(elementAt(series, 'val') ?? elementAt(series, 'yVal')),
  }))
}

/** The values that the chart keeps of its sheet. Categories in several levels are joined, the widest first. */
function cachedPoints(source: XmlNode | undefined): Map<number, string> {
  const holder = elementsOf(source)[0]
  const cache = holder?.name.endsWith('Ref') ? elementsOf(holder).find(({ name }) => name.endsWith('Cache')) : holder
  const levels = elementsOf(cache, 'lvl')
  return levels.length > 0 ? joinedLevels(levels.map(pointsOf)) : pointsOf(cache)
}

function pointsOf(cache: XmlNode | undefined): Map<number, string> {
  const isDate = /[dy]/i.test(textOf(elementAt(cache, 'formatCode')).replaceAll(/"[^"]*"|\[[^\]]*\]/g, ''))
  const points = new Map<number, string>()
  for (const point of elementsOf(cache, 'pt')) {
    const place = Number(attributeOf(point, 'idx'))
    if (Number.isInteger(place)) points.set(place, valueText(textOf(elementAt(point, 'v') ?? point), isDate))
  }
  return points
}

/** Levels from the narrowest to the widest; a wide one names only the first place to which it applies. */
function joinedLevels([narrowest = new Map<number, string>(), ...wider]: Map<number, string>[]): Map<number, string> {
  const labels = new Map<number, string>()
  const running: string[] = []
  for (const place of [...narrowest.keys()].toSorted((a, b) => a - b)) {
    wider.forEach((level, index) => (running[index] = level.get(place) ?? running[index] ?? ''))
    const parts = [...running.toReversed(), narrowest.get(place) ?? '']
    labels.set(place, parts.filter((part) => part !== '').join(' '))
  }
  return labels
}

/** Numbers without the noise of binary fractions; days counted from 1899-12-30 as dates. */
function valueText(value: string, isDate: boolean): string {
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) return value
  if (isDate && number >= 1 && number < 2_958_466) {
    return new Date(Date.UTC(1899, 11, 30) + number * 86_400_000).toISOString().slice(0, 10)
  }
  return String(Number(number.toPrecision(12)))
}

function titleOf(title: XmlNode | undefined): string {
  const rich = elementAt(title, 'tx', 'rich')
  return rich ? drawingLine(rich) : [...cachedPoints(elementAt(title, 'tx')).values()].join(' ')
}

/** The titles of the axis of categories and of the axis of values. */
function axisTitles(plot: XmlNode | undefined): string[] {
  const axes = elementsOf(plot).filter(({ name }) => name.endsWith('Ax') || name === 'axis')
  const isValue = (axis: XmlNode): boolean => axis.name === 'valAx' || elementAt(axis, 'valScaling') !== undefined
  const categories = axes.find((axis) => !isValue(axis))
  // A scatter chart has two axes of values; the first one runs along the bottom.
  const [first, second] = axes.filter(isValue)
  const pair = categories ? [categories, first] : [first, second]
  return pair.map((axis) => titleOf(elementAt(axis, 'title')))
}

/** chartex: the data stand apart from the series that show them. */
function newerSeries(space: XmlNode, plot: XmlNode | undefined): Series[] {
  const data = new Map(elementsOf(elementAt(space, 'chartData'), 'data').map((one) => [attributeOf(one, 'id'), one]))
  return [...(plot ? descendants(plot, 'series') : [])].map((series) => {
    const own = data.get(attributeOf(elementAt(series, 'dataId'), 'val'))
    return {
      name: textOf(elementAt(series, 'tx', 'txData', 'v')),
      categories: joinedLevels(elementsOf(elementAt(own, 'strDim'), 'lvl').map(pointsOf)),
      values: pointsOf(elementAt(own, 'numDim', 'lvl')),
    }
  })
}
