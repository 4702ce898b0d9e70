import { create } from 'zustand'
import type { Bot } from '../../core/contract/bots.ts'
import type { ErrorData } from '../../core/contract/errors.ts'
import { core } from './client.ts'
import { toFailure } from './failure.ts'
import { createLatest } from './latest.ts'

interface BotsStore {
  /** By name; null until first read. */
  bots: Bot[] | null
  failure: ErrorData | null
  refresh(): Promise<void>
  /** Puts what the core said of one bot in its place. */
  note(bot: Bot): void
}

const latest = createLatest()

export const useBots = create<BotsStore>((set, get) => ({
  bots: null,
  failure: null,
  refresh: async () => {
    const isNews = latest.begin()
    try {
      const { bots } = await core().bots.list()
      if (isNews()) set({ bots, failure: null })
    } catch (error) {
      if (isNews()) set({ failure: toFailure(error) })
    }
  },
  note: (bot) => {
    set(({ bots }) => ({
      bots: [...(bots ?? []).filter(({ id }) => id !== bot.id), bot].toSorted((a, b) => a.name.localeCompare(b.name)),
    }))
    if (latest.outdate()) void get().refresh()
  },
}))

export function useBot(botId: string | null): Bot | undefined {
  return useBots((state) => state.bots?.find((bot) => bot.id === botId))
}
