/** The entry of Electron's utility process. */
import { createApp } from '../app.ts'
import { consoleLog } from '../shared/log.ts'
import type { HostEnvironment } from './utility-environment.ts'
import { runUtility, type ParentPort } from './utility.ts'
import { nodeWorkers } from '../compute/worker-process.ts'

const { parentPort } = process as typeof process & { parentPort?: ParentPort }
if (!parentPort)
  throw new Error('This file is started by the Quarry desktop app. For a headless host run "quarry serve".')

const log = consoleLog()
runUtility<HostEnvironment>({
  parentPort,
  createApp: ({ computeWorkerUrl, ...environment }) =>
    createApp({
      ...environment,
      startWorker: nodeWorkers({ compute: new URL(computeWorkerUrl) }),
      program: 'Quarry',
      log,
      watchSources: true,
    }),
  log,
  exit: (code) => process.exit(code),
})
