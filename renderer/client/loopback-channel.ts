import { channelOverWebSocket, type Channel, type WebSocketLike } from '../../core/contract/channel.ts'
import { AppError } from '../../core/contract/errors.ts'
import { connectionLost } from '../../core/contract/wire-errors.ts'

const tokenKey = 'quarry-token'

/**
 * Connects to the `quarry serve` that this page came from. The token arrives once, in the fragment of the printed
 * address (which browsers never send), and is kept in this origin's storage: unlike a cookie it does not go along by
 * itself, and not to other ports of this machine.
 */
export async function openLoopbackChannel(): Promise<Channel> {
  const token = takeToken()
  if (token === null) throw tokenRefused()
  // A failed upgrade tells a page nothing, so the token is tried where the answer can be read.
  const response = await fetch('/session', { headers: { authorization: `Bearer ${token}` } }).catch(
    (error: unknown) => {
      throw connectionLost(error)
    },
  )
  if (response.status === 401) throw tokenRefused()
  if (!response.ok) throw connectionLost()
  const url = new URL('/ws', location.href)
  url.protocol = 'ws:'
  return openSocket(new WebSocket(url, ['quarry', `token.${token}`]))
}

function takeToken(): string | null {
  const token = /^#token=([\w-]+)$/.exec(location.hash)?.[1]
  if (token === undefined) return localStorage.getItem(tokenKey)
  localStorage.setItem(tokenKey, token)
  // Out of the address bar, the history and screenshots.
  history.replaceState(history.state, '', location.pathname + location.search)
  return token
}

function openSocket(socket: WebSocket): Promise<Channel> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve(channelOverWebSocket(socket as WebSocketLike)), { once: true })
    socket.addEventListener('close', () => reject(connectionLost()), { once: true })
  })
}

function tokenRefused(): AppError {
  return new AppError(
    'request-refused',
    'This page has no valid key for the running Quarry. Open the address that "quarry serve" printed when it started.',
  )
}
