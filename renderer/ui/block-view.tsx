import { memo } from 'react'
import { type Block, type Cell, columnLetters, type Run, type SheetGrid } from './text-blocks.ts'

/**
 * A part of a document as it is read. The text is data: it only ever becomes text nodes. Each run says where it stands
 * (`data-start`) and which spans hold it (`data-spans`), so that a view can find them again on the page.
 */
export const BlockView = memo(function BlockView({
  block,
  wraps = false,
}: {
  block: Block
  /** Tables and code are no wider than the view: they do not scroll, and take no focus. */
  wraps?: boolean
}) {
  switch (block.kind) {
    case 'page-break':
      return (
        <div className="block-page number">
          <span>{block.label}</span>
        </div>
      )
    case 'heading':
      // Levels of a document are not levels of this page: a role carries them below the panel's own heading.
      return (
        <p
          className={`block-heading block-heading-${block.level}`}
          role="heading"
          aria-level={Math.min(6, block.level + 2)}
        >
          <Runs runs={block.runs} />
        </p>
      )
    case 'list-item':
      return (
        <p className="block-item" style={{ marginInlineStart: `${block.depth * 1.25}rem` }}>
          <span className="block-bullet number" aria-hidden>
            {block.bullet}
          </span>
          <span>
            <Runs runs={block.runs} />
          </span>
        </p>
      )
    case 'facts':
      return (
        <dl className="block-facts">
          {block.facts.map((fact, index) => (
            <div key={index}>
              <dt>
                <Runs runs={fact.name} />
              </dt>
              <dd>
                <Runs runs={fact.value} />
              </dd>
            </div>
          ))}
        </dl>
      )
    case 'table':
      if (block.grid && !wraps) return <Grid block={block} grid={block.grid} />
      return (
        <div className="block-table" role="group" aria-label="Table" tabIndex={wraps ? undefined : 0}>
          <table>
            {block.header.length > 0 ? (
              <thead>
                {block.header.map((row, index) => (
                  <TableRow key={index} row={row} header />
                ))}
              </thead>
            ) : null}
            <tbody>
              {block.rows.map((row, index) => (
                <TableRow key={index} row={row} />
              ))}
            </tbody>
          </table>
        </div>
      )
    case 'code':
      return (
        <pre className="block-code" tabIndex={wraps ? undefined : 0} aria-label={wraps ? undefined : 'Code'}>
          <Runs runs={block.runs} />
        </pre>
      )
    case 'quote':
      return (
        <blockquote className="block-quote">
          <Runs runs={block.runs} />
        </blockquote>
      )
    default:
      return (
        <p className={`block-${block.kind}`}>
          <Runs runs={block.runs} />
        </p>
      )
  }
})

/** A table of a sheet as a spreadsheet shows it: letters over the columns, numbers before the rows, cited cells marked. */
function Grid({ block, grid }: { block: Extract<Block, { kind: 'table' }>; grid: SheetGrid }) {
  const lines = [
    ...block.header.map((cells, index) => ({ cells, number: grid.headerRows[index] ?? 0, isHeader: true })),
    ...block.rows.map((cells, index) => ({ cells, number: grid.rows[index] ?? 0, isHeader: false })),
  ]
  const width = Math.max(0, ...lines.map(({ cells }) => cells.length))
  const letters = Array.from({ length: width }, (_, index) => columnLetters(grid.column + index))
  return (
    <div className="block-table" role="group" aria-label="Cells" tabIndex={0}>
      <table className="block-grid">
        <thead>
          <tr>
            <td className="grid-corner" />
            {letters.map((name) => (
              <th key={name} scope="col" className="grid-name">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map(({ cells, number, isHeader }) => (
            <tr key={number} data-header={isHeader || undefined}>
              <th scope="row" className="grid-name number">
                {number}
              </th>
              {letters.map((name, index) => {
                const cell = cells[index]
                return (
                  <td key={name} data-cell={`${name}${number}`} data-marked={cell?.marked || undefined}>
                    {cell ? <Runs runs={cell.runs} /> : null}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function TableRow({ row, header = false }: { row: Cell[]; header?: boolean }) {
  const marked = row.some((cell) => cell.runs.some((run) => run.marked))
  return (
    <tr data-marked={marked || undefined}>
      {row.map((cell, index) =>
        header ? (
          <th key={index} scope="col">
            <Runs runs={cell.runs} />
          </th>
        ) : (
          <td key={index}>
            <Runs runs={cell.runs} />
          </td>
        ),
      )}
    </tr>
  )
}

function Runs({ runs }: { runs: Run[] }) {
  return runs.map((run, index) => {
    const inner =
      run.look === 'code' ? <code>{run.text}</code> : run.look === 'strong' ? <strong>{run.text}</strong> : run.text
    const place = {
      'data-start': run.start,
      'data-spans': run.spans.length > 0 ? run.spans.join(' ') : undefined,
      'data-tone': run.tone,
      'data-begins': run.begins,
      'data-flag': run.flag,
      'data-lifted': run.lifted ? '' : undefined,
    }
    return run.marked ? (
      <mark key={index} {...place}>
        {inner}
      </mark>
    ) : (
      <span key={index} {...place}>
        {inner}
      </span>
    )
  })
}

/** Whether line breaks inside a paragraph mean nothing in this type. */
export function isFlowing(type: string): boolean {
  return flowingTypes.has(type)
}

const flowingTypes = new Set(['pdf', 'markdown', 'html', 'docx'])
