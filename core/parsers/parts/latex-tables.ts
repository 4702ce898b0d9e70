import { contentText, type LatexContext, type LatexNode, latexWords, mainArgument } from './latex-words.ts'

/** The rows of a 'tabular' and the like: cells are parted by '&', rows by '\\'; rules tell where the header ends. */
export function readLatexTable(
  nodes: readonly LatexNode[],
  context: LatexContext,
): { rows: string[][]; headerRows: number } {
  const rows: string[][] = []
  /** How many rows stand above each rule. */
  const rules: number[] = []
  let row: string[] = []
  let cell: LatexNode[] = []
  const closeCell = (): void => {
    const spans = cell.find((node) => node.type === 'macro' && contentText(node) === 'multicolumn')
    row.push(latexWords(cell, context))
    const columns = spans ? Number(latexWords(spans.args?.[0]?.content ?? [], context)) : 1
    for (let extra = 1; extra < Math.min(columns, 100); extra++) row.push('')
    cell = []
  }
  const closeRow = (): void => {
    closeCell()
    if (row.some((text) => text !== '')) rows.push(row)
    row = []
  }
  for (const node of nodes) {
    const name = node.type === 'macro' ? contentText(node) : ''
    if (name === '\\' || name === 'tabularnewline' || name === 'cr') closeRow()
    else if (/^(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead)$/.test(name)) {
      if (row.length === 0) cell = []
      rules.push(rows.length)
    } else if (/^(?:cline|cmidrule|caption|label|endfoot|endlastfoot|rowcolor|centering)$/.test(name)) continue
    else if (node.type === 'string' && contentText(node) === '&') closeCell()
    else cell.push(name === 'multirow' ? { type: 'group', content: [...mainArgument(node)] } : node)
  }
  closeRow()
  const inner = rules.find((above) => above > 0 && above < rows.length)
  return { rows, headerRows: inner !== undefined && inner <= 3 ? inner : 0 }
}
