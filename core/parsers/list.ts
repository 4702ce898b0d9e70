import { asciidocParser } from './asciidoc.ts'
import { codeParser } from './code.ts'
import { csvParser } from './csv.ts'
import { docParser } from './doc.ts'
import { docxParser } from './docx.ts'
import { emailParser } from './email.ts'
import { epubParser } from './epub.ts'
import { htmlParser } from './html.ts'
import { imageParser } from './image.ts'
import { jsonParser } from './json.ts'
import { latexParser } from './latex.ts'
import { markdownParser } from './markdown.ts'
import { mboxParser } from './mbox.ts'
import { mhtmlParser } from './mhtml.ts'
import { msgParser } from './msg.ts'
import { notebookParser } from './notebook.ts'
import { odpParser } from './odp.ts'
import { odsParser } from './ods.ts'
import { odtParser } from './odt.ts'
import type { ParserDefinition } from './parser.ts'
import { pdfParser } from './pdf.ts'
import { pptxParser } from './pptx.ts'
import { rstParser } from './rst.ts'
import { rtfParser } from './rtf.ts'
import { subtitlesParser } from './subtitles.ts'
import { textParser } from './text.ts'
import { xlsxParser } from './xlsx.ts'
import { xmlParser } from './xml.ts'

/** Every parser there is. */
export const parserDefinitions: readonly ParserDefinition[] = [
  textParser,
  markdownParser,
  htmlParser,
  mhtmlParser,
  pdfParser,
  docxParser,
  docParser,
  odtParser,
  rtfParser,
  pptxParser,
  odpParser,
  xlsxParser,
  odsParser,
  csvParser,
  epubParser,
  emailParser,
  msgParser,
  mboxParser,
  jsonParser,
  xmlParser,
  notebookParser,
  rstParser,
  asciidocParser,
  latexParser,
  subtitlesParser,
  codeParser,
  imageParser,
]
