import type { Nodes, Root } from 'mdast'

export type ReadMarkdown = (text: string) => Root

/** What of Markdown the page does not take for it either: raw HTML, images, references and escapes stay their characters. */
const literal = [
  ...['htmlFlow', 'htmlText', 'definition', 'labelStartImage', 'codeIndented', 'characterEscape'],
  ...[
    'characterReference',
    'autolink',
    'literalAutolink',
    'setextUnderline',
    'gfmFootnoteDefinition',
    'gfmFootnoteCall',
  ],
]

/** Loaded with the first export: most processes never make one. */
export async function loadMarkdown(): Promise<{
  /** As answers are shown: what could do something is text. */
  asShown: ReadMarkdown
  /** As other programs read it. */
  asIs: ReadMarkdown
}> {
  const [{ fromMarkdown }, { gfmFromMarkdown }, { gfm }] = await Promise.all([
    import('mdast-util-from-markdown'),
    import('mdast-util-gfm'),
    import('micromark-extension-gfm'),
  ])
  return {
    asShown: (text) =>
      fromMarkdown(text, {
        extensions: [gfm({ singleTilde: false }), { disable: { null: literal } }],
        mdastExtensions: [gfmFromMarkdown()],
      }),
    asIs: (text) => fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }),
  }
}

/** Only such addresses become links. */
export function isWebAddress(url: string): boolean {
  return /^https?:\/\/[^\s]+$/i.test(url)
}

export function offsetsOf({ position }: Nodes): { start: number; end: number } {
  return { start: position?.start.offset ?? 0, end: position?.end.offset ?? 0 }
}
