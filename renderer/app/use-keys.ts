import { useEffect, useState } from 'react'
import { useInspector, usePagePanel } from '../state/inspector.ts'
import { usePreferences } from '../state/preferences.ts'
import { navigate } from '../state/route.ts'

/** What the keys do, for the dialog that shows them. */
export const keyHelp: { title: string; keys: [string[], string][] }[] = [
  {
    title: 'Anywhere',
    keys: [
      [['Ctrl/⌘', 'K'], 'Find a page, bot, conversation, collection, document or model'],
      [['/'], 'Go to the question or the filter'],
      [['?'], 'Show these keys'],
      [['g', 'h'], 'Chat'],
      [['g', 'b'], 'Bots'],
      [['g', 'a'], 'Ask'],
      [['g', 'l'], 'Library'],
      [['g', 'm'], 'Models'],
      [['g', 'p'], 'Providers'],
      [['g', 'n'], 'Network'],
      [['g', 'c'], 'Chunk lab'],
      [['g', 'd'], 'Datasets'],
      [['g', 'r'], 'Runs'],
      [['g', 'u'], 'Tune'],
      [['g', 'i'], 'Pipelines'],
      [['g', 'o'], 'Prompts'],
      [['g', 't'], 'Traces'],
      [['g', 's'], 'Settings'],
    ],
  },
  {
    title: 'Panel on the right',
    keys: [
      [['n'], 'Next passage, document or model'],
      [['p'], 'Previous'],
      [['Esc'], 'Close'],
    ],
  },
  {
    title: 'Conversations',
    keys: [
      [['↑', '↓'], 'From one to the next in the list'],
      [['Enter'], 'Open'],
    ],
  },
  {
    title: 'Pages of a PDF',
    keys: [
      [['←', '→'], 'Previous and next page'],
      [['+', '-'], 'Larger and smaller; 0 fits the width'],
    ],
  },
  {
    title: 'Table of documents',
    keys: [
      [['↑', '↓'], 'Move; with Shift, select as you go'],
      [['Space'], 'Select'],
      [['Ctrl/⌘', 'A'], 'Select all shown'],
      [['Enter'], 'Open'],
      [['Delete'], 'Remove'],
    ],
  },
  {
    title: 'Chunks of a document',
    keys: [
      [['↑', '↓'], 'Move'],
      [['Enter'], 'Go to the place in the text; Esc comes back'],
      [['Space'], 'Switch off or on'],
      [['e'], 'Edit the text'],
      [['Delete'], 'Take a change back'],
    ],
  },
  {
    title: 'Tables of models, hosts, test cases, pipelines, releases and prompts',
    keys: [
      [['↑', '↓'], 'Move from row to row'],
      [['Enter'], 'Open'],
    ],
  },
  {
    title: 'Chunk lab',
    keys: [
      [['↑', '↓'], 'From chunk to chunk'],
      [['←', '→'], 'From column to column'],
      [['f'], 'The next thing that is cut apart; with Shift, the one before'],
      [['r'], 'The next chunk that the question finds; with Shift, the one before'],
      [['m'], 'Mark the selected text, or the chunk, as the expected passage'],
    ],
  },
  {
    title: 'Review of proposed questions',
    keys: [
      [['a'], 'Accept'],
      [['r'], 'Reject'],
      [['e'], 'Edit; Enter saves, Esc leaves it as it was'],
      [['u'], 'Take the last decision back'],
    ],
  },
  {
    title: 'Question, in Chat and in Ask',
    keys: [
      [['Enter'], 'Send'],
      [['Shift', 'Enter'], 'New line'],
      [['Esc'], 'Stop the answer'],
      [['↑'], 'In an empty box: change the last question'],
      [['@'], 'Ask one document'],
      [['#'], 'Ask the documents with a tag'],
    ],
  },
]

/** The keys that work anywhere. Single keys stay out of text fields and can be turned off (WCAG 2.1.4). */
export function useKeys() {
  const [paletteOpen, setPaletteOpen] = useState(false)
  const [keysOpen, setKeysOpen] = useState(false)
  useEffect(() => {
    // Times count from when the page was opened: 0 would be a moment ago.
    let goPressedAt = -Infinity
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return
      const { key } = event
      if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && key.toLowerCase() === 'k') {
        event.preventDefault()
        setPaletteOpen(true)
        return
      }
      const target = event.target instanceof HTMLElement ? event.target : null
      // An open dialog or menu has its own keys.
      if (target?.closest('[role=dialog], [role=alertdialog], [role=menu], [role=listbox]')) return
      if (key === 'Escape') {
        if (useInspector.getState().items.length > 0) useInspector.getState().close()
        else usePagePanel.getState().panel?.close()
        return
      }
      const typing = Boolean(target?.closest('input, textarea, select, [contenteditable]'))
      if (typing || event.ctrlKey || event.metaKey || event.altKey || !usePreferences.getState().singleKeys) return
      if (act(key, event.timeStamp)) event.preventDefault()
    }
    const act = (key: string, now: number): boolean => {
      const afterGo = now - goPressedAt < 1200
      goPressedAt = key === 'g' ? now : -Infinity
      if (afterGo && key === 'h') navigate({ page: 'chat', botId: null, conversationId: null })
      else if (afterGo && key === 'b') navigate({ page: 'bots', botId: null })
      else if (afterGo && key === 'a') navigate({ page: 'ask', collectionId: null })
      else if (afterGo && key === 'l') navigate({ page: 'library', collectionId: null, documentId: null, span: null })
      else if (afterGo && key === 'm') navigate({ page: 'models', modelId: null })
      else if (afterGo && key === 'p') navigate({ page: 'providers' })
      else if (afterGo && key === 'n') navigate({ page: 'network' })
      else if (afterGo && key === 'c') navigate({ page: 'lab', query: '' })
      else if (afterGo && key === 'd') navigate({ page: 'datasets', datasetId: null, caseId: null })
      else if (afterGo && key === 'r') navigate({ page: 'runs', runId: null, otherId: null })
      else if (afterGo && key === 'u') navigate({ page: 'tune', tuneId: null })
      else if (afterGo && key === 'i') navigate({ page: 'pipelines', lineId: null, releaseId: null })
      else if (afterGo && key === 'o') navigate({ page: 'prompts', promptId: null })
      else if (afterGo && key === 't') navigate({ page: 'traces', traceId: null })
      else if (afterGo && key === 's') navigate({ page: 'settings' })
      else if (key === '?') setKeysOpen(true)
      else if (key === '/') document.getElementById('page-search')?.focus()
      else if (key === 'n' || key === 'p') return step(key === 'n' ? 1 : -1)
      else return false
      return true
    }
    const step = (by: 1 | -1): boolean => {
      const panel = useInspector.getState().items.length > 0 ? useInspector.getState() : usePagePanel.getState().panel
      panel?.step(by)
      return panel !== null
    }
    window.addEventListener('keydown', onKeyDown)
    return () => window.removeEventListener('keydown', onKeyDown)
  }, [])
  return { paletteOpen, setPaletteOpen, keysOpen, setKeysOpen }
}
