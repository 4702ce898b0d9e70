import { setTimeout as sleep } from 'node:timers/promises'
import { eventIterator, oc, type ContractRouterClient } from '@orpc/contract'
import { implement } from '@orpc/server'
import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import { sha256 } from '../../shared/hash.ts'

/** A small contract with one procedure for each thing that a wire has to carry. */
export const toyContract = {
  echo: oc
    .route({ method: 'POST', path: '/echo' })
    .input(z.object({ value: z.unknown() }))
    .output(z.object({ value: z.unknown() })),
  addDay: oc
    .route({ method: 'POST', path: '/add-day' })
    .input(z.object({ date: z.date() }))
    .output(z.object({ date: z.date() })),
  upload: oc
    .route({ method: 'POST', path: '/uploads' })
    .input(z.object({ path: z.string(), offset: z.coerce.number().int(), data: z.instanceof(Blob), last: z.boolean() }))
    .output(
      z.object({ path: z.string(), offset: z.number(), last: z.boolean(), size: z.number(), sha256: z.string() }),
    ),
  fail: oc
    .route({ method: 'POST', path: '/fail' })
    .input(z.object({ how: z.enum(['known', 'unexpected', 'system', 'wrong-output']) }))
    .output(z.object({ fine: z.literal(true) })),
  ask: oc
    .route({ method: 'POST', path: '/ask' })
    .input(z.object({ question: z.string().trim().min(1, 'Type a question.'), k: z.int().min(1).default(3) }))
    .output(z.object({ question: z.string(), k: z.int() })),
  /** Answers when its caller goes away. */
  wait: oc.route({ method: 'POST', path: '/wait' }).output(z.object({ waited: z.boolean() })),
  count: oc
    .route({ method: 'GET', path: '/count/{to}' })
    .input(
      z.object({
        to: z.coerce.number(),
        /** Throw after this many. */
        failAfter: z.coerce.number().optional(),
      }),
    )
    .output(eventIterator(z.object({ number: z.int() }))),
  /** One event, then silence until its caller goes away. */
  silence: oc.route({ method: 'GET', path: '/silence' }).output(eventIterator(z.object({ number: z.int() }))),
  /** What happened in the host so far. */
  seen: oc
    .route({ method: 'GET', path: '/seen' })
    .output(z.object({ begun: z.int(), ended: z.int(), aborted: z.int(), logged: z.int() })),
}

export type ToyClient = ContractRouterClient<typeof toyContract>

export function createToy() {
  const seen = { begun: 0, ended: 0, aborted: 0, logged: 0 }
  const toy = implement(toyContract)
  const router = toy.router({
    echo: toy.echo.handler(({ input }) => ({ value: input.value })),
    addDay: toy.addDay.handler(({ input }) => ({ date: new Date(input.date.getTime() + 86_400_000) })),
    upload: toy.upload.handler(async ({ input: { data, ...rest } }) => ({
      ...rest,
      size: data.size,
      sha256: sha256(new Uint8Array(await data.arrayBuffer())),
    })),
    fail: toy.fail.handler(({ input: { how } }) => {
      if (how === 'known') {
        throw new AppError('name-taken', 'There is already a collection called "Zürich". Choose another name.', {
          retryable: true,
          details: { name: 'Zürich', numbers: [1, 2] },
          cause: new Error('secret cause'),
        })
      }
      if (how === 'system') throw Object.assign(new Error('no space left'), { code: 'ENOSPC' })
      if (how === 'unexpected') throw new TypeError('x is not a function')
      return { fine: false } as unknown as { fine: true }
    }),
    ask: toy.ask.handler(({ input }) => input),
    wait: toy.wait.handler(async ({ signal }) => {
      seen.begun += 1
      await sleep(60_000, undefined, { signal }).catch((error: unknown) => {
        seen.aborted += 1
        throw error
      })
      return { waited: true }
    }),
    count: toy.count.handler(async function* ({ input: { to, failAfter } }) {
      seen.begun += 1
      try {
        for (let number = 0; number < to; number += 1) {
          if (number === failAfter) throw new AppError('file-corrupt', 'Page 7 is damaged.', { details: { page: 7 } })
          yield { number }
        }
      } finally {
        seen.ended += 1
      }
    }),
    silence: toy.silence.handler(async function* ({ signal }) {
      seen.begun += 1
      try {
        yield { number: 0 }
        await sleep(60_000, undefined, { signal })
      } finally {
        if (signal?.aborted) seen.aborted += 1
        seen.ended += 1
      }
    }),
    seen: toy.seen.handler(() => ({ ...seen })),
  })
  const log = {
    info: () => {},
    warn: () => {},
    error: () => {
      seen.logged += 1
    },
  }
  return { router, log }
}
