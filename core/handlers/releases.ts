import type { Services } from '../services/services.ts'
import { os } from './base.ts'

export function lineHandlers({ releases, releaseLibrary, promotions }: Services) {
  return {
    list: os.lines.list.handler(() => ({ lines: releaseLibrary.lines() })),
    get: os.lines.get.handler(({ input }) => ({
      line: releaseLibrary.line(input.lineId),
      releases: releaseLibrary.releases(input.lineId),
    })),
    create: os.lines.create.handler(({ input }) => releases.createLine(input)),
    update: os.lines.update.handler(({ input }) => {
      const { lineId, ...change } = input
      return releases.updateLine(lineId, change)
    }),
    history: os.lines.history.handler(({ input }) => {
      releaseLibrary.line(input.lineId)
      return { events: releaseLibrary.events(input.lineId) }
    }),
    rollBack: os.lines.rollBack.handler(({ input }) => {
      const { lineId, ...request } = input
      return promotions.rollBack(lineId, request)
    }),
  }
}

export function releaseHandlers({ releases, releaseLibrary, releaseIndexes, releaseGates, promotions }: Services) {
  return {
    get: os.releases.get.handler(({ input }) => releaseLibrary.get(input.releaseId)),
    resolve: os.releases.resolve.handler(({ input }) => releases.resolve(input.choice)),
    createDraft: os.releases.createDraft.handler(({ input }) => releases.createDraft(input)),
    edit: os.releases.edit.handler(({ input }) => {
      const { releaseId, ...change } = input
      return releases.edit(releaseId, change)
    }),
    discard: os.releases.discard.handler(({ input }) => ({
      discarded: releases.discard(input.releaseId, input.who, input.reason),
    })),
    measure: os.releases.measure.handler(({ input }) => {
      const { releaseId, ...options } = input
      return releaseGates.measure(releaseId, options)
    }),
    propose: os.releases.propose.handler(({ input }) => {
      const { releaseId, ...request } = input
      return promotions.propose(releaseId, request)
    }),
    check: os.releases.check.handler(({ input }) => releaseGates.check(input.releaseId)),
    promote: os.releases.promote.handler(({ input }) => {
      const { releaseId, ...request } = input
      return promotions.promote(releaseId, request)
    }),
    indexes: os.releases.indexes.handler(({ input }) => ({
      indexes: releaseIndexes.list(input.releaseId, input.collectionIds),
    })),
    prepare: os.releases.prepare.handler(({ input }) => ({
      jobIds: releaseIndexes.prepare(input.owner, input.choice, input.collectionIds),
    })),
  }
}
