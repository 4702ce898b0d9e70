import { realpath, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'

export interface PageFile {
  path: string
  /** Bytes. */
  size: number
  type: string
  /** Whether its name holds a hash of its content, so that it may be kept for ever. */
  immutable: boolean
}

/**
 * The file of the built page that answers a request, or undefined. A path without an extension is a place in the page,
 * so it gets index.html.
 * @param pathname As in a URL, still percent-encoded. Nothing outside of the folder is ever found.
 */
export async function findPageFile(folder: string, pathname: string): Promise<PageFile | undefined> {
  const decoded = decode(pathname)
  if (decoded === undefined || decoded.includes('\0') || decoded.includes('\\')) return undefined
  const wanted = extname(decoded) === '' ? '/index.html' : decoded
  const root = await realpath(resolve(folder)).catch(() => undefined)
  if (root === undefined) return undefined
  const joined = join(root, wanted)
  if (!joined.startsWith(root + sep)) return undefined
  // Links are followed before the comparison, so that none leads out.
  const path = await realpath(joined).catch(() => undefined)
  if (!path?.startsWith(root + sep)) return undefined
  const information = await stat(path)
  if (!information.isFile()) return undefined
  const type = types[extname(path).toLowerCase()] ?? 'application/octet-stream'
  return { path, size: information.size, type, immutable: wanted.startsWith('/assets/') }
}

/**
 * Headers for every answer that the page is made of. The policy allows nothing but the page's own files and, on
 * loopback, its own host; styles set by scripts (`element.style`) are not affected by it.
 */
export const pageHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    // The style elements that react-aria and the plots add, by their content.
    "style-src 'self' 'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' 'sha256-+TfQir1nvDucAdvE6XUQBt4ayUjpAWkbw2kCdSfekHM='",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), payment=()',
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
}

function decode(pathname: string): string | undefined {
  try {
    return decodeURIComponent(pathname)
  } catch {
    return undefined
  }
}
