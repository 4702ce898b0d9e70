import { strToU8, zipSync } from 'fflate'

/** For tests: the prefixes that OpenDocument files use. */
export const namespaces = 'chart dc draw manifest meta office presentation style svg table text xlink'
  .split(' ')
  .map((name) => `xmlns:${name}="http://example.org/${name}"`)
  .join(' ')

export interface OpenDocumentSample {
  /** What stands below office:text or office:presentation. */
  body: string
  styles?: string
  meta?: string
  /** Further members; one of the usual ones replaces it. */
  parts?: Record<string, string>
}

/** For tests: a small OpenDocument file. */
export function makeOpenDocument(
  kind: 'text' | 'presentation',
  { body, styles = '', meta = '', parts = {} }: OpenDocumentSample,
): Uint8Array {
  const files: Record<string, string> = {
    'content.xml': `<?xml version="1.0"?><office:document-content ${namespaces}><office:automatic-styles/><office:body><office:${kind}>${body}</office:${kind}></office:body></office:document-content>`,
    'styles.xml': `<office:document-styles ${namespaces}><office:styles>${styles}</office:styles></office:document-styles>`,
    'meta.xml': `<office:document-meta ${namespaces}><office:meta>${meta}</office:meta></office:document-meta>`,
    ...parts,
  }
  const members = Object.entries(files).map(([path, text]) => [path, strToU8(text)] as const)
  const mimetype = strToU8(`application/vnd.oasis.opendocument.${kind}`)
  return zipSync({ mimetype: [mimetype, { level: 0 }], ...Object.fromEntries(members) })
}

export function paragraph(content: string, style?: string): string {
  return `<text:p${style === undefined ? '' : ` text:style-name="${style}"`}>${content}</text:p>`
}
