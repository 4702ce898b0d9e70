/** What a slider can be set to, in order: its positions are places in this list. */
export interface SliderScale {
  values: readonly number[]
}

export interface ScaleRange {
  least: number
  most: number
  integer: boolean
  /** The usual value: a range that is very wide is cut to what is worth trying around it. */
  usual?: number | undefined
}

/**
 * The stops of a slider over a range. Short ranges have equal steps. Of wide ones of whole numbers (8 to 100,000 tokens)
 * each octave has eight, at round numbers, up to eight times the usual value: what lies beyond is typed.
 */
export function sliderScale({ least, most, integer, usual = 0 }: ScaleRange): SliderScale {
  if (!integer) return { values: equalSteps(least, most, (most - least) / 100) }
  if (most - least <= 200) return { values: equalSteps(least, most, 1) }
  const last = Math.min(most, Math.max(8 * Math.abs(usual), smallestEnd))
  const values = [least]
  for (let value = least; value < last;) {
    const step = Math.max(1, 2 ** Math.floor(Math.log2(Math.max(1, Math.abs(value)) / 8)))
    value = Math.min(last, (Math.floor(value / step) + 1) * step)
    values.push(value)
  }
  return { values }
}

/** An overlap is usually 0: its slider ends here. */
const smallestEnd = 512

/** The position of the stop that is nearest to a value. */
export function positionOf({ values }: SliderScale, value: number): number {
  let nearest = 0
  for (const [position, stop] of values.entries()) {
    if (Math.abs(stop - value) < Math.abs(values[nearest]! - value)) nearest = position
  }
  return nearest
}

function equalSteps(least: number, most: number, step: number): number[] {
  const count = Math.max(1, Math.round((most - least) / step))
  return Array.from({ length: count + 1 }, (_, index) => Number((least + ((most - least) * index) / count).toFixed(4)))
}
