import { parentPort, workerData } from 'node:worker_threads'
import { createTrainer } from './trainer.ts'
import type { TrainingJob } from './train.ts'

/** One thread of a training: runs the steps of its job in step with the other threads, and tells the loss of each. */
const { corpus, continues, options, memory, thread, threads, from, to } = workerData as TrainingJob
const trainer = createTrainer(corpus, continues, options, memory, thread, threads)
for (let step = from; step < to; step++) {
  const loss = trainer.step(step)
  if (thread === 0) parentPort?.postMessage({ step, loss })
}
