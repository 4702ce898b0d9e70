import { getDocument, type PDFDocumentProxy, PDFWorker, version } from 'pdfjs-dist'
import workerUrl from 'pdfjs-dist/build/pdf.worker.min.mjs?url'
import type { DocumentId } from '../../../core/shared/ids.ts'
import { readOriginal } from '../../state/original-file.ts'

/** A file that is shown, or was a moment ago: going from citation to citation does not read it again. */
interface Kept {
  key: string
  users: number
  pdf: Promise<PDFDocumentProxy>
  progress: Set<(share: number) => void>
  timer: ReturnType<typeof setTimeout> | undefined
  close(): void
}

const keptMs = 30_000
const opened = new Map<string, Kept>()

export interface PdfInUse {
  /** Errors: those of reading the file; whatever the library says of a file that it cannot open. */
  pdf: Promise<PDFDocumentProxy>
  release(): void
}

/** @param version Of the document: another version is another file. */
export function takePdf(
  documentId: DocumentId,
  documentVersion: number,
  onProgress: (share: number) => void,
): PdfInUse {
  const key = `${documentId} ${documentVersion}`
  const kept = opened.get(key) ?? open(documentId, key)
  clearTimeout(kept.timer)
  kept.users += 1
  kept.progress.add(onProgress)
  let isReleased = false
  return {
    pdf: kept.pdf,
    release() {
      if (isReleased) return
      isReleased = true
      kept.progress.delete(onProgress)
      kept.users -= 1
      if (kept.users > 0) return
      kept.timer = setTimeout(() => kept.close(), keptMs)
      // One that waits is enough.
      for (const other of opened.values()) if (other !== kept && other.users === 0) other.close()
    },
  }
}

function open(documentId: DocumentId, key: string): Kept {
  const controller = new AbortController()
  const progress = new Set<(share: number) => void>()
  const closing = new AsyncDisposableStack()
  const pdf = (async () => {
    const { bytes } = await readOriginal(documentId, {
      signal: controller.signal,
      onProgress: (share) => progress.forEach((listener) => listener(share)),
    })
    const worker = new Worker(workerUrl, { type: 'module', name: 'pdf' })
    closing.defer(() => worker.terminate())
    // The library's types know only its own default.
    const task = getDocument({ data: bytes, worker: new PDFWorker({ port: worker as unknown as null }), ...settings })
    closing.defer(() => task.destroy())
    return await task.promise
  })()
  const kept: Kept = {
    key,
    users: 0,
    pdf,
    progress,
    timer: undefined,
    close() {
      if (opened.get(key) === kept) opened.delete(key)
      clearTimeout(kept.timer)
      controller.abort()
      void pdf.then(
        () => closing.disposeAsync(),
        () => closing.disposeAsync(),
      )
    },
  }
  // What failed may go well the next time.
  pdf.catch(() => kept.close())
  opened.set(key, kept)
  return kept
}

const resources = new URL(`/assets/pdf-${version}/`, window.location.href).href

/** Nothing of a file runs, and nothing is fetched but the library's own data from the page's own files. */
const settings = {
  verbosity: 0,
  cMapUrl: `${resources}cmaps/`,
  cMapPacked: true,
  standardFontDataUrl: `${resources}standard_fonts/`,
  wasmUrl: `${resources}wasm/`,
  // The page's policy forbids WebAssembly; decoders in plain JavaScript take its place.
  useWasm: false,
  useWorkerFetch: true,
  enableXfa: false,
  disableAutoFetch: true,
  maxImageSize: 75_000_000,
  canvasMaxAreaInBytes: 256_000_000,
}
