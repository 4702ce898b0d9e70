/** The one that is being printed, or was last. */
let frame: HTMLIFrameElement | null = null

/**
 * Prints a document of its own, in a frame that runs no script and, under the page's policy, loads nothing. Its style
 * elements are put in by hand, because the policy keeps them from having an effect.
 */
export async function printHtml(html: string): Promise<void> {
  frame?.remove()
  frame = document.createElement('iframe')
  frame.setAttribute('sandbox', 'allow-same-origin allow-modals')
  frame.setAttribute('aria-hidden', 'true')
  frame.tabIndex = -1
  frame.title = 'To be printed'
  frame.className = 'print-frame'
  const loaded = new Promise((resolve) => frame?.addEventListener('load', resolve, { once: true }))
  frame.srcdoc = html
  document.body.append(frame)
  await loaded
  const inside = frame.contentWindow as (Window & typeof globalThis) | null
  if (!inside) return
  const sheets = [...inside.document.querySelectorAll('style')].map((style) => {
    const sheet = new inside.CSSStyleSheet()
    sheet.replaceSync(style.textContent)
    return sheet
  })
  inside.document.adoptedStyleSheets = sheets
  inside.focus()
  inside.print()
}
