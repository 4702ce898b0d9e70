import { oc } from '@orpc/contract'
import { z } from 'zod'

/** Why a connection is made. A host is allowed for some of these, never for whatever comes. */
export const networkPurposes = ['model-download', 'chat', 'embeddings', 'rerank', 'trace-export', 'run-export'] as const
export const networkPurposeSchema = z.enum(networkPurposes)
export type NetworkPurpose = z.infer<typeof networkPurposeSchema>

export const refusalReasons = [
  /** No address that a connection could be made to, or one with a password in it. */
  'address-invalid',
  /** Neither https nor http. */
  'scheme-refused',
  /** Offline, and the host is not this machine. */
  'offline',
  'host-not-allowed',
  /** The host is allowed, but for something else. */
  'purpose-not-allowed',
  /** http to another machine, for which only https is allowed. */
  'plain-http',
  /** It would not stay on this machine: a proxy is in between, or 'localhost' is another machine. */
  'leaves-machine',
  /** Another machine's answer led to this one. */
  'led-to-this-machine',
  'too-many-redirects',
] as const
export const refusalReasonSchema = z.enum(refusalReasons)
export type RefusalReason = z.infer<typeof refusalReasonSchema>

/**
 * A host that may be connected to: 'api.example.com', with a port where it is not the usual one of its scheme
 * ('127.0.0.1:11434'), or every host below a domain ('*.example.com').
 */
export const allowedHostSchema = z.strictObject({
  host: z.string().min(1).max(300),
  purposes: z.array(networkPurposeSchema).min(1).max(networkPurposes.length),
  /** Whether http will do. On this machine it always does. */
  plainHttp: z.boolean().default(false),
})
export type AllowedHost = z.infer<typeof allowedHostSchema>

/** Who has taken the settings out of people's hands. */
export const networkLockSchema = z.object({
  by: z.enum(['policy-file', 'environment']),
  /** The file's path, or the variable's name. */
  where: z.string(),
  /** What is wrong with the file or the variable; then everything is refused. Null where it is in order. */
  problem: z.string().nullable(),
  /** A sentence that says who can change it. */
  message: z.string(),
})
export type NetworkLock = z.infer<typeof networkLockSchema>

export const networkStatusSchema = z.object({
  /** Whether only allowed servers on this machine can be reached. The default. */
  offline: z.boolean(),
  /** Why nothing here can be changed; null where it can. */
  lock: networkLockSchema.nullable(),
  /** Sorted by host. */
  allowed: z.array(
    allowedHostSchema.extend({
      /** 127.0.0.0/8, ::1 or localhost: a server on this machine, which is also reached while offline. */
      thisMachine: z.boolean(),
      /** Whether it can be reached as things are: not while offline, unless it is this machine. */
      inForce: z.boolean(),
    }),
  ),
  /** Of those in the list of attempts. */
  attempts: z.object({
    allowed: z.int(),
    refused: z.int(),
    /** Milliseconds since 1970; null where there is none. */
    lastAt: z.number().nullable(),
  }),
})
export type NetworkStatus = z.infer<typeof networkStatusSchema>

/** Never with a path, a query, a body or a key. */
export const networkAttemptSchema = z.object({
  /** Grows with every attempt; is not used again. */
  number: z.int(),
  /** Milliseconds since 1970. */
  at: z.number(),
  purpose: networkPurposeSchema,
  /** With its port where that is not the usual one; '' where there was no address. */
  host: z.string(),
  method: z.string(),
  outcome: z.enum(['allowed', 'refused']),
  /** Null where it was allowed. */
  reason: refusalReasonSchema.nullable(),
})
export type NetworkAttempt = z.infer<typeof networkAttemptSchema>

export const networkContract = {
  /** All that a page about the network shows, the list of attempts excepted. */
  status: oc.route({ method: 'GET', path: '/network' }).output(networkStatusSchema),
  /** Errors: network-locked. */
  setOffline: oc
    .route({ method: 'POST', path: '/network/offline' })
    .input(z.object({ offline: z.boolean() }))
    .output(networkStatusSchema),
  /**
   * Lets a host be connected to for these purposes, besides those that it has. Takes an address too
   * ('https://api.example.com/v1') and keeps its host. Another machine is reached only when not offline.
   * Errors: input-invalid (no host, or too many), network-locked.
   */
  allow: oc
    .route({ method: 'POST', path: '/network/allowed' })
    .input(
      z.object({
        host: z.string().trim().min(1).max(2000),
        purposes: z.array(networkPurposeSchema).min(1).max(networkPurposes.length),
        /** Stays as it is where it is not given. */
        plainHttp: z.boolean().optional(),
      }),
    )
    .output(networkStatusSchema),
  /** Takes purposes from a host, or the host from the list. Errors: input-invalid, item-missing, network-locked. */
  disallow: oc
    .route({ method: 'POST', path: '/network/disallow' })
    .input(
      z.object({
        host: z.string().trim().min(1).max(2000),
        /** All where it is not given. */
        purposes: z.array(networkPurposeSchema).min(1).max(networkPurposes.length).optional(),
      }),
    )
    .output(networkStatusSchema),
  /** Every connection that was asked for, newest first; the newest 10,000 are kept. */
  attempts: oc
    .route({ method: 'GET', path: '/network/attempts' })
    .input(
      z.object({
        outcome: z.enum(['allowed', 'refused']).optional(),
        limit: z.coerce.number().int().min(1).max(1000).default(100),
        /** Only those with a smaller number: the last one of the page before. */
        before: z.coerce.number().int().min(1).optional(),
      }),
    )
    .output(
      z.object({
        attempts: z.array(networkAttemptSchema),
        /** How many there are in all, whatever page this is. */
        total: z.int(),
      }),
    ),
  /** Empties the list. Errors: network-locked (then it is evidence). */
  clearAttempts: oc.route({ method: 'DELETE', path: '/network/attempts' }).output(z.object({ removed: z.int() })),
}
