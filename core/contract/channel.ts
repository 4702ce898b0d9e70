/**
 * An ordered, reliable pipe of messages that can close: a MessagePort, a WebSocket, a pair in memory. It is all a wire
 * has to provide; calls, streams, errors and cancellation are the same code over every one of them.
 */
export interface Channel {
  readonly closed: boolean
  /** Never throws; what is sent after the close is dropped. */
  send(message: ChannelMessage): void
  /** A promise while so much waits to be sent that a producer should pause; undefined when it may go on. */
  drained(): Promise<void> | undefined
  /** Messages that came before there was a listener are kept for it. One listener. */
  onMessage(listener: (message: ChannelMessage) => void): void
  /** Called once, whichever side closed; at once if that has happened already. */
  onClose(listener: () => void): void
  close(): void
}

export type ChannelMessage = string | Uint8Array<ArrayBuffer>

/** What a MessagePort of the page, of Node, or Electron's MessagePortMain have in common. */
export interface PortLike {
  postMessage(message: unknown): void
  start?(): void
  close(): void
  /** Node and Electron; the page's ports have addEventListener instead. */
  on?(type: 'message' | 'close', listener: (event: unknown) => void): unknown
  addEventListener?(type: 'message' | 'close', listener: (event: unknown) => void): void
}

export function channelOverPort(port: PortLike): Channel {
  const events = channelEvents()
  const listen = (type: 'message' | 'close', listener: (event: unknown) => void): void => {
    if (port.addEventListener) port.addEventListener(type, listener)
    else port.on?.(type, listener)
  }
  listen('message', (event) => {
    const data = typeof event === 'object' && event !== null && 'data' in event ? event.data : event
    // A port's close event is only known to one side where the other process dies in some hosts: the word is sent too.
    if (data === null) {
      port.close()
      events.close()
    } else events.message(data)
  })
  listen('close', events.close)
  port.start?.()
  return {
    get closed() {
      return events.closed
    },
    send: (message) => {
      if (!events.closed) port.postMessage(message)
    },
    drained: () => undefined,
    onMessage: events.onMessage,
    onClose: events.onClose,
    close: () => {
      if (events.closed) return
      port.postMessage(null)
      port.close()
      events.close()
    },
  }
}

/** The members of a WebSocket that are used, in a browser, in Node and in the `ws` package. */
export interface WebSocketLike {
  binaryType: string
  readonly bufferedAmount: number
  send(data: ChannelMessage): void
  close(code?: number): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
  addEventListener(type: 'close' | 'error', listener: () => void): void
}

/** @param socket An open one. */
export function channelOverWebSocket(socket: WebSocketLike): Channel {
  const events = channelEvents()
  socket.binaryType = 'arraybuffer'
  socket.addEventListener('message', (event) => events.message(event.data))
  socket.addEventListener('close', events.close)
  // Without a listener Node's sockets throw; the close event follows.
  socket.addEventListener('error', () => {})
  return {
    get closed() {
      return events.closed
    },
    send: (message) => {
      if (!events.closed) socket.send(message)
    },
    drained: () => (socket.bufferedAmount > pauseAboveBytes ? socketDrained(socket, events) : undefined),
    onMessage: events.onMessage,
    onClose: events.onClose,
    close: () => {
      socket.close(1000)
      events.close()
    },
  }
}

/** Two ends in one process. Messages arrive in later microtasks, never inside `send`. */
export function channelPair(): [Channel, Channel] {
  const one = channelEvents()
  const two = channelEvents()
  const close = (): void => {
    one.close()
    two.close()
  }
  const end = (own: ChannelEvents, other: ChannelEvents): Channel => ({
    get closed() {
      return own.closed
    },
    send: (message) => queueMicrotask(() => other.message(message)),
    drained: () => undefined,
    onMessage: own.onMessage,
    onClose: own.onClose,
    close,
  })
  return [end(one, two), end(two, one)]
}

const pauseAboveBytes = 1 << 20

/** Sockets have no event for this, so it is looked at now and then. */
async function socketDrained(socket: WebSocketLike, events: ChannelEvents): Promise<void> {
  while (!events.closed && socket.bufferedAmount > pauseAboveBytes / 2) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

interface ChannelEvents {
  readonly closed: boolean
  message(data: unknown): void
  close(): void
  onMessage(listener: (message: ChannelMessage) => void): void
  onClose(listener: () => void): void
}

function channelEvents(): ChannelEvents {
  let closed = false
  let listener: ((message: ChannelMessage) => void) | undefined
  const early: ChannelMessage[] = []
  const closeListeners: (() => void)[] = []
  return {
    get closed() {
      return closed
    },
    message: (data) => {
      const message = toMessage(data)
      if (closed || message === undefined) return
      if (listener) listener(message)
      else early.push(message)
    },
    close: () => {
      if (closed) return
      closed = true
      for (const each of closeListeners) each()
    },
    onMessage: (added) => {
      listener = added
      for (const message of early.splice(0)) added(message)
    },
    onClose: (added) => {
      if (closed) added()
      else closeListeners.push(added)
    },
  }
}

/** Undefined for what no end of ours sends. */
function toMessage(data: unknown): ChannelMessage | undefined {
  if (typeof data === 'string') return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  if (data instanceof Uint8Array) return data as Uint8Array<ArrayBuffer>
  return undefined
}
