import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { quarry } from './testing/quarry.ts'

/** The real command line in a process of its own. */
describe('quarry bots and quarry conversations', { timeout: 300_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  beforeAll(() => void (temporary = temporaryFolder()))
  afterAll(() => temporary[Symbol.dispose]())
  const at = (name: string): string => join(temporary.path, name)
  const call = (args: string[], input = '', workspace = 'workspace') =>
    quarry([...args, '--workspace', at(workspace), '--json'], { input })

  it('go all the way: create, ask, chat, search, export, import, remove', async () => {
    writeFileSync(at('leave.md'), '# Leave\n\n## Annual leave\n\nEmployees have 30 days of annual leave.\n')
    await call(['ingest', at('leave.md'), '--collection', 'Rules'])
    const create = ['bots', 'create', 'Rules bot', '--collection', 'Rules', '--template', 'policy-assistant']
    const made = await call([...create, '--tone', 'dry', '--language', 'English', '--tool', 'list-documents'])
    expect(made).toMatchObject({
      code: 0,
      json: { tone: 'dry', languages: ['English'], template: 'policy-assistant', problems: [] },
    })
    expect(await call([...create])).toMatchObject({ code: 2, json: { error: { code: 'name-taken' } } })
    expect((await call(['bots', 'set', 'rules BOT', '--tone', '', '--length', 'long'])).json).toMatchObject({
      tone: '',
      length: 'long',
      languages: ['English'],
    })
    expect(await call(['bots', 'show', 'nobody'])).toMatchObject({
      code: 2,
      json: { error: { code: 'item-missing' } },
    })

    // Where nothing was asked there is no conversation.
    expect(await call(['bots', 'ask', 'Rules bot', ' '])).toMatchObject({ code: 2 })
    expect(await call(['bots', 'chat', 'Rules bot'], '\n')).toMatchObject({ code: 0 })
    expect((await call(['conversations', 'list'])).json).toMatchObject({ conversations: [] })
    const asked = await call(['bots', 'ask', 'Rules bot', 'How many days of annual leave are there?'])
    expect(asked).toMatchObject({ code: 0, json: { state: 'done', citations: [{ path: 'leave.md', marker: 1 }] } })
    expect((asked.json as { answer: string }).answer).toContain('30 days')
    const chat = await call(
      ['bots', 'chat', 'Rules bot'],
      'How many days?\nWhich documents do you have?\n\nnot asked\n',
    )
    const answers = chat.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { answer: string })
    expect(answers).toHaveLength(2)
    expect(answers[1]!.answer).toContain('leave.md')

    const { conversations } = (await call(['conversations', 'list', '--search', 'annual leave'])).json as {
      conversations: { id: string }[]
    }
    expect(conversations.length).toBeGreaterThan(0)
    const { id } = conversations.at(-1)!
    expect((await call(['conversations', 'show', id])).json).toMatchObject({
      messages: [{ role: 'question' }, { role: 'answer' }],
    })
    expect((await call(['conversations', 'export', id, at('talk.html')])).json).toMatchObject({ format: 'html' })
    expect(readFileSync(at('talk.html'), 'utf8')).toContain('30 days')
    expect(await call(['conversations', 'export', id, at('talk.html')])).toMatchObject({
      code: 2,
      json: { error: { code: 'input-invalid' } },
    })
    expect((await call(['conversations', 'remove', id])).json).toMatchObject({ removed: true })

    const write = ['bots', 'export', 'Rules bot', at('rules.quarrybot'), '--with-documents']
    expect(await call(write)).toMatchObject({ code: 0, json: { path: at('rules.quarrybot'), notes: [] } })
    expect(await call(write)).toMatchObject({ code: 2, json: { error: { code: 'input-invalid' } } })
    const there = await call(['bots', 'import', at('rules.quarrybot')], '', 'other')
    expect(there).toMatchObject({ code: 0, json: { bot: { name: 'Rules bot', length: 'long' }, notes: [] } })
    const again = await call(['bots', 'ask', 'Rules bot', 'How many days of annual leave are there?'], '', 'other')
    expect((again.json as { answer: string }).answer).toContain('30 days')

    expect((await call(['bots', 'duplicate', 'Rules bot'])).json).toMatchObject({ name: 'Rules bot (2)' })
    expect((await call(['bots', 'remove', 'Rules bot', '--with-conversations'])).json).toMatchObject({
      removed: true,
    })
    expect((await call(['bots', 'list'])).json).toMatchObject({ bots: [{ name: 'Rules bot (2)' }] })
    expect((await call(['conversations', 'list'])).json).toMatchObject({ total: 0 })
  })
})
