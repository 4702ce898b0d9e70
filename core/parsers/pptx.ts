import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { detectType } from './detect-type.ts'
import { createDocumentBuilder } from './parts/document-builder.ts'
import { readOfficeProperties } from './parts/office-properties.ts'
import { openOfficePackage, type OfficePackage, relationIdOf } from './parts/package-parts.ts'
import { createSlideReader, type Slide } from './parts/pptx-slide.ts'
import { slidesNamed, writeSlide } from './parts/slide-writer.ts'
import { attributeOf } from './parts/xml-pieces.ts'
import { descendants, elementAt, elementsOf } from './parts/xml-tree.ts'
import { damaged, unzipMembers } from './parts/zip-members.ts'
import type { ParserDefinition } from './parser.ts'

const options = z.object({})

/**
 * PowerPoint presentations (PresentationML, ECMA-376 part 1, 19): each slide is a page in the order of the show, with
 * its title as heading, then texts, lists, tables and the numbers behind charts in reading order, and notes and
 * comments after it. Where the show has sections, their names are headings above the titles.
 * Errors: file-empty, file-encrypted, file-corrupt, file-too-large (a small archive that unpacks to a huge one),
 * type-unsupported (another format under this name).
 */
export const pptxParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'pptx',
  label: 'PowerPoint',
  summary: 'Reads slides with titles, lists, tables, charts and speaker notes.',
  version: 2,
  types: ['pptx'],
  capabilities: { pages: true, boxes: false, tables: true, headings: true },
  options,
  create: () => ({
    async parse(input, { signal, onProgress } = {}) {
      throwIfAborted(signal)
      const found = detectType(input.name, input.bytes, input.bytes.length)
      if (found.reason && found.type !== 'binary') {
        throw new AppError(found.reason.code, found.reason.message, { details: found.reason.details })
      }
      const members = unzipMembers(input.bytes, { what, wanted: (name) => /\.(xml|rels)$/i.test(name) })
      const office = openOfficePackage(members)
      const show = readShow(office)
      const reader = createSlideReader(office, show.path)
      const builder = createDocumentBuilder()
      const warnings = [...show.warnings]
      const hidden: number[] = []
      const unreadable: number[] = []
      let section: string | undefined
      for (const [index, entry] of show.slides.entries()) {
        throwIfAborted(signal)
        let slide: Slide | undefined
        try {
          slide = reader.read(entry.path)
        } catch {
          unreadable.push(index + 1)
        }
        if (slide?.hidden) hidden.push(index + 1)
        writeSlide(builder, slide ?? emptySlide, {
          section: entry.section === section ? undefined : entry.section,
          titleLevel: show.hasSections ? 2 : 1,
        })
        section = entry.section
        onProgress?.({ done: index + 1, total: show.slides.length, unit: 'slides', label: 'Reading slides' })
        // Lets a cancel be heard.
        if (index % 20 === 19) await new Promise((resolve) => setImmediate(resolve))
      }
      if (unreadable.length === show.slides.length) throw damaged(what, undefined)
      if (unreadable.length > 0) warnings.push(`${slidesNamed(unreadable)} damaged; the text there is missing.`)
      if (hidden.length > 0) warnings.push(`${slidesNamed(hidden)} hidden in the show; the text there is included.`)
      const { title, metadata } = readOfficeProperties(office)
      const document = builder.finish(/^slide \d+$/i.test(title ?? '') ? undefined : title, warnings, { metadata })
      if (document.text === '') {
        throw new AppError(
          'file-empty',
          'This presentation has no text in it, only pictures or drawings. There is nothing to index.',
        )
      }
      const label = document.pages.find((page) => page.label !== undefined)?.label
      if (document.title === undefined && label !== undefined) document.title = label
      return document
    },
  }),
}

const what = 'PowerPoint file'

const emptySlide: Slide = { hidden: false, title: '', blocks: [], notes: [] }

interface Show {
  /** The part that holds the presentation as a whole. */
  path: string
  slides: { path: string; section: string | undefined }[]
  hasSections: boolean
  warnings: string[]
}

/** The slides in the order of the show; where nothing tells that, in the order in which they were made. */
function readShow(office: OfficePackage): Show {
  const stated = office.relations('').find(({ type }) => type === 'officeDocument')
  const path = stated && office.has(stated.target) ? stated.target : 'ppt/presentation.xml'
  const fallback = (): Show => {
    const numberOf = (slide: string): number => Number(/(\d+)\.xml$/i.exec(slide)?.[1] ?? 0)
    const paths = office.paths.filter((name) => /^\/?ppt\/slides\/[^/]+\.xml$/i.test(name))
    if (paths.length === 0) throw damaged(what, undefined)
    const slides = paths
      .toSorted((a, b) => numberOf(a) - numberOf(b))
      .map((slide) => ({ path: slide, section: undefined }))
    return { path, slides, hasSections: false, warnings: ['The order of the slides is damaged; it may be wrong.'] }
  }
  let root
  try {
    root = office.xml(path)
  } catch {
    return fallback()
  }
  if (!root) return fallback()

  const sectionOf = new Map<string | undefined, string>()
  for (const section of descendants(root, 'section')) {
    const name = attributeOf(section, 'name')?.trim() ?? ''
    for (const entry of elementsOf(elementAt(section, 'sldIdLst'), 'sldId')) sectionOf.set(entry.attributes['id'], name)
  }
  const relations = new Map(office.relations(path).map((relation) => [relation.id, relation]))
  const entries = elementsOf(elementAt(root, 'sldIdLst'), 'sldId').slice(0, mostSlides)
  const listed = new Set<string>()
  let missing = 0
  const slides = entries.flatMap((entry) => {
    const relation = relations.get(relationIdOf(entry) ?? '')
    const section = sectionOf.get(entry.attributes['id'])
    if (!relation || !office.has(relation.target)) {
      missing++
      return []
    }
    if (listed.has(relation.target)) return []
    listed.add(relation.target)
    return [{ path: relation.target, section }]
  })
  if (slides.length === 0) return fallback()
  const hasSections = new Set(slides.map(({ section }) => section)).size > 1
  if (!hasSections) slides.forEach((slide) => (slide.section = undefined))
  const warnings = missing > 0 ? [`${missing} of ${entries.length} slides are missing from the file.`] : []
  return { path, slides, hasSections, warnings }
}

const mostSlides = 20_000
