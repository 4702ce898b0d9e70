import * as workspace from './0010-workspace.ts'
import * as foreignKeys from './0020-foreign-keys.ts'
import * as sources from './0030-sources.ts'
import * as network from './0040-network.ts'
import * as modelSpeeds from './0050-model-speeds.ts'
import * as providers from './0060-providers.ts'
import * as answerSpans from './0070-answer-spans.ts'
import * as datasets from './0080-datasets.ts'
import * as runs from './0090-runs.ts'
import * as textPieces from './0100-text-pieces.ts'
import * as releases from './0110-releases.ts'
import * as bots from './0120-bots.ts'
import * as traces from './0130-traces.ts'
import * as readings from './0140-readings.ts'
import * as traceRatings from './0150-trace-ratings.ts'

/** In order. A released migration is never edited; a new one gets the next ten. */
export const migrations: readonly Migration[] = [
  workspace,
  foreignKeys,
  sources,
  network,
  modelSpeeds,
  providers,
  answerSpans,
  datasets,
  runs,
  textPieces,
  releases,
  bots,
  traces,
  readings,
  traceRatings,
]

export interface Migration {
  readonly name: string
  readonly sql: string
}
