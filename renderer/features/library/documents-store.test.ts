import { expect, it } from 'vitest'
import type { Client } from '../../../core/contract/client.ts'
import type { CollectionId, JobId } from '../../../core/shared/ids.ts'
import { provideClient } from '../../state/client.ts'
import { makeDocuments } from '../../testing/documents.ts'
import { held } from '../../testing/held.ts'
import { followDocuments, forgetDocuments, useDocuments } from './documents-store.ts'

it('does not put a stage that came before the list over what the list says', async () => {
  const collectionId = 'col_1' as CollectionId
  const documents = makeDocuments(3).map((document) => ({ ...document, collectionId, status: 'ready' as const }))
  const following = new AbortController()
  const stages = documents.map(({ id }) => ({ id, status: 'embedding' as const }))
  async function* watch() {
    yield { type: 'progress' as const, number: 1, job: {}, documents: stages }
    await new Promise(() => {})
  }
  const client = {
    documents: { list: () => Promise.resolve({ documents, total: documents.length }) },
    jobs: { watch: () => Promise.resolve(watch()) },
  }
  provideClient(client as unknown as Client)
  await useDocuments.getState().load(collectionId)

  void followDocuments('job_1' as JobId, collectionId, following.signal)
  await new Promise((resolve) => setTimeout(resolve, 20))
  // The list of active jobs says that the job is over before its last events are here.
  following.abort()
  await useDocuments.getState().load(collectionId)
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(useDocuments.getState().documents?.map((document) => document.status)).toEqual(['ready', 'ready', 'ready'])
})

it('shows neither an older list after a newer one nor documents that were removed meanwhile', async () => {
  const collectionId = 'col_2' as CollectionId
  const all = makeDocuments(3).map((document) => ({ ...document, collectionId }))
  const list = held<{ documents: typeof all; total: number }>()
  provideClient({ documents: { list: list.ask } } as unknown as Client)
  const answer = (number: number, documents: typeof all): Promise<void> =>
    list.answer(number, { documents: [...documents], total: documents.length })
  const shown = (): number | undefined => useDocuments.getState().documents?.length
  const { load } = useDocuments.getState()
  void load(collectionId)
  void load(collectionId)
  await answer(1, all)
  await answer(0, all.slice(0, 1))
  expect(shown()).toBe(3)

  void load(collectionId)
  forgetDocuments(new Set([all[0]!.id]))
  await answer(2, all)
  expect(shown()).toBe(2)
  // And the list is read again.
  await answer(3, all.slice(1))
  expect(shown()).toBe(2)
  expect(list.asked()).toBe(4)
})
