import type { Release, ReleaseChoice } from '../contract/releases.ts'
import type { CollectionId } from '../shared/ids.ts'
import type { OpenIndex } from './collection-indexes.ts'

/** The release that a question with this choice is answered by now. Errors: item-missing. */
export type ResolveRelease = (choice: ReleaseChoice) => Release

/**
 * Where a collection is searched with a release; undefined: it has no documents. Errors: item-missing (there is no such
 * index yet), pipeline-mismatch (there cannot be one).
 */
export type ReleaseIndexOf = (collectionId: CollectionId, release: Release) => Promise<OpenIndex | undefined>
