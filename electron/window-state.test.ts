import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadWindowPlace, saveWindowPlace } from './window-state.ts'

const folder = mkdtempSync(join(tmpdir(), 'quarry-window-'))
afterAll(() => rmSync(folder, { recursive: true }))
const file = join(folder, 'sub', 'window.json')
const display = { x: 0, y: 25, width: 1920, height: 1055 }

test('what is saved comes back', () => {
  saveWindowPlace(file, { x: 100, y: 120, width: 1000, height: 700 }, true)
  expect(loadWindowPlace(file, [display])).toEqual({ x: 100, y: 120, width: 1000, height: 700, maximized: true })
})

test('the first time, and after damage, it has a good size and the system places it', () => {
  const expected = { width: 1280, height: 800, maximized: false }
  expect(loadWindowPlace(join(folder, 'none.json'), [display])).toEqual(expected)
  for (const text of ['', '{', '[]', '{"x":"1"}', '{"x":0,"y":0,"width":-5,"height":1,"maximized":false}']) {
    const damaged = join(folder, 'damaged.json')
    writeFileSync(damaged, text)
    expect(loadWindowPlace(damaged, [display]), text).toEqual(expected)
  }
})

test('a window on a display that is gone keeps its size and comes back in sight', () => {
  saveWindowPlace(file, { x: 3000, y: 100, width: 1000, height: 700 }, false)
  expect(loadWindowPlace(file, [display])).toEqual({ width: 1000, height: 700, maximized: false })
})

test('a window larger than the display, or half outside, is moved and shrunk into it', () => {
  saveWindowPlace(file, { x: -400, y: -50, width: 4000, height: 3000 }, false)
  expect(loadWindowPlace(file, [display])).toEqual({ x: 0, y: 25, width: 1920, height: 1055, maximized: false })
  saveWindowPlace(file, { x: 1500, y: 1000, width: 1000, height: 700 }, false)
  expect(loadWindowPlace(file, [display])).toEqual({ x: 920, y: 1000, width: 1000, height: 700, maximized: false })
})

test('a folder that cannot be written is no failure', () => {
  const bounds = { x: 0, y: 0, width: 1, height: 1 }
  expect(() => saveWindowPlace(join(folder, 'damaged.json', 'x', 'window.json'), bounds, false)).not.toThrow()
})
