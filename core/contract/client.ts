import type { ContractRouterClient } from '@orpc/contract'
import type { Contract } from './contract.ts'

/** The typed client, the same over every wire: `client.documents.list({ … }, { signal })`. */
export type Client = ContractRouterClient<Contract>
