/** What a person is told of a document that includes `count` other files, one or more, which are not read. */
export function includesWarning(count: number): string {
  const files = count === 1 ? '1 included file is' : `${count} included files are`
  return `${files} not part of this document. Add the files themselves.`
}
