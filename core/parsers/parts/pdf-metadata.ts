import type { Metadata } from '../../contract/parsed-document.ts'
import { garbageShare } from './decode-text.ts'
import { cleanText, collapse } from './document-builder.ts'

/** What a PDF says of itself in its information dictionary (ISO 32000-2, 14.3.3), junk left out. */
export function readInformation(info: Record<string, unknown>): Metadata {
  const metadata: Metadata = {}
  const set = (key: string, value: string | string[] | undefined): void => {
    if (value !== undefined && value.length > 0) metadata[key] = value
  }
  set('title', statedTitle(info['Title']))
  set('author', readable(info['Author'], 500))
  set('subject', readable(info['Subject'], 1000))
  set('keywords', keywords(info['Keywords']))
  set('language', readable(info['Language'], 40))
  set('created', isoDate(info['CreationDate']))
  set('modified', isoDate(info['ModDate']))
  return metadata
}

/** Producers write file names and placeholders into the title; those name nothing. */
export function statedTitle(value: unknown): string | undefined {
  const title = readable(value, 300)?.replace(/^microsoft (?:word|powerpoint|excel) - /i, '')
  if (title === undefined || title.length < 3 || placeholder.test(title)) return undefined
  if (/\.(docx?|pptx?|xlsx?|pdf|dvi|tex|indd|qxd|fm|rtf|txt|html?|odt|pages|wpd|cdr|ai)$/i.test(title)) return undefined
  // "annual-report_v2", "C:\\temp\\x": names of files.
  if (!/\s/.test(title) && (/[_\\/]/.test(title) || /^[a-z\d]+(?:-[a-z\d]+)+$/.test(title))) return undefined
  return title
}

const placeholder =
  /^\(?(?:untitled.*|unbenannt.*|anonymous|document ?\d*|title|none|null|powerpoint presentation|powerpoint-präsentation|présentation powerpoint|presentation ?\d*|slide \d+|new document|layout \d+|print|image|scan.*\d{4,}.*)\)?$/i

function readable(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = collapse(cleanText(value.replaceAll('\0', '')))
  if (/^\(?(?:anonymous|unspecified|unknown|user|administrator|admin|author|owner)\)?$/i.test(text)) return undefined
  return text === '' || garbageShare(text) > 0 ? undefined : text.slice(0, longest).toWellFormed()
}

function keywords(value: unknown): string[] | undefined {
  const text = readable(value, 5000)
  if (text === undefined) return undefined
  const separator = text.includes(';') ? ';' : ','
  const words = text.split(separator).map((word) => word.trim().replaceAll(/^["']|["']$/g, ''))
  return [...new Set(words.filter((word) => word !== ''))].slice(0, 100)
}

/** "D:20240131235900+01'00'" (ISO 32000-2, 7.9.4) as ISO 8601; parts that are not stated are left out. */
function isoDate(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  const match =
    /^D?:?(\d{4})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2})(?:(\d{2}))?)?)?)?)?(?:([+-])(\d{2})'?(\d{2})?'?|Z)?/.exec(
      value,
    )
  if (!match) return undefined
  const [, year = '', month, day, hour, minute, second = '00', sign, zoneHours = '', zoneMinutes = '00'] = match
  const date = [year, month, day].filter((part) => part !== undefined).join('-')
  if (hour === undefined || minute === undefined) return isDate(date) ? date : undefined
  const zone = sign ? `${sign}${zoneHours}:${zoneMinutes}` : /Z/.test(value) ? 'Z' : ''
  const iso = `${date}T${hour}:${minute}:${second}${zone}`
  return isDate(iso) ? iso : undefined
}

function isDate(text: string): boolean {
  return !Number.isNaN(Date.parse(text)) && Number(text.slice(0, 4)) > 1970
}
