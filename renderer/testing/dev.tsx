import { createRoot } from 'react-dom/client'
import { App } from '../app/app.tsx'
import type { ConnectionStatus } from '../client/connect.ts'
import { followConnection } from '../state/connection.ts'
import { applyTheme } from '../state/preferences.ts'
import { createFakeClient } from './fake-client.ts'
import '../styles/all.css'

/** The page over a core in memory: `?empty` for the first run, `?large=N` documents, `?lost` for a lost connection. */
const parameters = new URLSearchParams(window.location.search)
const files = import.meta.glob<string>('../../resources/demo/corpus/**/*.{md,csv,txt}', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const texts = Object.fromEntries(Object.entries(files).map(([path, text]) => [path.replace(/^.*\/corpus\//, ''), text]))
const status: ConnectionStatus = parameters.has('lost')
  ? {
      state: 'lost',
      error: { code: 'connection-lost', message: 'The connection to Quarry was lost.', retryable: true, details: {} },
      attempt: 2,
      retryAt: Date.now() + 8000,
    }
  : { state: 'open' }

applyTheme()
followConnection({
  client: createFakeClient({
    empty: parameters.has('empty'),
    large: Number(parameters.get('large') ?? 10_000),
    paceMs: Number(parameters.get('pace') ?? 40),
    texts,
  }),
  getStatus: () => status,
  subscribe: () => () => {},
  retry: () => {},
})
const root = document.getElementById('root')
if (root) createRoot(root).render(<App />)
