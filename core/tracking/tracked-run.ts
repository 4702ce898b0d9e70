/** A finished evaluation as other trackers see one: names, values and files, and nothing that only Quarry knows. */
export interface TrackedRun {
  /** Quarry's own name for it; the same run is exported once, however often it is asked for. */
  id: string
  /** Runs that belong together. */
  experiment: string
  name: string
  /** Milliseconds since 1970. */
  startedAt: number
  endedAt: number
  status: 'finished' | 'failed' | 'killed'
  params: Readonly<Record<string, string>>
  metrics: readonly TrackedMetric[]
  tags: Readonly<Record<string, string>>
  note: string
  artifacts: readonly TrackedArtifact[]
}

export interface TrackedMetric {
  key: string
  value: number
}

export interface TrackedArtifact {
  /** Relative, parts separated by '/'. */
  path: string
  bytes: Uint8Array
}

/** What another tracker gave back. `document` is the artifact that a run of Quarry's own carries, where it is there. */
export interface ForeignRun {
  id: string
  experiment: string
  name: string
  startedAt: number
  endedAt: number | null
  status: string
  params: Record<string, string>
  metrics: TrackedMetric[]
  tags: Record<string, string>
  document: Uint8Array | null
}

/** Artifact that holds a whole run of Quarry's, so that it can be read back as it was. */
export const runDocumentPath = 'quarry/run.json'
/** Tag that says which run of Quarry's it is. */
export const runIdTag = 'quarry.run_id'
