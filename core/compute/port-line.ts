import type { PortLike } from '../contract/channel.ts'

/** Plain data both ways over a port that comes later. */
export interface PortLine<Out, In> {
  /**
   * Rejects where the message is not plain data. What is sent before there is a port waits for it, in order. Ports do
   * not tell when a message has left, so this resolves when the port has it.
   */
  send(message: Out): Promise<void>
  /** One listener; until there is one, nothing is taken from the port. */
  onMessage(listener: (message: In) => void): void
  /** @param onClose Called when the other side closes the port or is gone. */
  connect(port: PortLike, onClose?: () => void): void
}

export function createPortLine<Out, In>(): PortLine<Out, In> {
  let port: PortLike | undefined
  let listener: ((message: In) => void) | undefined
  const waiting: Out[] = []

  const listen = (): void => {
    if (!port || !listener) return
    const heard = listener
    // Electron's ports give an event, Node's the message itself.
    port.on?.('message', (event) => heard((isEvent(event) ? event.data : event) as In))
    port.start?.()
  }

  return {
    async send(message) {
      if (port) port.postMessage(message)
      // Cloned like what a port takes: refused if it is not plain data, and as it is now.
      else waiting.push(structuredClone(message))
    },
    onMessage(given) {
      listener = given
      listen()
    },
    connect(given, onClose) {
      port = given
      if (onClose) port.on?.('close', onClose)
      for (const message of waiting.splice(0)) port.postMessage(message)
      listen()
    },
  }
}

/** Messages between the host and its workers have a `type` and no `data`. */
function isEvent(event: unknown): event is { data: unknown } {
  return typeof event === 'object' && event !== null && 'data' in event
}
