import { describe, expect, it } from 'vitest'
import { coversHost, entryIsThisMachine, isThisMachine, readHost } from './hosts.ts'

const hostnameOf = (address: string): string => new URL(address).hostname

describe('this machine', () => {
  it.each([
    'http://localhost/',
    'http://LOCALHOST:8080/',
    'http://127.0.0.1/',
    'http://127.9.8.7/',
    // Spellings of 127.0.0.1 that URL brings into the usual one.
    'http://2130706433/',
    'http://0x7f.1/',
    'http://[::1]:1/',
    'http://[0:0:0:0:0:0:0:1]/',
  ])('is %s', (address) => expect(isThisMachine(hostnameOf(address))).toBe(true))

  it.each([
    'http://127.0.0.1.example.com/',
    'http://localhost.example.com/',
    'http://localhost./',
    'http://app.localhost/',
    'http://localtest.me/',
    'http://127.example/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://192.168.1.1/',
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::]/',
    'http://1270.0.0.1.example/',
  ])('is not %s', (address) => expect(isThisMachine(hostnameOf(address))).toBe(false))
})

describe('a host as a person writes it', () => {
  it.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.com:443', 'api.example.com'],
    ['intern:80', 'intern'],
    ['https://api.example.com/v1/chat?x=1', 'api.example.com'],
    ['http://127.0.0.1:11434/api', '127.0.0.1:11434'],
    ['localhost:1234', 'localhost:1234'],
    ['::1', '[::1]'],
    ['[::1]:8080', '[::1]:8080'],
    ['*.example.com', '*.example.com'],
    ['büro.example', 'xn--bro-hoa.example'],
  ])('%s is %s', (text, host) => expect(readHost(text)).toBe(host))

  it.each([
    '',
    ' ',
    'a b',
    'example.com/path',
    'user:pass@example.com',
    'https://user:pass@example.com/',
    'ftp://example.com',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '*',
    '*.com',
    '*.*.com',
    'a*.example.com',
    '*.127.0.0.1',
    '*.[::1]',
    'example.com:99999',
    'https://',
    `${'x'.repeat(300)}.example`,
  ])('%j is none', (text) =>
    expect(() => readHost(text)).toThrow(expect.objectContaining({ code: 'input-invalid' }) as Error),
  )

  it('speaks of exactly that host and port, or of all below a domain', () => {
    const covers = (entry: string, address: string) => coversHost(entry, new URL(address))
    expect(covers('example.com', 'https://example.com/x')).toBe(true)
    expect(covers('example.com', 'https://example.com:8443/')).toBe(false)
    expect(covers('example.com', 'https://www.example.com/')).toBe(false)
    expect(covers('127.0.0.1:11434', 'http://127.0.0.1:11434/api')).toBe(true)
    expect(covers('127.0.0.1:11434', 'http://127.0.0.1:11435/api')).toBe(false)
    expect(covers('*.example.com', 'https://a.b.example.com/')).toBe(true)
    expect(covers('*.example.com', 'https://example.com/')).toBe(false)
    expect(covers('*.example.com', 'https://evilexample.com/')).toBe(false)
    expect(covers('*.example.com', 'https://a.example.com:8443/')).toBe(false)
  })

  it('tells servers on this machine from others', () => {
    expect(['127.0.0.1:11434', 'localhost', '[::1]:80'].map(entryIsThisMachine)).toEqual([true, true, true])
    expect(['example.com', '*.example.com', '10.0.0.1:80'].map(entryIsThisMachine)).toEqual([false, false, false])
  })
})
