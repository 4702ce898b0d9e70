import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { decodeText } from './decode-text.ts'

const german = 'Über den Dächern von Köln: größere Häuser, schöne Straßen und viele Bäume für die Bürger der Stadt.'
const hebrew = 'בראשית ברא אלהים את השמים ואת הארץ והארץ היתה תהו ובהו וחשך על פני תהום ורוח אלהים מרחפת על פני המים'
const russian = 'Все люди рождаются свободными и равными в своём достоинстве и правах. Они наделены разумом и совестью.'
const greek = 'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι προικισμένοι.'
const japanese =
  'すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。人間は、理性と良心とを授けられている。'
const korean =
  '모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. 인간은 천부적으로 이성과 양심을 부여받았다.'
const chinese = '人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。'

describe('decodeText', () => {
  it.each([
    ['utf-8', german],
    ['utf-16le', german],
    ['utf-16be', german],
    ['utf-32le', german],
    ['utf-32be', german],
    ['windows-1252', german],
    ['iso-8859-8', hebrew],
    ['windows-1255', hebrew],
    ['windows-1251', russian],
    ['koi8-r', russian],
    ['utf-16le', russian],
    ['iso-8859-7', greek],
    ['shift_jis', japanese],
    ['euc-jp', japanese],
    ['iso-2022-jp', japanese],
    ['euc-kr', korean],
    ['gb18030', chinese],
    ['big5', '人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心，並應以兄弟關係的精神相對待。'],
  ])('finds %s without a mark', (encoding, text) => {
    const bytes = new Uint8Array(encodeAs(`${text}\n${text}\n`, encoding))
    expect(decodeText(bytes).text).toBe(`${text}\n${text}\n`)
  })

  it.each(['utf-8', 'utf-16le', 'utf-16be', 'utf-32le', 'utf-32be'])('believes the mark of %s', (encoding) => {
    const bytes = new Uint8Array(encodeAs(`\uFEFF${german}`, encoding))
    expect(decodeText(bytes)).toMatchObject({ text: german, encoding })
  })

  it('believes what a page says of itself unless the bytes contradict it', () => {
    const bytes = new Uint8Array(iconv.encode('Ľúbosť', 'windows-1250'))
    expect(decodeText(bytes, 'windows-1250').text).toBe('Ľúbosť')
    expect(decodeText(new TextEncoder().encode('größer'), 'iso-8859-1').text).toBe('größer')
  })

  it('keeps UTF-8 with a damaged place as UTF-8 and warns', () => {
    const bytes = new TextEncoder().encode(german.repeat(20))
    bytes[bytes.indexOf(0xc3) + 1] = 0x20
    const decoded = decodeText(bytes)
    expect(decoded.text).toContain('größere')
    expect(decoded.warnings).toHaveLength(1)
  })

  it('takes short Western text for Western', () => {
    expect(decodeText(Uint8Array.from([0x66, 0xfc, 0x72, 0x20, 0xe4, 0xf6])).text).toBe('für äö')
  })
})

function encodeAs(text: string, encoding: string): Buffer {
  if (encoding !== 'iso-2022-jp') return iconv.encode(text, encoding, { addBOM: false })
  // Not among the library's encoders: the EUC bytes without their high bit, each run of them between escapes.
  const parts: number[] = []
  for (const [run] of text.matchAll(/[^\n]+|\n+/g)) {
    if (run.startsWith('\n')) parts.push(...Buffer.from(run))
    else parts.push(0x1b, 0x24, 0x42, ...iconv.encode(run, 'euc-jp').map((byte) => byte & 0x7f), 0x1b, 0x28, 0x42)
  }
  return Buffer.from(parts)
}
