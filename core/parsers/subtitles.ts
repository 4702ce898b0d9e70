import { z } from 'zod'
import type { Metadata } from '../contract/parsed-document.ts'
import { throwIfAborted } from '../shared/abort.ts'
import { collapse, createDocumentBuilder, type DocumentBuilder } from './parts/document-builder.ts'
import type { ParserDefinition } from './parser.ts'
import { readText } from './text.ts'

const options = z.object({})

/**
 * Subtitles: SubRip (.srt) and WebVTT (W3C). A cue is rarely a sentence, so neighbours are joined into paragraphs of a
 * few sentences of one speaker; each keeps the span of time of its cues. Notes, styles and markup are left out.
 * Errors: file-empty, file-corrupt (the bytes are no text).
 */
export const subtitlesParser: ParserDefinition<z.infer<typeof options>> = {
  id: 'subtitles',
  label: 'Subtitles',
  summary: 'Reads SRT and WebVTT subtitles as paragraphs that know their time.',
  version: 1,
  types: ['subtitles'],
  capabilities: { pages: false, boxes: false, tables: false, headings: false },
  options,
  create: () => ({
    async parse(input, { signal } = {}) {
      throwIfAborted(signal)
      const { text, warnings } = readText(input.bytes)
      const lines = text.split('\n')
      const builder = createDocumentBuilder()
      const cues = withoutRepeats(readCues(lines))
      throwIfAborted(signal)
      for (const { speaker, text: words, startMs, endMs } of joinCues(cues)) {
        builder.add('paragraph', speaker === '' ? words : `${speaker}: ${words}`, { time: { startMs, endMs } })
      }
      if (builder.length === 0) {
        warnings.push('No cues with times were found in these subtitles; they were read as plain text.')
        writePlain(builder, text)
      }
      const { title, metadata } = readHeader(lines)
      return builder.finish(title, warnings, { metadata })
    },
  }),
}

interface Cue {
  startMs: number
  endMs: number
  /** '' where nobody is named. */
  speaker: string
  lines: string[]
}

const timing = /^\s*((?:\d{1,4}:)?\d{1,2}:\d{2}[,.]\d{1,3})\s*-->\s*((?:\d{1,4}:)?\d{1,2}:\d{2}[,.]\d{1,3})(?:\s|$)/

function readCues(lines: readonly string[]): Cue[] {
  const cues: Cue[] = []
  for (let index = 0; index < lines.length; index++) {
    const times = timing.exec(lines[index] ?? '')
    if (!times) continue
    const payload: string[] = []
    while (index + 1 < lines.length && !beginsCue(lines, index + 1) && lines[index + 1]?.trim() !== '') {
      payload.push(lines[++index] ?? '')
    }
    const startMs = milliseconds(times[1] ?? '')
    const endMs = Math.max(startMs, milliseconds(times[2] ?? ''))
    for (const turn of turnsOf(payload)) cues.push({ startMs, endMs, ...turn })
  }
  return cues
}

/** A line of times, or the number before one, where a file forgot the blank line between cues. */
function beginsCue(lines: readonly string[], index: number): boolean {
  const line = lines[index] ?? ''
  return timing.test(line) || (/^\s*\d+\s*$/.test(line) && timing.test(lines[index + 1] ?? ''))
}

/** 'hours:minutes:seconds,thousandths', the hours optional. */
function milliseconds(time: string): number {
  const [seconds = 0, minutes = 0, hours = 0] = time.replace(',', '.').split(':').reverse().map(Number)
  return Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000)
}

/** What each speaker of a cue says, without markup. */
function turnsOf(payload: readonly string[]): { speaker: string; lines: string[] }[] {
  const turns: { speaker: string; lines: string[] }[] = []
  // '<v.loud Ann>' begins what Ann says.
  for (const [index, piece] of payload
    .join('\n')
    .split(/<v(?:\.[^\s<>]{0,200})?\s+/)
    .entries()) {
    const nameEnd = index === 0 ? -1 : piece.indexOf('>')
    const speaker = index === 0 ? '' : plain(piece.slice(0, Math.max(0, nameEnd)))
    const lines = piece
      .slice(nameEnd + 1)
      .split('\n')
      .map(plain)
    const spoken = lines.filter((line) => line !== '')
    if (spoken.length > 0) turns.push({ speaker, lines: spoken })
  }
  return turns
}

function plain(source: string): string {
  return collapse(
    source
      .replaceAll(/<[^<>]*>/g, '')
      // Places and styles of the SubStation formats.
      .replaceAll(/\{\\[^{}]*\}/g, '')
      .replaceAll(/\\[Nn]/g, ' ')
      .replaceAll(/&(amp|lt|gt|nbsp|lrm|rlm|quot|#39);/g, (_, name: string) => entities[name] ?? ''),
  )
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', quot: '"', '#39': "'" }

/** Live captions roll: each cue shows the last line of the one before again. */
function withoutRepeats(cues: readonly Cue[]): Cue[] {
  const kept: Cue[] = []
  let shown: readonly string[] = []
  let shownUntilMs = 0
  for (const cue of cues) {
    const follows = cue.startMs <= shownUntilMs + 100
    const lines = follows ? cue.lines.filter((line) => !shown.includes(line)) : cue.lines
    shown = cue.lines
    shownUntilMs = cue.endMs
    if (lines.length > 0) kept.push({ ...cue, lines })
  }
  return kept
}

interface Paragraph {
  startMs: number
  endMs: number
  speaker: string
  text: string
}

/** A paragraph ends with a sentence once it is this long, in characters … */
const longEnough = 300
/** … and anyway here, for captions without full stops. */
const tooLong = 700
/** Nothing is said for this long where a scene or a thought ends. */
const pauseMs = 4000

function joinCues(cues: readonly Cue[]): Paragraph[] {
  const paragraphs: Paragraph[] = []
  for (const { speaker, lines, startMs, endMs } of cues) {
    const text = lines.reduce(joinLines)
    const last = paragraphs.at(-1)
    const ends =
      !last ||
      last.speaker !== speaker ||
      startMs - last.endMs > pauseMs ||
      last.text.length >= tooLong ||
      (last.text.length >= longEnough && /[.!?…。！？][\p{Pe}\p{Pf}"'♪]*$/u.test(last.text))
    if (ends) {
      paragraphs.push({ startMs, endMs, speaker, text })
    } else {
      last.text = joinLines(last.text, text)
      last.startMs = Math.min(last.startMs, startMs)
      last.endMs = Math.max(last.endMs, endMs)
    }
  }
  return paragraphs
}

/** A dash at the beginning of a line tells that another one speaks. */
function joinLines(before: string, after: string): string {
  return before + (/^[-–—]\s?\S/.test(after) ? '\n' : ' ') + after
}

/** The lines before the first blank one of a WebVTT file: 'WEBVTT - Title', 'Language: en'. */
function readHeader(lines: readonly string[]): { title?: string; metadata: Metadata } {
  const first = /^WEBVTT(?:[ \t]+-?\s*(.+))?$/.exec(lines[0] ?? '')
  const metadata: Metadata = {}
  if (!first) return { metadata }
  for (const line of lines.slice(1, 20)) {
    if (line.trim() === '') break
    const language = /^language:\s*([\w-]{2,20})\s*$/i.exec(line)?.[1]
    if (language !== undefined) metadata['language'] = language
  }
  const title = collapse(first[1] ?? '').slice(0, 300)
  if (title === '') return { metadata }
  metadata['title'] = title
  return { title, metadata }
}

function writePlain(builder: DocumentBuilder, text: string): void {
  for (const block of text.split(/\n[^\S\n]*\n\s*/)) builder.add('paragraph', block)
}
