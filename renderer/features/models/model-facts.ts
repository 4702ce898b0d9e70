import type { Model, ModelManifest, ModelSpeed } from '../../../core/contract/models.ts'
import type { RowColumn } from '../../ui/row-table.tsx'
import { formatBytes, formatCount, formatRate } from '../../ui/format.ts'

type Kind = ModelManifest['kind']

export const kindLabels: Record<Kind, string> = { embedder: 'Embedder', reranker: 'Reranker', generator: 'Generator' }

/** What each kind is for, for those who see it the first time. */
export const kindMeaning: Record<Kind, string> = {
  embedder: 'turns texts into vectors, for search by meaning',
  reranker: 'reads question and passage together and puts the best first',
  generator: 'writes answers',
}

export const kindFilters = ['all', 'embedder', 'reranker', 'generator'] as const
export type KindFilter = (typeof kindFilters)[number]
export const kindFilterLabels: Record<KindFilter, string> = {
  all: 'All',
  embedder: 'Embedders',
  reranker: 'Rerankers',
  generator: 'Generators',
}

export const placeFilters = ['any', 'here', 'catalogue'] as const
export type PlaceFilter = (typeof placeFilters)[number]
export const placeFilterLabels: Record<PlaceFilter, string> = {
  any: 'Anywhere',
  here: 'On this machine',
  catalogue: 'To be had',
}

export interface ModelFilter {
  query: string
  kind: KindFilter
  place: PlaceFilter
}

export function filterModels(models: readonly Model[], { query, kind, place }: ModelFilter): Model[] {
  const words = query.toLocaleLowerCase().split(/\s+/).filter(Boolean)
  return models.filter((model) => {
    const { manifest } = model
    if (kind !== 'all' && manifest.kind !== kind) return false
    if (place !== 'any' && isHere(model) !== (place === 'here')) return false
    const text = [manifest.id, manifest.label, manifest.kind, manifest.licence.id, manifest.hub?.id ?? '', manifest.use]
      .join(' ')
      .toLocaleLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** How many there are of each kind and in each place, each with what else is filtered by. */
export function countModels(models: readonly Model[], filter: ModelFilter) {
  const count = (change: Partial<ModelFilter>): number => filterModels(models, { ...filter, ...change }).length
  return {
    kinds: Object.fromEntries(kindFilters.map((kind) => [kind, count({ kind })])) as Record<KindFilter, number>,
    places: Object.fromEntries(placeFilters.map((place) => [place, count({ place })])) as Record<PlaceFilter, number>,
  }
}

export function isHere({ origin }: Pick<Model, 'origin'>): boolean {
  return origin !== null
}

export function stateLabel({ state, origin, bytes }: Pick<Model, 'state' | 'origin' | 'bytes'>): string {
  if (state === 'damaged') return 'Damaged'
  if (state === 'downloading') return 'Downloading'
  if (state === 'installed') return origin === 'bundled' ? 'Bundled' : 'Installed'
  return bytes > 0 ? 'Partly downloaded' : 'Not here'
}

/** Weights that there is a choice of, in the order of the manifest; the first is what is fetched unless one is chosen. */
export function precisionsOf({ files }: Pick<ModelManifest, 'files'>): string[] {
  return [...new Set(files.flatMap(({ precision }) => precision ?? []))]
}

/** What a download brings: the files that every precision needs and those of this one. Null where a size is not known. */
export function downloadBytes({ files }: Pick<ModelManifest, 'files'>, precision?: string): number | null {
  const [first] = precisionsOf({ files })
  const wanted = files.filter((file) => file.precision === undefined || file.precision === (precision ?? first))
  return wanted.reduce<number | null>((sum, { bytes }) => (sum === null || bytes === undefined ? null : sum + bytes), 0)
}

/** On disk, or what would come; empty where that is not known. */
export function sizeText(model: Pick<Model, 'manifest' | 'origin' | 'bytes'>): string {
  if (isHere(model)) return formatBytes(model.bytes)
  const bytes = downloadBytes(model.manifest)
  return bytes === null ? '' : formatBytes(bytes)
}

export function languagesText(languages: readonly string[]): string {
  if (languages.includes('mul')) return 'Many'
  if (languages.length === 0) return ''
  return languages.length <= 2 ? languages.map(languageName).join(', ') : `${languages.length} languages`
}

export function languageName(code: string): string {
  if (code === 'mul') return 'many languages'
  try {
    return languageNames.of(code) ?? code
  } catch {
    return code
  }
}

/** 'LicenseRef-Llama-3.2' is no word for people. */
export function licenceText(id: string): string {
  if (id === 'LicenseRef-unknown') return 'not named'
  return id.replace(/^LicenseRef-/, '').replaceAll('-', id.startsWith('LicenseRef-') ? ' ' : '-')
}

/** 'Xenova/all-MiniLM-L6-v2' at the hub. */
export function hubAddress(hub: { id: string; revision: string }, base: string): string {
  return `${base}/${hub.id}/tree/${hub.revision}`
}

export const modelColumns: readonly RowColumn<Model>[] = [
  {
    id: 'name',
    label: 'Name',
    leastRem: 13,
    leaves: 0,
    numeric: false,
    text: ({ manifest }) => manifest.label,
    compare: (a, b) => collator.compare(a.manifest.label, b.manifest.label),
  },
  {
    id: 'kind',
    label: 'Kind',
    leastRem: 6.5,
    leaves: 3,
    numeric: false,
    text: ({ manifest }) => kindLabels[manifest.kind],
    compare: (a, b) => kindOrder[a.manifest.kind] - kindOrder[b.manifest.kind],
  },
  {
    id: 'state',
    label: 'State',
    leastRem: 8.5,
    leaves: 0,
    numeric: false,
    text: stateLabel,
    compare: (a, b) => stateOrder(a) - stateOrder(b),
  },
  {
    id: 'size',
    label: 'Size',
    leastRem: 5.5,
    leaves: 1,
    numeric: true,
    text: sizeText,
    compare: (a, b) => sizeOf(a) - sizeOf(b),
  },
  {
    id: 'speed',
    label: 'Speed here',
    leastRem: 7.5,
    leaves: 5,
    numeric: true,
    text: ({ speed }) => (speed ? speedText(speed) : ''),
    compare: (a, b) => (a.speed?.perSecond ?? 0) - (b.speed?.perSecond ?? 0),
  },
  {
    id: 'memory',
    label: 'Memory',
    leastRem: 6,
    leaves: 6,
    numeric: true,
    text: ({ manifest }) => memoryText(manifest),
    compare: (a, b) => (a.manifest.memoryMb ?? 0) - (b.manifest.memoryMb ?? 0),
  },
  {
    id: 'dimensions',
    label: 'Dimensions',
    leastRem: 6.75,
    leaves: 8,
    numeric: true,
    text: ({ manifest }) => numberText(manifest.dimensions),
    compare: (a, b) => (a.manifest.dimensions ?? 0) - (b.manifest.dimensions ?? 0),
  },
  {
    id: 'context',
    label: 'Max tokens',
    leastRem: 6.75,
    leaves: 9,
    numeric: true,
    text: ({ manifest }) => numberText(manifest.maxTokens),
    compare: (a, b) => (a.manifest.maxTokens ?? 0) - (b.manifest.maxTokens ?? 0),
  },
  {
    id: 'languages',
    label: 'Languages',
    leastRem: 7.5,
    leaves: 7,
    numeric: false,
    text: ({ manifest }) => languagesText(manifest.languages),
    compare: (a, b) => collator.compare(languagesText(a.manifest.languages), languagesText(b.manifest.languages)),
  },
  {
    id: 'licence',
    label: 'Licence',
    leastRem: 7,
    leaves: 4,
    numeric: false,
    text: ({ manifest }) => licenceText(manifest.licence.id),
    compare: (a, b) => collator.compare(licenceText(a.manifest.licence.id), licenceText(b.manifest.licence.id)),
  },
  {
    id: 'used',
    label: 'Used by',
    leastRem: 8,
    leaves: 2,
    numeric: false,
    text: ({ usedBy: [first, ...more] }) =>
      first === undefined ? '' : more.length === 0 ? first.name : `${first.name} and ${more.length} more`,
    compare: (a, b) => b.usedBy.length - a.usedBy.length,
  },
]

/** '412 texts/s'. What a text, a pair or a token is, the details say. */
export function speedText({ perSecond, unit }: Pick<ModelSpeed, 'perSecond' | 'unit'>): string {
  return formatRate(perSecond, unit)
}

export function memoryText({ memoryMb }: Pick<ModelManifest, 'memoryMb'>): string {
  return memoryMb === undefined ? '' : formatBytes(memoryMb * 1e6)
}

function numberText(value: number | undefined): string {
  return value === undefined ? '' : formatCount(value)
}

function sizeOf(model: Model): number {
  return isHere(model) ? model.bytes : (downloadBytes(model.manifest) ?? 0)
}

const kindOrder: Record<Kind, number> = { embedder: 0, reranker: 1, generator: 2 }

function stateOrder({ state, bytes }: Model): number {
  return { damaged: 0, downloading: 1, installed: 2, absent: bytes > 0 ? 3 : 4 }[state]
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })
const languageNames = new Intl.DisplayNames('en', { type: 'language' })
