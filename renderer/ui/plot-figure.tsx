import { useEffect, useId, useRef, useState } from 'react'
import { Download } from 'lucide-react'
import { Button } from './button.tsx'
import { saveCsv, toCsv } from './csv.ts'
import { saveFile } from './save-file.ts'
import { plotClass, standAloneSvg } from './plot-export.ts'
import { useWidthRem } from './use-width.ts'

export type PlotLibrary = typeof import('@observablehq/plot')
export type PlotOptions = import('@observablehq/plot').PlotOptions

/**
 * A plot with its name, what it shows in words, and its data as files. The library comes when the first plot is
 * shown. `draw` gives the marks for a width in pixels; it is called again when `of` changes.
 */
export function PlotFigure({
  title,
  description,
  of,
  draw,
  data,
  fileName,
}: {
  title: string
  /** What the plot says, for those who do not see it. */
  description: string
  of: unknown
  draw(plot: PlotLibrary, widthPx: number): PlotOptions
  /** The figures in it, header first. */
  data: readonly (readonly (string | number)[])[]
  fileName: string
}) {
  const holder = useRef<HTMLDivElement>(null)
  const [failed, setFailed] = useState(false)
  const widthPx = Math.round(useWidthRem(holder) * 16)
  const id = useId()

  useEffect(() => {
    let live = true
    if (widthPx === 0) return
    import('@observablehq/plot')
      .then((plot) => {
        if (!live || !holder.current) return
        const options = draw(plot, widthPx)
        const picture = plot.plot({ className: plotClass, width: widthPx, ...options, style: { background: 'none' } })
        // One picture with one name: its parts are not read out.
        for (const part of picture.querySelectorAll('[aria-label]')) part.removeAttribute('aria-label')
        picture.setAttribute('role', 'img')
        picture.setAttribute('aria-label', description)
        holder.current.replaceChildren(picture)
      })
      .catch(() => setFailed(true))
    return () => {
      live = false
    }
    // `draw` is made anew at each render; `of` says when it draws something else.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [of, widthPx, description])

  const svg = (): string | undefined => {
    const picture = holder.current?.querySelector('svg')
    return picture ? standAloneSvg(picture) : undefined
  }
  const save = (type: 'svg' | 'png'): void => {
    const text = svg()
    if (text === undefined) return
    if (type === 'svg') saveFile(`${fileName}.svg`, new Blob([text], { type: 'image/svg+xml' }))
    else void toPng(text).then((blob) => blob && saveFile(`${fileName}.png`, blob))
  }
  return (
    <figure className="plot-figure" aria-labelledby={id}>
      <figcaption id={id}>{title}</figcaption>
      <div ref={holder} className="plot-holder">
        {failed ? <p className="soft">The plot could not be drawn. Its figures can be saved as CSV.</p> : null}
      </div>
      <div className="plot-actions">
        <Button look="quiet" small icon={<Download size={13} aria-hidden />} onPress={() => save('svg')}>
          SVG
        </Button>
        <Button look="quiet" small onPress={() => save('png')}>
          PNG
        </Button>
        <Button look="quiet" small onPress={() => saveCsv(`${fileName}.csv`, toCsv(data))}>
          CSV
        </Button>
      </div>
    </figure>
  )
}

/** Twice as many pixels as the plot has on the screen, so that it can be printed. */
async function toPng(svg: string): Promise<Blob | null> {
  const image = new Image()
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`
  await image.decode()
  const canvas = document.createElement('canvas')
  canvas.width = image.width * 2
  canvas.height = image.height * 2
  const context = canvas.getContext('2d')
  if (!context) return null
  context.scale(2, 2)
  context.drawImage(image, 0, 0)
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'))
}
