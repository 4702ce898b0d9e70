import { asciidocParser } from './asciidoc.ts'
import { codeParser } from './code.ts'
import { csvParser } from './csv.ts'
import { docParser } from './doc.ts'
import { docxParser } from './docx.ts'
import { emailParser } from './email.ts'
import { epubParser } from './epub.ts'
import { htmlParser } from './html.ts'
import { imageParser } from './image.ts'
import { latexParser } from './latex.ts'
import { markdownParser } from './markdown.ts'
import { mboxParser } from './mbox.ts'
import { mhtmlParser } from './mhtml.ts'
import { msgParser } from './msg.ts'
import { odpParser } from './odp.ts'
import { odtParser } from './odt.ts'
import type { ParserDefinition } from './parser.ts'
import { pdfParser } from './pdf.ts'
import { rtfParser } from './rtf.ts'
import { rstParser } from './rst.ts'
import { subtitlesParser } from './subtitles.ts'
import { pptxParser } from './pptx.ts'
import { textParser } from './text.ts'
import { odsParser } from './ods.ts'
import { xlsxParser } from './xlsx.ts'
import { jsonParser } from './json.ts'
import { xmlParser } from './xml.ts'
import { notebookParser } from './notebook.ts'

/** Every parser there is. */
export const parserDefinitions: readonly ParserDefinition[] = [
  textParser,
  codeParser,
  markdownParser,
  htmlParser,
  pdfParser,
  docxParser,
  imageParser,
  docParser,
  rtfParser,
  csvParser,
  mhtmlParser,
  emailParser,
  mboxParser,
  msgParser,
  subtitlesParser,
  asciidocParser,
  rstParser,
  latexParser,
  odsParser,
  xlsxParser,
  pptxParser,
  odtParser,
  odpParser,
  epubParser,
  jsonParser,
  xmlParser,
  notebookParser,
]
