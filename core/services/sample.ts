import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'

/** The demo documents that come with Quarry and the questions about them. */
export interface Sample {
  /** Absolute paths of the folders of documents. Errors: item-missing where this installation has no sample. */
  folders(): Promise<string[]>
  installed(): Promise<boolean>
  /** Featured ones first. */
  cases(): Promise<SampleCase[]>
}

export const sampleName = 'Sample: Skerry Point station'
export const sampleQuestionsName = 'Skerry Point questions'

const sampleSchema = z.object({
  cases: z.array(
    z.object({
      id: z.string(),
      question: z.string(),
      answer: z.string().optional(),
      answerable: z.boolean(),
      /** Good to begin with: suggested on the Ask page and asked by the demo. */
      featured: z.boolean().default(false),
      expected: z.array(z.object({ path: z.string(), quote: z.string() })),
    }),
  ),
})
export type SampleCase = z.infer<typeof sampleSchema>['cases'][number]

export function openSample(demoFolder: string): Sample {
  const corpus = join(demoFolder, 'corpus')
  const installed = async (): Promise<boolean> =>
    access(corpus).then(
      () => true,
      () => false,
    )
  return {
    installed,
    async folders() {
      if (await installed()) return (await readdir(corpus)).sort().map((name) => join(corpus, name))
      throw new AppError(
        'item-missing',
        'The sample documents are not part of this installation. Add your own documents.',
      )
    },
    async cases() {
      if (!(await installed())) return []
      const { cases } = sampleSchema.parse(JSON.parse(await readFile(join(demoFolder, 'questions.json'), 'utf8')))
      return cases.sort((a, b) => Number(b.featured) - Number(a.featured))
    },
  }
}
