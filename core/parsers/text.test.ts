import { behavesAsParser, encode, prose } from './parsers.suite.ts'
import { textParser } from './text.ts'

behavesAsParser(textParser, {
  name: 'a.txt',
  bytes: encode(`First\r\nline.\r\n\r\n\tSecond ${prose}\n`),
  holds: ['First\nline.', prose],
})
