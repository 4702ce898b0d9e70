/** The one that is being printed, or was last. */
let frame: HTMLIFrameElement | null = null

/**
 * Prints a document of its own, in a frame that runs no script and, under the page's policy, loads nothing. The policy
 * keeps style elements from having an effect, so they are put in by hand.
 */
export async function printHtml(html: string): Promise<void> {
  const { text, styles } = withoutStyles(html)
  frame?.remove()
  const made = document.createElement('iframe')
  frame = made
  made.setAttribute('sandbox', 'allow-same-origin allow-modals')
  made.setAttribute('aria-hidden', 'true')
  made.tabIndex = -1
  made.title = 'To be printed'
  made.className = 'print-frame'
  const loaded = new Promise((resolve) => made.addEventListener('load', resolve, { once: true }))
  made.srcdoc = text
  document.body.append(made)
  await loaded
  const inside = made.contentWindow as (Window & typeof globalThis) | null
  if (!inside) return
  inside.document.adoptedStyleSheets = styles.map((style) => {
    const sheet = new inside.CSSStyleSheet()
    sheet.replaceSync(style)
    return sheet
  })
  inside.focus()
  inside.print()
}

/** Taken out as text: even a document that is only parsed is held to the policy. What people wrote has no '<' in it. */
function withoutStyles(html: string): { text: string; styles: string[] } {
  const styles: string[] = []
  const text = html.replace(/<style>([\s\S]*?)<\/style>/g, (_, style: string) => {
    styles.push(style)
    return ''
  })
  return { text, styles }
}
