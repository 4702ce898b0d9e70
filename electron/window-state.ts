import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Rectangle } from 'electron'
import { z } from 'zod'

const savedSchema = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(1),
  height: z.int().min(1),
  maximized: z.boolean(),
})
type Saved = z.infer<typeof savedSchema>

export interface WindowPlace {
  /** Absent: the system chooses. */
  x?: number
  y?: number
  width: number
  height: number
  maximized: boolean
}

export const smallestWindow = { width: 720, height: 480 }
const firstPlace: WindowPlace = { width: 1280, height: 800, maximized: false }

/**
 * Where the window was, made to fit the displays there are now: one that is gone must not take the window with it.
 * @param workAreas Of each display, without docks and bars.
 */
export function loadWindowPlace(file: string, workAreas: readonly Rectangle[]): WindowPlace {
  const saved = read(file)
  if (!saved) return firstPlace
  const area = workAreas.find((each) => overlap(each, saved) >= 100 * 40)
  if (!area) return { width: saved.width, height: saved.height, maximized: saved.maximized }
  const width = Math.max(smallestWindow.width, Math.min(saved.width, area.width))
  const height = Math.max(smallestWindow.height, Math.min(saved.height, area.height))
  const x = clamp(saved.x, area.x, area.x + area.width - width)
  // The title bar has to stay in reach.
  const y = clamp(saved.y, area.y, area.y + area.height - 40)
  return { x, y, width, height, maximized: saved.maximized }
}

/** A window that cannot be remembered is no reason to fail. */
export function saveWindowPlace(file: string, bounds: Rectangle, maximized: boolean): void {
  try {
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, JSON.stringify({ ...bounds, maximized } satisfies Saved))
  } catch {
    return
  }
}

function read(file: string): Saved | undefined {
  try {
    return savedSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** Area in pixels. */
function overlap(one: Rectangle, two: Rectangle): number {
  const width = Math.min(one.x + one.width, two.x + two.width) - Math.max(one.x, two.x)
  const height = Math.min(one.y + one.height, two.y + two.height) - Math.max(one.y, two.y)
  return Math.max(0, width) * Math.max(0, height)
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(value, Math.max(least, most)))
}
