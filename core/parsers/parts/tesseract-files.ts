import { createRequire } from 'node:module'
import { sep } from 'node:path'

/** Threads and WebAssembly are not loaded from inside a packaged archive; electron-builder.yml lays these beside it. */
export function resolveUnpacked(specifier: string): string {
  const path = createRequire(import.meta.url).resolve(specifier)
  return path.replace(`app.asar${sep}`, `app.asar.unpacked${sep}`)
}
