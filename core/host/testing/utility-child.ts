/** The utility process with the toy router, for tests. */
import { AppError } from '../../contract/errors.ts'
import { runUtility } from '../utility.ts'
import { parentPort } from './parent-port-shim.ts'
import { createToy } from './toy.ts'

const toy = createToy()
runUtility<{ broken?: boolean }>({
  parentPort,
  createApp: async ({ broken }) => {
    if (broken) {
      throw new AppError('workspace-locked', 'Process 42 uses this workspace. Stop it first.', { details: { pid: 42 } })
    }
    return { router: toy.router, [Symbol.asyncDispose]: async () => {} }
  },
  log: toy.log,
  exit: (code) => process.exit(code),
})
