import { AppError } from '../contract/errors.ts'

/**
 * Whether a host names this machine by itself: 127.0.0.0/8, ::1, localhost. A name that merely resolves to such an
 * address does not, because whoever owns the name decides tomorrow where it leads.
 * @param hostname As in `URL.hostname`: small letters, numbers of any spelling brought into the usual one.
 */
export function isThisMachine(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}

/**
 * A host as a person wrote it, in the form that is kept and compared: 'example.com', 'example.com:8443', '[::1]:8080',
 * '*.example.com'. Of an address, its host. The usual ports, 443 and 80, go without saying. Errors: input-invalid.
 */
export function readHost(text: string): string {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  if (address && !/^https?:/i.test(text)) throw notAHost(text)
  const below = !address && text.startsWith('*.')
  const url = URL.parse(address ? text : `https://${below ? text.slice(2) : bracketed(text)}`)
  if (!url || url.hostname === '' || url.username !== '' || url.password !== '') throw notAHost(text)
  if (!address && (url.pathname !== '/' || url.search !== '' || url.hash !== '')) throw notAHost(text)
  // The whole of '.com' is nobody's, and numbers have nothing below them.
  if (below && (!/^[^.:]+\..*[^.\d]/.test(url.hostname) || url.hostname.startsWith('['))) throw notAHost(text)
  if (!/^(\[[0-9a-f:.]+\]|[a-z0-9_-]+(\.[a-z0-9_-]+)*)$/.test(url.hostname)) throw notAHost(text)
  // Longer than a name can be (RFC 1035).
  if (url.hostname.length > 253) throw notAHost(text)
  const host = url.port === '80' ? url.hostname : url.host
  return below ? `*.${host}` : host
}

/** Whether an entry of the list speaks of this address. */
export function coversHost(entry: string, url: URL): boolean {
  return entry.startsWith('*.') ? url.host.endsWith(entry.slice(1)) : url.host === entry
}

/** Whether an entry of the list is a server on this machine. */
export function entryIsThisMachine(entry: string): boolean {
  const hostname = URL.parse(`https://${entry}`)?.hostname
  return hostname !== undefined && isThisMachine(hostname)
}

/** '::1' for '[::1]'. */
function bracketed(text: string): string {
  return /^[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*$/i.test(text) ? `[${text}]` : text
}

function notAHost(text: string): AppError {
  return new AppError(
    'input-invalid',
    `"${text.slice(0, 100)}" is not a host. Write it like api.example.com, 127.0.0.1:11434 or *.example.com.`,
  )
}
