import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { type AllowedHost, allowedHostSchema, type NetworkLock } from '../contract/network.ts'
import { toAppError } from '../contract/errors.ts'
import { readHost } from './hosts.ts'
import type { NetworkRules } from './judge.ts'

/** Where an administrator's word is looked for. */
export interface AdministratorPlaces {
  /** JSON: {"offline": true, "locked": true, "allowed": [{"host": …, "purposes": […]}]}. */
  policyFile: string
  /** The value of QUARRY_OFFLINE. */
  offlineVariable: string | undefined
}

/** What the administrator has laid down, where nobody else can change it. */
export interface AdministratorPolicy {
  rules: NetworkRules
  lock: NetworkLock
}

/** The system's place for the policy file, which only an administrator can write. */
export function systemPolicyFile(): string {
  if (process.platform === 'win32') {
    return join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'Quarry', 'policy.json')
  }
  if (process.platform === 'darwin') return '/Library/Application Support/Quarry/policy.json'
  return '/etc/quarry/policy.json'
}

/**
 * What the administrator has laid down; undefined where that is nothing. A file that cannot be used, for whatever
 * reason, locks everything: somebody wanted a rule here, and what rule it was is unknown.
 */
export function readAdministratorPolicy({
  policyFile,
  offlineVariable,
}: AdministratorPlaces): AdministratorPolicy | undefined {
  const file = readPolicyFile(policyFile)
  if (!offlineVariable) return file
  const problem = offlineVariable === 'locked' ? null : `it is "${offlineVariable.slice(0, 40)}" and should be "locked"`
  return {
    // Servers on this machine that the file allows stay allowed.
    rules: { offline: true, allowed: file?.rules.allowed ?? [] },
    lock: {
      by: 'environment',
      where: 'QUARRY_OFFLINE',
      problem,
      message: 'The variable QUARRY_OFFLINE keeps it so. Whoever starts Quarry can take the variable away.',
    },
  }
}

const policySchema = z.strictObject({
  offline: z.boolean().default(true),
  /** False: as if the file were not there. */
  locked: z.boolean().default(true),
  allowed: z.array(allowedHostSchema).max(200).default([]),
})

const maximumBytes = 1_000_000

function readPolicyFile(path: string): AdministratorPolicy | undefined {
  const lock = (problem: string | null): NetworkLock => ({
    by: 'policy-file',
    where: path,
    problem,
    message: problem
      ? `The administrator's file ${path} cannot be used (${problem}), so nothing is allowed. Ask the administrator to repair it.`
      : `The administrator of this machine keeps it so (${path}). Ask them to change it.`,
  })
  const broken = (problem: string): AdministratorPolicy => ({
    rules: { offline: true, allowed: [] },
    lock: lock(problem),
  })
  let text: string
  try {
    const facts = statSync(path)
    if (!facts.isFile()) return broken('it is not a file')
    if (facts.size > maximumBytes) return broken('it is too large')
    text = readFileSync(path, 'utf8')
  } catch (error) {
    // Not there. All else, such as no permission to read it, is no reason to go on without a rule.
    return toAppError(error).code === 'file-missing' ? undefined : broken('it cannot be read')
  }
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return broken('it is not valid JSON')
  }
  const policy = policySchema.safeParse(json)
  if (!policy.success) {
    const [issue] = policy.error.issues
    return broken(`${issue?.path.join('.') || 'the whole'}: ${issue?.message ?? 'it has the wrong form'}`)
  }
  if (!policy.data.locked) return undefined
  try {
    const allowed = policy.data.allowed.map((entry): AllowedHost => ({ ...entry, host: readHost(entry.host) }))
    return { rules: { offline: policy.data.offline, allowed }, lock: lock(null) }
  } catch (error) {
    return broken(toAppError(error).message.replace(/\.$/, ''))
  }
}
