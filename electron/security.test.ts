import { expect, test } from 'vitest'
import type { Session, WebContents } from 'electron'
import { createFakeElectron, FakeContents, FakeSession } from './fake-electron.ts'
import { isPage, secureContents, secureSession } from './security.ts'

test('no permission is granted, whatever it is', () => {
  const session = new FakeSession()
  secureSession(session as unknown as Session, undefined)
  for (const permission of ['media', 'geolocation', 'notifications', 'clipboard-read', 'usb', 'openExternal']) {
    let granted: boolean | undefined
    session.permissionRequest?.({}, permission, (answer) => (granted = answer))
    expect(granted).toBe(false)
  }
  expect(session.permissionCheck?.()).toBe(false)
  expect(session.devicePermission?.()).toBe(false)
})

test('no request leaves for the network', () => {
  const session = new FakeSession()
  secureSession(session as unknown as Session, undefined)
  expect(session.allows('app://quarry/assets/main.js')).toBe(true)
  for (const url of [
    'https://example.com/',
    'http://127.0.0.1:8080/',
    'ws://localhost/',
    'wss://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'app://quarry.evil/',
    'app://other/',
    'http://localhost:5173/',
    'not an address',
  ]) {
    expect(session.allows(url), url).toBe(false)
  }
})

test('the development server is reachable only while there is one', () => {
  const session = new FakeSession()
  secureSession(session as unknown as Session, 'http://localhost:5173')
  expect(session.allows('http://localhost:5173/main.tsx')).toBe(true)
  expect(session.allows('ws://localhost:5173/')).toBe(true)
  expect(session.allows('http://localhost:5174/')).toBe(false)
  expect(session.allows('https://example.com/')).toBe(false)
})

test('downloads are refused, but for what the page made itself', () => {
  const session = new FakeSession()
  secureSession(session as unknown as Session, undefined)
  const isRefused = (url: string): boolean => {
    let prevented = false
    session.emit('will-download', { preventDefault: () => (prevented = true) }, { getURL: () => url })
    return prevented
  }
  for (const url of ['https://example.com/x', 'file:///etc/passwd', 'blob:https://example.com/1', 'data:text/html,x']) {
    expect(isRefused(url), url).toBe(true)
  }
  expect(isRefused('blob:app://quarry/123')).toBe(false)
})

test('the page stays where it is', () => {
  const { contents } = secured()
  expect(contents.navigate('will-navigate', 'app://quarry/library/col_1')).toBe(true)
  for (const url of [
    'https://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'app://quarry.evil/',
    'data:text/html,x',
  ]) {
    expect(contents.navigate('will-navigate', url), url).toBe(false)
    expect(contents.navigate('will-redirect', url), url).toBe(false)
  }
  expect(contents.navigate('will-attach-webview', '')).toBe(false)
  let prevented = false
  contents.emit('will-frame-navigate', { isMainFrame: false, preventDefault: () => (prevented = true) })
  expect(prevented).toBe(true)
})

test('windows are never opened; https links go to the browser after a question', async () => {
  const { contents, fake } = secured()
  fake.answers.messageBox = 0
  expect(contents.openHandler?.({ url: 'https://example.com/a?b' })).toEqual({ action: 'deny' })
  await expect.poll(() => fake.opened).toEqual(['https://example.com/a?b'])
  expect(fake.dialogs).toMatchObject([
    { message: 'Open example.com in your browser?', detail: 'https://example.com/a?b' },
  ])
})

test('a link that the person refuses, or that is not https, is not opened', async () => {
  const { contents, fake } = secured()
  contents.openHandler?.({ url: 'https://example.com/' })
  for (const url of ['http://example.com/', 'file:///etc/passwd', 'smb://x/y', 'javascript:1', 'ms-settings:']) {
    contents.openHandler?.({ url })
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(fake.dialogs).toHaveLength(1)
  expect(fake.opened).toEqual([])
})

test.each([
  ['app://quarry/', true],
  ['app://quarry/library', true],
  ['app://quarry.evil/', false],
  ['app://evil/quarry', false],
  ['https://quarry/', false],
  ['', false],
])('is %s the page? %s', (url, expected) => {
  expect(isPage(url, undefined)).toBe(expected)
})

function secured() {
  const fake = createFakeElectron({ userData: '/nowhere' })
  const contents = new FakeContents()
  const { dialog, shell } = fake.api
  secureContents(contents as unknown as WebContents, { dialog, shell, developmentOrigin: undefined })
  return { contents, fake }
}
