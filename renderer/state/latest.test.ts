import { afterEach, describe, expect, it } from 'vitest'
import type { Bot } from '../../core/contract/bots.ts'
import type { Client } from '../../core/contract/client.ts'
import { AppError } from '../../core/contract/errors.ts'
import type { Model } from '../../core/contract/models.ts'
import type { NetworkStatus } from '../../core/contract/network.ts'
import { held } from '../testing/held.ts'
import { useBots } from './bots.ts'
import { provideClient } from './client.ts'
import { createLatest } from './latest.ts'
import { useModels } from './models.ts'
import { useNetwork } from './network.ts'

describe('answers', () => {
  it('are news in the order in which they were asked for, and old once something newer is known', () => {
    const latest = createLatest()
    const [first, second] = [latest.begin(), latest.begin()]
    expect([second(), first()]).toEqual([true, false])
    const third = latest.begin()
    expect(latest.outdate()).toBe(true)
    expect(third()).toBe(false)
    expect(latest.outdate()).toBe(false)
    const [fourth, fifth] = [latest.begin(), latest.begin()]
    expect([fourth(), fifth()]).toEqual([true, true])
  })
})

const bot = (id: string, name: string) => ({ id, name }) as Bot

describe('what several pages know', () => {
  afterEach(() => {
    useBots.setState({ bots: null, failure: null })
    useModels.setState({ models: null, failure: null })
    useNetwork.setState({ status: null, failure: null })
  })

  it('of bots: a list that was asked for before one was made does not take it away', async () => {
    const list = held<{ bots: Bot[] }>()
    provideClient({ bots: { list: list.ask } } as unknown as Client)
    void useBots.getState().refresh()
    useBots.getState().note(bot('bot_2', 'Harbour'))
    await list.answer(0, { bots: [bot('bot_1', 'Archive')] })
    expect(useBots.getState().bots?.map(({ name }) => name)).toEqual(['Harbour'])
    // What else is in it is asked for again.
    await list.answer(1, { bots: [bot('bot_1', 'Archive'), bot('bot_2', 'Harbour')] })
    expect(useBots.getState().bots?.map(({ name }) => name)).toEqual(['Archive', 'Harbour'])
    expect(list.asked()).toBe(2)
  })

  it('of models: the later list stays, and an earlier failure says nothing any more', async () => {
    const list = held<{ models: Model[] }>()
    provideClient({ models: { list: list.ask } } as unknown as Client)
    for (let asked = 0; asked < 3; asked += 1) void useModels.getState().refresh()
    const newer = [{ state: 'installed' } as Model]
    await list.answer(2, { models: newer })
    await list.answer(0, { models: [] })
    await list.fail(1, new AppError('internal', 'It broke.'))
    expect(useModels.getState()).toMatchObject({ models: newer, failure: null })
  })

  it('of the network: what was read before it went online does not say that it is offline', async () => {
    const status = held<NetworkStatus>()
    const switched = held<NetworkStatus>()
    provideClient({ network: { status: status.ask, setOffline: switched.ask } } as unknown as Client)
    const before = { offline: true, lock: null, allowed: [] } as unknown as NetworkStatus
    void useNetwork.getState().refresh()
    void useNetwork.getState().setOffline(false)
    await switched.answer(0, { ...before, offline: false })
    await status.answer(0, before)
    expect(useNetwork.getState().status).toMatchObject({ offline: false })
  })
})
