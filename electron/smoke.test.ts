import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const binary = findBinary()
const built = existsSync(join(root, 'out/main/main.js'))
const reason = !binary ? 'skipped: no Electron binary' : !built ? 'skipped: not built (npm run build)' : ''

test.skipIf(reason !== '')(`the real app opens, connects and closes${reason && ` — ${reason}`}`, async () => {
  const { _electron } = await import('playwright')
  const dataFolder = mkdtempSync(join(tmpdir(), 'quarry-smoke-'))
  const app = await _electron.launch({
    executablePath: binary as string,
    args: [root, `--user-data-dir=${dataFolder}`],
    env: { ...(process.env as Record<string, string>), QUARRY_WORKSPACE: join(dataFolder, 'workspace') },
  })
  try {
    const page = await app.firstWindow()
    await page.getByRole('main').waitFor()
    expect(page.url()).toMatch(/^app:\/\/quarry\//)
    expect(await page.evaluate(() => 'require' in globalThis)).toBe(false)
    // Nothing leaves: not even the page's own request.
    expect(
      await page.evaluate(() =>
        fetch('https://example.com').then(
          () => 'reached',
          () => 'refused',
        ),
      ),
    ).toBe('refused')
  } finally {
    await app.close()
    rmSync(dataFolder, { recursive: true, force: true })
  }
})

/** Found without importing the package, which would try to download what is missing. */
function findBinary(): string | undefined {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH']
  const dist = override ?? join(root, 'node_modules/electron/dist')
  const pathFile = join(root, 'node_modules/electron/path.txt')
  const name = existsSync(pathFile)
    ? readFileSync(pathFile, 'utf8').trim()
    : process.platform === 'win32'
      ? 'electron.exe'
      : 'electron'
  const path = join(dist, name)
  return existsSync(path) ? path : undefined
}
