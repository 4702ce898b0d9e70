import { Reader } from '../features/reader/reader.tsx'
import { useInspector } from '../state/inspector.ts'
import { SidePanel } from '../ui/side-panel.tsx'
import { ErrorBoundary } from './error-boundary.tsx'

/** The panel on the right: one passage or document of a list. Escape closes it and gives the focus back. */
export function Inspector() {
  const { items, index, step, close } = useInspector()
  const item = items[index]
  if (!item) return null
  return (
    <SidePanel
      name="Inspector"
      label={item.label}
      place={{ index, count: items.length }}
      onStep={step}
      onClose={() => close()}
    >
      {/* One document stays open while its passages are gone through. */}
      <ErrorBoundary key={item.documentId}>
        <Reader link={item} />
      </ErrorBoundary>
    </SidePanel>
  )
}
