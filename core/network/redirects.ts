/** A request in the shape that can be sent again to where an answer leads. */
export interface Hop {
  url: URL
  method: string
  headers: Headers
  body: BodyInit | null
}

/** More than any honest server needs. */
export const maximumRedirects = 10

/**
 * Where an answer leads, with the request to make there; undefined where it is an answer. After the Fetch standard
 * (https://fetch.spec.whatwg.org/#http-redirect-fetch), but stricter: another origin gets none of the headers that
 * could be a key, whatever they are called. Throws a TypeError, as `fetch` does, where the request cannot be made again.
 */
export function nextHop(hop: Hop, response: Response): Hop | undefined {
  const location = response.headers.get('location')
  if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return undefined
  const url = URL.parse(location, hop.url)
  if (!url) throw new TypeError('fetch failed: the server led to an address that is none')
  url.hash ||= hop.url.hash
  const headers = new Headers(hop.headers)
  const { method } = hop
  const becomesGet =
    (response.status === 303 && method !== 'GET' && method !== 'HEAD') ||
    ((response.status === 301 || response.status === 302) && method === 'POST')
  if (url.origin !== hop.url.origin) {
    for (const name of [...headers.keys()]) if (!harmless.has(name)) headers.delete(name)
  }
  if (becomesGet) {
    for (const name of [...headers.keys()]) if (name.startsWith('content-')) headers.delete(name)
    return { url, method: 'GET', headers, body: null }
  }
  if (isStream(hop.body)) {
    throw new TypeError('fetch failed: the server led elsewhere, and a streamed body cannot be sent twice')
  }
  return { url, method, headers, body: hop.body }
}

/** Whether a body can be read only once. */
export function isStream(body: BodyInit | null): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

/** Say what is wanted, and nothing about who asks. */
const harmless = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'content-encoding',
  'content-language',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'range',
  'user-agent',
])
