import picomatch from 'picomatch'

/**
 * Whether a document's path, folders parted by '/', matches a glob: `*` and `?` within a name, `**` across folders,
 * `{a,b}`, `[a-z]`, `[!a-z]`, a leading `!` for everything else. A glob without '/' is about the name alone, in any folder; a path
 * also matches without its first folder, which is often that of the source itself. Capitals matter.
 */
export function compilePathGlob(glob: string): (path: string) => boolean {
  const isNegated = glob.startsWith('!')
  const positive = (isNegated ? glob.slice(1) : glob).replace(/^\.?\//, '')
  const whole = openEnd(positive)
  // Extended globs are off: nested ones can take for ever to match.
  const matches = picomatch(whole.replaceAll('[!', '[^'), { dot: true, noextglob: true, nonegate: true })
  const isName = !whole.includes('/')
  return (path) => {
    const found = isName
      ? matches(path.slice(path.lastIndexOf('/') + 1))
      : matches(path) || (path.includes('/') && matches(path.slice(path.indexOf('/') + 1)))
    return found !== isNegated
  }
}

/** A folder stands for all that is in it. What ends in '**' means files below, not a file of the folder's own name. */
function openEnd(glob: string): string {
  if (glob.endsWith('/')) return `${glob}**/*`
  return glob.endsWith('/**') ? `${glob}/*` : glob
}
