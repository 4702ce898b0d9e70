import { collapse } from './document-builder.ts'

/**
 * What a picture's alternative text says of it, or nothing where no person or program described it: names of files,
 * addresses and the names that programs count pictures by are not words about a picture.
 */
export function describedAs(alternativeText: string | undefined): string {
  const text = collapse(alternativeText ?? '')
    .replace(
      /\s*(?:Description automatically generated(?: with [a-z ]+ confidence)?|AI-generated content may be incorrect\.?)\s*/gi,
      ' ',
    )
    .trim()
  const isName =
    /\.(?:png|jpe?g|gif|bmp|tiff?|svg|emf|wmf|webp|heic)\W*$/i.test(text) || /^(?:https?:|file:|[a-z]:\\)/i.test(text)
  const words = text.match(/\p{L}{2,}/gu) ?? []
  return isName || words.length < 2 ? '' : text
}
