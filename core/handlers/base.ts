import { implement } from '@orpc/server'
import { contract } from '../contract/contract.ts'

/** The contract with places for handlers. Errors are thrown as AppError; each wire turns them into its own form. */
export const os = implement(contract)
