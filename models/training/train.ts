import { Worker } from 'node:worker_threads'
import type { TokenCorpus } from './corpus.ts'
import { createTrainer, createTrainerMemory, initialTable } from './trainer.ts'
import type { Trainer, TrainerMemory, TrainerOptions } from './trainer.ts'

/** What a thread is started with. */
export interface TrainingJob {
  corpus: TokenCorpus
  continues: Uint8Array
  options: TrainerOptions
  memory: TrainerMemory
  thread: number
  threads: number
  /** Steps [from, to). */
  from: number
  to: number
}

export interface Training {
  readonly table: Float32Array
  /** What another run can go on from, together with the number of the next step. */
  readonly state: Pick<Trainer, 'table' | 'first' | 'second'>
  /** Runs steps [from, to) on all threads. */
  run(from: number, to: number, onStep: (step: number, loss: number) => void): Promise<void>
}

/**
 * Trains on worker threads. The table after the last step follows from corpus, options and seed to the bit; the number
 * of threads changes the time alone.
 */
export function createTraining(
  { ids, starts, keys, sources }: TokenCorpus,
  vocabulary: readonly string[],
  options: TrainerOptions,
  threads: number,
): Training {
  const corpus = { ids, starts, keys, sources }
  const continues = Uint8Array.from(vocabulary, (entry) => (entry.startsWith('##') ? 1 : 0))
  const memory = createTrainerMemory(vocabulary.length, options, threads)
  const { table, first, second } = createTrainer(corpus, continues, options, memory, 0, threads)
  initialTable(table, corpus, options.dimensions, options.seed)
  return {
    table,
    state: { table, first, second },
    async run(from, to, onStep) {
      const runs = Array.from({ length: threads }, (_, thread) => {
        const job: TrainingJob = { corpus, continues, options, memory, thread, threads, from, to }
        const worker = new Worker(new URL('./train.worker.ts', import.meta.url), { workerData: job })
        worker.on('message', ({ step, loss }: { step: number; loss: number }) => onStep(step, loss))
        return new Promise<void>((resolve, reject) => {
          worker.once('error', reject)
          worker.once('exit', (code) => {
            if (code === 0) resolve()
            else reject(new Error(`A thread of the training ended with code ${code}.`))
          })
        })
      })
      await Promise.all(runs)
    },
  }
}
