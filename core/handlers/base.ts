import { implement } from '@orpc/server'
import { machineLearningContract } from '../contract/contract.ts'

/** The ML layer's contract with places for handlers. Errors are thrown as AppError; each wire turns them into its own form. */
export const os = implement(machineLearningContract)
