/**
 * A date as files write it, in ISO 8601: a date alone stays one ("2024-03-09"), a time with its zone becomes UTC
 * ("2024-03-09T07:30:00Z"), a time without a zone stays as it is said, for the machine's zone must not decide.
 * Understands ISO 8601, RFC 5322 ("Sat, 9 Mar 2024 08:30:00 +0100") and English dates with the month's name.
 * Undefined for anything else.
 */
export function isoDate(text: string): string | undefined {
  const said = text.trim().slice(0, 100)
  return fromIso(said) ?? fromEnglish(said)
}

function fromIso(text: string): string | undefined {
  const found =
    /^(\d{4})-?(\d\d)-?(\d\d)(?:[T ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?$/i.exec(
      text,
    )
  if (!found) return /^\d{4}(-(0[1-9]|1[0-2]))?$/.test(text) ? text : undefined
  const [, year = '', month = '', day = '', hour, minute, second, zone] = found
  return combine(year, month, day, hour, minute, second, zone)
}

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

function fromEnglish(text: string): string | undefined {
  const time = /\b(\d{1,2}):(\d\d)(?::(\d\d))?\s*(Z\b|UTC|GMT|[+-]\d\d:?\d\d)?/i.exec(text)
  const rest = time ? text.slice(0, time.index) : text
  const found = /\b(\d{1,2})(?:st|nd|rd|th)?\.?[ -]([a-z]{3})[a-z]*\.?,?[ -](\d{4})\b/i.exec(rest)
  const american = /\b([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b/i.exec(rest)
  const [day, name, year] = found ? [found[1], found[2], found[3]] : [american?.[2], american?.[1], american?.[3]]
  const month = months.indexOf(name?.toLowerCase() ?? '')
  if (month < 0 || day === undefined || year === undefined) return undefined
  const two = (part: string | number): string => String(part).padStart(2, '0')
  const hour = time?.[1]
  return combine(year, two(month + 1), two(day), hour && two(hour), time?.[2], time?.[3], time?.[4])
}

function combine(
  year: string,
  month: string,
  day: string,
  hour?: string,
  minute?: string,
  second = '00',
  zone?: string,
): string | undefined {
  const date = `${year}-${month}-${day}`
  // Rolls over where the day does not exist, which is how it is noticed.
  const at = new Date(`${date}T${hour ?? '00'}:${minute ?? '00'}:${second}Z`)
  if (Number.isNaN(at.getTime()) || !at.toISOString().startsWith(date)) return undefined
  if (hour === undefined || minute === undefined) return date
  if (zone === undefined) return `${date}T${hour}:${minute}:${second}`
  const offset = /^([+-])(\d\d):?(\d\d)$/.exec(zone)
  const minutes = offset ? (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) : 0
  return new Date(at.getTime() - minutes * 60_000).toISOString().replace('.000', '')
}
