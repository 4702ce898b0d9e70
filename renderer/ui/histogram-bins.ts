export interface Bin {
  from: number
  /** Inclusive. */
  to: number
  count: number
}

/**
 * How many chunks there are of each size, in equal steps that a person would choose. `upTo`: where the bins end, so that
 * several histograms can be compared; by default with the largest size.
 */
export function histogramOf(
  sizes: readonly number[],
  { mostBins = 16, upTo = 0 }: { mostBins?: number; upTo?: number } = {},
): Bin[] {
  const most = sizes.reduce((largest, size) => Math.max(largest, size), upTo)
  if (most === 0) return []
  const step = steps.find((candidate) => (most + 1) / candidate <= mostBins) ?? Math.ceil((most + 1) / mostBins)
  const bins: Bin[] = Array.from({ length: Math.floor(most / step) + 1 }, (_, index) => ({
    from: index * step,
    to: (index + 1) * step - 1,
    count: 0,
  }))
  for (const size of sizes) {
    const bin = bins[Math.floor(size / step)]
    if (bin) bin.count++
  }
  return bins
}

const steps = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192]
