/** 'employee-handbook_2024.pdf' -> 'Employee handbook 2024': what a bot of these documents is called at first. */
export function nameFromFiles(name: string): string {
  if (/^[\d,]+ files$/.test(name)) return ''
  const words = name
    .replace(/\.[A-Za-z0-9]{1,8}$/, '')
    .replace(/[-_\s]+/g, ' ')
    .trim()
  return (words.charAt(0).toUpperCase() + words.slice(1)).slice(0, 70)
}

/** `name`, or with a number after it that is not taken. Capitals make no difference. */
export function freeName(name: string, taken: readonly string[]): string {
  const known = new Set(taken.map((other) => other.toLowerCase()))
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name} ${number}`
    if (!known.has(candidate.toLowerCase())) return candidate
  }
}

/** 'English, Deutsch' as a list, without what is empty or there twice. */
export function wordsOf(text: string): string[] {
  return [
    ...new Set(
      text
        .split(/[,;\n]/)
        .map((word) => word.trim())
        .filter((word) => word !== ''),
    ),
  ]
}
