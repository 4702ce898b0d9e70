import { extname } from 'node:path'
import type { Dialog, Session, Shell, WebContents } from 'electron'

/** Where the page lives: a scheme of its own, so that it has an origin without a server. */
export const pageScheme = 'app'
export const pageOrigin = 'app://quarry'

/**
 * Takes everything from the session that the page does not need: no permission is ever granted, and no request leaves
 * for the network. Nothing in this process is meant to use one; this is what proves it.
 * @param developmentOrigin The development server's, for reloading while working on the page; never in a package.
 */
export function secureSession(session: Session, developmentOrigin: string | undefined): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.webRequest.onBeforeRequest((details, callback) => {
    callback({ cancel: !isAllowedRequest(details.url, developmentOrigin) })
  })
  // What the page itself made, such as a table as CSV or a copy of a document; the person is asked where it goes.
  session.on('will-download', (event, item) => {
    if (!item.getURL().startsWith(`blob:${pageOrigin}/`)) event.preventDefault()
  })
}

export interface ContentsDependencies {
  dialog: Pick<Dialog, 'showMessageBox'>
  shell: Pick<Shell, 'openExternal'>
  developmentOrigin: string | undefined
}

/** Keeps a page where it is: it navigates nowhere, opens no windows, embeds nothing. https links are offered outside. */
export function secureContents(contents: WebContents, dependencies: ContentsDependencies): void {
  const { developmentOrigin } = dependencies
  contents.on('will-navigate', (event, url) => {
    if (isPage(url, developmentOrigin)) return
    event.preventDefault()
    void openOutside(url, dependencies)
  })
  contents.on('will-redirect', (event, url) => {
    if (!isPage(url, developmentOrigin)) event.preventDefault()
  })
  contents.on('will-frame-navigate', (event) => {
    if (!event.isMainFrame) event.preventDefault()
  })
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    void openOutside(url, dependencies)
    return { action: 'deny' }
  })
  contents.setWebRTCIPHandlingPolicy('disable_non_proxied_udp')
}

/** Opens an https address in the person's browser, after asking: it is the one thing here that reaches the network. */
export async function openOutside(
  url: string,
  { dialog, shell }: Omit<ContentsDependencies, 'developmentOrigin'>,
): Promise<void> {
  const address = URL.parse(url)
  if (address?.protocol !== 'https:') return
  const { response } = await dialog.showMessageBox({
    type: 'question',
    message: `Open ${address.host} in your browser?`,
    detail: address.href,
    buttons: ['Open', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
  })
  if (response === 0) await shell.openExternal(address.href)
}

/** Whether opening such a file shows it: programs, scripts, web pages and links to others are not opened from here. */
export function isOnlyLookedAt(path: string): boolean {
  return viewedTypes.has(extname(path).toLowerCase())
}

const viewedTypes = new Set(
  ['pdf', 'docx', 'odt', 'rtf', 'xlsx', 'ods', 'csv', 'tsv', 'pptx', 'odp', 'epub', 'txt', 'md', 'eml', 'msg']
    .concat(['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'tif', 'tiff'])
    .map((extension) => `.${extension}`),
)

/** Whether an address is the page itself. */
export function isPage(url: string, developmentOrigin: string | undefined): boolean {
  const address = URL.parse(url)
  if (!address) return false
  // Node gives schemes of its own no origin, so it is put together here.
  if (`${address.protocol}//${address.host}` === pageOrigin) return true
  return developmentOrigin !== undefined && address.origin === developmentOrigin
}

function isAllowedRequest(url: string, developmentOrigin: string | undefined): boolean {
  if (/^(app:\/\/quarry\/|devtools:|blob:|data:)/.test(url)) return true
  const origin = URL.parse(url)?.origin.replace(/^ws/, 'http')
  return developmentOrigin !== undefined && origin === developmentOrigin
}
