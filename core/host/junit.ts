/** One line of a JUnit report. */
export interface JunitCase {
  name: string
  seconds?: number
  /** It was measured, and is not good enough. */
  failure?: string
  /** It could not be measured. */
  error?: string
  output?: string
}

/** The XML that build servers read: one suite, one element a case. */
export function junitOf(suite: string, cases: readonly JunitCase[]): string {
  const failures = cases.filter(({ failure }) => failure !== undefined).length
  const errors = cases.filter(({ error }) => error !== undefined).length
  const counts = `tests="${cases.length}" failures="${failures}" errors="${errors}"`
  const lines = cases.map(({ name, seconds, failure, error, output }) => {
    const inner = [
      failure === undefined ? '' : `<failure message="${escaped(failure)}"/>`,
      error === undefined ? '' : `<error message="${escaped(error)}"/>`,
      output === undefined ? '' : `<system-out>${escaped(output)}</system-out>`,
    ].join('')
    const time = seconds === undefined ? '' : ` time="${seconds.toFixed(3)}"`
    const head = `    <testcase classname="${escaped(suite)}" name="${escaped(name)}"${time}`
    return inner === '' ? `${head}/>` : `${head}>${inner}</testcase>`
  })
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="${escaped(suite)}" ${counts}>`,
    ...lines,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' }

/** XML has no place for most control characters, not even escaped. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)

    .replaceAll(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '',
    )
    .replaceAll(/[\n\r\t]/g, ' ')
}
