import type { ContractRouterClient } from '@orpc/contract'
import type { Contract, MachineLearningContract } from './contract.ts'

/** The typed client, the same over every wire: `client.documents.list({ … }, { signal })`. */
export type Client = ContractRouterClient<Contract>

/** What the application layer has of the ML layer. */
export type MachineLearningClient = ContractRouterClient<MachineLearningContract>
