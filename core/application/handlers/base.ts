import { implement } from '@orpc/server'
import { applicationContract } from '../../contract/contract.ts'

/** The application layer's contract with places for handlers. Errors are thrown as AppError. */
export const os = implement(applicationContract)
