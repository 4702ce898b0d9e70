/**
 * What a heading says, from its source: white space collapsed and, where the source is Markdown, without the marks
 * before and after it.
 */
export function headingTitle(source: string): string {
  const title = source.slice(0, longestHeading).replace(/\s+/g, ' ').trim()
  const bare = title
    .replace(/^#{1,6} +/, '')
    .replace(/ +#+$/, '')
    .replace(/ (?:=+|-+)$/, '')
  return bare === '' ? title : bare
}

const longestHeading = 400
