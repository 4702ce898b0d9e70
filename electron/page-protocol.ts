import { readFile } from 'node:fs/promises'
import { findPageFile, pageHeaders } from '../core/host/page-files.ts'
import { pageOrigin } from './security.ts'

/** Answers requests of the page's own scheme with files of the built page. */
export function createPageHandler(rendererFolder: string): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = URL.parse(request.url)
    if (!url || `${url.protocol}//${url.host}` !== pageOrigin || request.method !== 'GET') return refused(403)
    const file = await findPageFile(rendererFolder, url.pathname)
    if (!file) return refused(404)
    // Files in the archive cannot be streamed everywhere; the page is a few hundred kilobytes.
    return new Response(await readFile(file.path), { headers: { ...pageHeaders, 'content-type': file.type } })
  }
}

function refused(status: number): Response {
  return new Response('Not found', { status, headers: { ...pageHeaders, 'content-type': 'text/plain' } })
}
