import { createHash } from 'node:crypto'
import * as plot from '@observablehq/plot'
import { parseHTML } from 'linkedom'
import { expect, it } from 'vitest'
import { pageHeaders } from './page-files.ts'

it('the page’s policy allows the one style element that a plot has', () => {
  const { document } = parseHTML('<html></html>') as unknown as { document: Document }
  // As renderer/ui/plot-figure.tsx draws them: the class is part of the style.
  const picture = plot.plot({ document, className: 'plot', marks: [plot.dot([[1, 2]])] })
  const styles = [...picture.querySelectorAll('style')].map(({ textContent }) => textContent ?? '')
  expect(styles).toHaveLength(1)
  const hash = createHash('sha256').update(styles[0]!).digest('base64')
  expect(pageHeaders['content-security-policy']).toContain(`'sha256-${hash}'`)
})
