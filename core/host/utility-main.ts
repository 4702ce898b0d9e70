/** The entry of Electron's utility process. */
import { createApp } from '../app.ts'
import { consoleLog } from '../shared/log.ts'
import type { HostEnvironment } from './utility-environment.ts'
import { utilityKeychain } from './utility-keychain.ts'
import { utilityWorkers } from './utility-workers.ts'
import { runUtility, type ParentPort } from './utility.ts'

const { parentPort } = process as typeof process & { parentPort?: ParentPort }
if (!parentPort)
  throw new Error('This file is started by the Quarry desktop app. For a headless host run "quarry serve".')

const log = consoleLog()
const startWorker = utilityWorkers(parentPort)
const keychain = utilityKeychain(parentPort)
runUtility<HostEnvironment>({
  parentPort,
  createApp: (environment) =>
    createApp({ ...environment, startWorker, keychain, program: 'Quarry', log, watchSources: true }),
  log,
  exit: (code) => process.exit(code),
})
