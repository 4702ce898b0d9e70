import type { Release, ReleaseChoice } from '../contract/releases.ts'

/** The release that a question with this choice is answered by now. Errors: item-missing. */
export type ResolveRelease = (choice: ReleaseChoice) => Release
