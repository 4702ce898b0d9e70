/** Numbers and times as people read them. Pure; the language is English, as the interface is. */

const whole = new Intl.NumberFormat('en')
const dateAndTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })

/** 12345 → '12,345'. */
export function formatCount(value: number): string {
  return whole.format(value)
}

/** '1 document', '12,345 documents'. */
export function formatNumberOf(value: number, noun: string, plural = `${noun}s`): string {
  return `${whole.format(value)} ${value === 1 ? noun : plural}`
}

/** Bytes in powers of 1000, as file managers show them: 999 → '999 B', 1536 → '1.5 kB'. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  // 999.5 and more would be written '1000'.
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const text = unit === 0 || value >= 99.95 ? Math.round(value).toString() : value.toFixed(1)
  return `${text} ${units[unit]}`
}

/** Milliseconds: '0.4 ms', '38 ms', '1.2 s', '2 min 5 s', '3 h 4 min'. */
export function formatDuration(ms: number): string {
  if (ms < 1) return `${ms.toFixed(1)} ms`
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return joined(Math.floor(seconds / 60), 'min', seconds % 60, 's')
  const minutes = Math.round(seconds / 60)
  return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

/** Time left, rounded to what an estimate can promise. */
export function formatTimeLeft(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000))
  if (seconds < 60) return `about ${seconds} s left`
  if (seconds < 3600) return `about ${Math.round(seconds / 60)} min left`
  return `about ${(seconds / 3600).toFixed(1)} h left`
}

/** Items a second: '0.8 files/s', '12 files/s'. */
export function formatRate(rate: number, unit: string): string {
  return `${rate < 9.95 ? rate.toFixed(1) : whole.format(Math.round(rate))} ${unit}/s`
}

/** A retrieval score with as many digits as tell results apart. */
export function formatScore(score: number): string {
  return Math.abs(score) >= 10 ? score.toFixed(1) : score.toFixed(3)
}

/** Milliseconds since 1970: today as a clock time, else with the date. */
export function formatWhen(at: number, now: number = Date.now()): string {
  const sameDay = new Date(at).toDateString() === new Date(now).toDateString()
  return sameDay ? `today ${clock.format(at)}` : dateAndTime.format(at)
}

/** How long ago, as people say it: 'just now', '5 minutes ago', 'yesterday', '3 months ago'. */
export function formatAgo(at: number, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - at) / 1000)
  if (seconds < 45) return 'just now'
  const [unit, size] = agoUnits.find(([, unitSize]) => seconds >= 0.99 * unitSize) ?? ['minute', 60]
  return ago.format(-Math.round(seconds / size), unit)
}

const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const agoUnits: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ['year', 365.25 * 86_400],
  ['month', 30.44 * 86_400],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
]

/** 'page 3', 'pages 3–4', or '' where the format has none. */
export function formatPages(first: number | null, last: number | null = first): string {
  if (first === null) return ''
  return last === null || last === first ? `page ${first}` : `pages ${first}–${last}`
}

/** The share done, 0 to 1, or null while the total is unknown. */
export function shareOf(done: number, total: number | undefined): number | null {
  if (total === undefined) return null
  return total === 0 ? 1 : Math.min(1, done / total)
}

function joined(big: number, bigUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${big} ${bigUnit}` : `${big} ${bigUnit} ${small} ${smallUnit}`
}
