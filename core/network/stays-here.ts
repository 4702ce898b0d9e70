import { lookup } from 'node:dns/promises'

/**
 * Whether a connection to a host that names this machine would end on this machine. Two things could lead it away: a
 * hosts file or resolver that sends 'localhost' elsewhere, and a proxy that Node was told to use for everything
 * (`NODE_USE_ENV_PROXY`) without an exception for this machine.
 */
export async function staysHere(url: URL, environment: NodeJS.ProcessEnv, nodeArguments: readonly string[]) {
  if (goesThroughProxy(url, environment, nodeArguments)) return false
  if (url.hostname !== 'localhost') return true
  const addresses = await lookup('localhost', { all: true }).catch(() => [])
  return addresses.every(({ address }) => address === '::1' || /^127\./.test(address))
}

/** As Node 24 decides it: https://nodejs.org/docs/latest-v24.x/api/http.html#built-in-proxy-support */
function goesThroughProxy(url: URL, environment: NodeJS.ProcessEnv, nodeArguments: readonly string[]): boolean {
  const told =
    environment.NODE_USE_ENV_PROXY === '1' ||
    nodeArguments.includes('--use-env-proxy') ||
    (environment.NODE_OPTIONS ?? '').includes('--use-env-proxy')
  if (!told) return false
  const names = url.protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY']
  if (!names.some((name) => environment[name])) return false
  const exceptions = (environment.no_proxy ?? environment.NO_PROXY ?? '').split(/[\s,]+/)
  // Only what says it outright: ranges and suffixes are read differently from version to version.
  return ![url.hostname, url.hostname.replaceAll(/[[\]]/g, ''), url.host, '*'].some((name) => exceptions.includes(name))
}
