/** What a member of an archive is found by: its path without regard to case, to the kind of slash and to one in front. */
export function memberKey(path: string): string {
  return path.replaceAll('\\', '/').replace(/^\/+/, '').toLowerCase()
}

/** A path as an archive spells it: without '.', '..' and empty steps. None leads out of the archive. */
export function plainPath(path: string): string {
  const steps: string[] = []
  for (const step of path.split('/')) {
    if (step === '..') steps.pop()
    else if (step !== '.' && step !== '') steps.push(step)
  }
  return steps.join('/')
}
