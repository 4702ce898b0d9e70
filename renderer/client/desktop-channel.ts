import { channelOverPort, type Channel } from '../../core/contract/channel.ts'
import { fromErrorData, type ErrorData } from '../../core/contract/errors.ts'
import type { ShellBridge } from '../../core/contract/shell-bridge.ts'

let lastRequest = 0

/** Asks the shell for a port to the core host and waits for it: the host may still be starting. */
export function openDesktopChannel(shell: Pick<ShellBridge, 'requestPort'>): Promise<Channel> {
  const request = ++lastRequest
  return new Promise((resolve, reject) => {
    const onMessage = (event: MessageEvent<unknown>): void => {
      // The preload script posts into its own window: anything from elsewhere is not ours.
      if (event.source !== window || !isAnswer(event.data) || event.data.request !== request) return
      window.removeEventListener('message', onMessage)
      const port = event.ports[0]
      if (event.data.type === 'quarry-port' && port) resolve(closedWithHost(channelOverPort(port)))
      else if (event.data.error) reject(fromErrorData(event.data.error))
    }
    window.addEventListener('message', onMessage)
    shell.requestPort(request)
  })
}

/** A port does not tell in every case that the process at its other end died; the shell does. */
function closedWithHost(channel: Channel): Channel {
  const onMessage = (event: MessageEvent<unknown>): void => {
    if (event.source === window && isHostLost(event.data)) channel.close()
  }
  window.addEventListener('message', onMessage)
  channel.onClose(() => window.removeEventListener('message', onMessage))
  return channel
}

function isHostLost(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'quarry-host-lost'
}

interface Answer {
  type: 'quarry-port' | 'quarry-port-refused'
  request: number
  error?: ErrorData
}

function isAnswer(data: unknown): data is Answer {
  if (typeof data !== 'object' || data === null || !('type' in data)) return false
  return data.type === 'quarry-port' || data.type === 'quarry-port-refused'
}
