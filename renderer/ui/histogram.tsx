import { formatNumberOf } from './format.ts'
import { histogramOf } from './histogram-bins.ts'

const barPx = 7
const heightPx = 28

/** How large the chunks are: one bar for each step of sizes. It says the same in words. */
export function Histogram({
  sizes,
  unit,
  mostBins = 16,
  upTo = 0,
}: {
  sizes: readonly number[]
  unit: 'token' | 'character'
  mostBins?: number
  /** See `histogramOf`. */
  upTo?: number
}) {
  const bins = histogramOf(sizes, { mostBins, upTo })
  const most = Math.max(1, ...bins.map((bin) => bin.count))
  if (bins.length === 0) return null
  const words = bins
    .filter((bin) => bin.count > 0)
    .map((bin) => `${formatNumberOf(bin.count, 'chunk')} of ${bin.from}–${bin.to} ${unit}s`)
  return (
    <svg
      className="histogram"
      role="img"
      aria-label={`Sizes: ${words.join(', ')}`}
      width={bins.length * barPx}
      height={heightPx}
    >
      {bins.map((bin, index) => {
        // A bin that has any is seen.
        const height = bin.count === 0 ? 1 : Math.max(3, Math.round((bin.count / most) * heightPx))
        return (
          <rect
            key={bin.from}
            x={index * barPx}
            y={heightPx - height}
            width={barPx - 1}
            height={height}
            className={bin.count === 0 ? 'histogram-none' : 'histogram-bar'}
          >
            <title>{`${bin.from}–${bin.to} ${unit}s: ${formatNumberOf(bin.count, 'chunk')}`}</title>
          </rect>
        )
      })}
    </svg>
  )
}
