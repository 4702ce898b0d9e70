import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../shared/temporary-folder.ts'
import { projectRoot } from '../testing/test-app.ts'

/** The real command line in a process of its own. */
describe('quarry bots and quarry conversations', { timeout: 300_000 }, () => {
  let temporary: ReturnType<typeof temporaryFolder>
  beforeAll(() => void (temporary = temporaryFolder()))
  afterAll(() => temporary[Symbol.dispose]())
  const at = (name: string): string => join(temporary.path, name)
  const quarry = (args: string[], input = '', workspace = 'workspace') =>
    start([...args, '--workspace', at(workspace), '--json'], input)

  it('go all the way: create, ask, chat, search, export, import, remove', async () => {
    writeFileSync(at('leave.md'), '# Leave\n\n## Annual leave\n\nEmployees have 30 days of annual leave.\n')
    await quarry(['ingest', at('leave.md'), '--collection', 'Rules'])
    const create = ['bots', 'create', 'Rules bot', '--collection', 'Rules', '--template', 'policy-assistant']
    const made = await quarry([...create, '--tone', 'dry', '--language', 'English', '--tool', 'list-documents'])
    expect(made).toMatchObject({
      code: 0,
      json: { tone: 'dry', languages: ['English'], template: 'policy-assistant', problems: [] },
    })
    expect(await quarry([...create])).toMatchObject({ code: 2, json: { error: { code: 'name-taken' } } })
    expect((await quarry(['bots', 'set', 'rules BOT', '--tone', '', '--length', 'long'])).json).toMatchObject({
      tone: '',
      length: 'long',
      languages: ['English'],
    })
    expect(await quarry(['bots', 'show', 'nobody'])).toMatchObject({
      code: 2,
      json: { error: { code: 'item-missing' } },
    })

    // Where nothing was asked there is no conversation.
    expect(await quarry(['bots', 'ask', 'Rules bot', ' '])).toMatchObject({ code: 2 })
    expect(await quarry(['bots', 'chat', 'Rules bot'], '\n')).toMatchObject({ code: 0 })
    expect((await quarry(['conversations', 'list'])).json).toMatchObject({ conversations: [] })
    const asked = await quarry(['bots', 'ask', 'Rules bot', 'How many days of annual leave are there?'])
    expect(asked).toMatchObject({ code: 0, json: { state: 'done', citations: [{ path: 'leave.md', marker: 1 }] } })
    expect((asked.json as { answer: string }).answer).toContain('30 days')
    const chat = await quarry(
      ['bots', 'chat', 'Rules bot'],
      'How many days?\nWhich documents do you have?\n\nnot asked\n',
    )
    const answers = chat.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { answer: string })
    expect(answers).toHaveLength(2)
    expect(answers[1]!.answer).toContain('leave.md')

    const { conversations } = (await quarry(['conversations', 'list', '--search', 'annual leave'])).json as {
      conversations: { id: string }[]
    }
    expect(conversations.length).toBeGreaterThan(0)
    const { id } = conversations.at(-1)!
    expect((await quarry(['conversations', 'show', id])).json).toMatchObject({
      messages: [{ role: 'question' }, { role: 'answer' }],
    })
    expect((await quarry(['conversations', 'export', id, at('talk.html')])).json).toMatchObject({ format: 'html' })
    expect(readFileSync(at('talk.html'), 'utf8')).toContain('30 days')
    expect(await quarry(['conversations', 'export', id, at('talk.html')])).toMatchObject({
      code: 2,
      json: { error: { code: 'input-invalid' } },
    })
    expect((await quarry(['conversations', 'remove', id])).json).toMatchObject({ removed: true })

    const write = ['bots', 'export', 'Rules bot', at('rules.quarrybot'), '--with-documents']
    expect(await quarry(write)).toMatchObject({ code: 0, json: { path: at('rules.quarrybot'), notes: [] } })
    expect(await quarry(write)).toMatchObject({ code: 2, json: { error: { code: 'input-invalid' } } })
    const there = await quarry(['bots', 'import', at('rules.quarrybot')], '', 'other')
    expect(there).toMatchObject({ code: 0, json: { bot: { name: 'Rules bot', length: 'long' }, notes: [] } })
    const again = await quarry(['bots', 'ask', 'Rules bot', 'How many days of annual leave are there?'], '', 'other')
    expect((again.json as { answer: string }).answer).toContain('30 days')

    expect((await quarry(['bots', 'duplicate', 'Rules bot'])).json).toMatchObject({ name: 'Rules bot (2)' })
    expect((await quarry(['bots', 'remove', 'Rules bot', '--with-conversations'])).json).toMatchObject({
      removed: true,
    })
    expect((await quarry(['bots', 'list'])).json).toMatchObject({ bots: [{ name: 'Rules bot (2)' }] })
    expect((await quarry(['conversations', 'list'])).json).toMatchObject({ total: 0 })
  })
})

function start(
  args: string[],
  input: string,
): Promise<{ code: number; json: unknown; output: string; errors: string }> {
  return new Promise((settle) => {
    const child = execFile(
      process.execPath,
      [join(projectRoot, 'core/host/cli.ts'), ...args],
      (error, stdout, stderr) => {
        const code = error ? Number(error.code) : 0
        const lines = stdout.trim().split('\n')
        settle({ code, json: lines[0] === '' ? undefined : JSON.parse(lines[0]!), output: stdout, errors: stderr })
      },
    )
    child.stdin?.end(input)
  })
}
