/** What one page of a generated PDF file is. */
export interface PdfPageContent {
  /** From the top, one below the other. */
  lines: string[]
  /** Degrees clockwise by which a reader turns the page. */
  rotate?: 0 | 90 | 180 | 270
  /** [left, bottom, right, top] in points: what of the page is shown. */
  cropBox?: [number, number, number, number]
  /** An address that the first line links to. */
  link?: string
  /** JavaScript that runs when the page is opened, in readers that run such things. */
  script?: string
}

/** A PDF file (ISO 32000-2) with pages of plain text in Helvetica, US Letter, without compression. */
export function writePdf(pages: readonly PdfPageContent[]): Uint8Array<ArrayBuffer> {
  const objects: string[] = []
  const add = (body: string): number => objects.push(body)
  const catalogue = add('')
  const tree = add('')
  const font = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>')
  const kids = pages.map(({ lines, rotate = 0, cropBox, link, script }) => {
    const text = lines
      .map((line, index) => `BT /F1 12 Tf 72 ${720 - index * 28} Td (${line.replaceAll(/[()\\]/g, '\\$&')}) Tj ET`)
      .join('\n')
    const content = add(`<< /Length ${text.length} >>\nstream\n${text}\nendstream`)
    const annotation =
      link && add(`<< /Type /Annot /Subtype /Link /Rect [72 710 400 735] /A << /S /URI /URI (${link}) >> >>`)
    const action = script && add(`<< /S /JavaScript /JS (${script.replaceAll(/[()\\]/g, '\\$&')}) >>`)
    return add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Rotate ${rotate}` +
        (cropBox ? ` /CropBox [${cropBox.join(' ')}]` : '') +
        (annotation ? ` /Annots [${annotation} 0 R]` : '') +
        (action ? ` /AA << /O ${action} 0 R >>` : '') +
        ` /Resources << /Font << /F1 ${font} 0 R >> >> /Contents ${content} 0 R >>`,
    )
  })
  const opening = pages[0]?.script && add(`<< /S /JavaScript /JS (${pages[0].script.replaceAll(/[()\\]/g, '\\$&')}) >>`)
  objects[catalogue - 1] = `<< /Type /Catalog /Pages ${tree} 0 R${opening ? ` /OpenAction ${opening} 0 R` : ''} >>`
  objects[tree - 1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`

  let file = '%PDF-1.7\n'
  const places = objects.map((body, index) => {
    const place = file.length
    file += `${index + 1} 0 obj\n${body}\nendobj\n`
    return place
  })
  const start = file.length
  const entries = places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`
  file += `trailer\n<< /Size ${objects.length + 1} /Root ${catalogue} 0 R >>\nstartxref\n${start}\n%%EOF\n`
  return new Uint8Array(Buffer.from(file, 'latin1'))
}
