import { describe, expect, it } from 'vitest'
import type { Choice } from '../../contract/pipeline.ts'
import { AppError } from '../../contract/errors.ts'
import { answerText, collectParts, dependenciesFor, harbour } from '../generator.suite.ts'
import { generatorDefinitions } from '../list.ts'
import type { TextGenerator } from '../text-generator.ts'

const worded = generatorDefinitions.filter(({ languageModel }) => languageModel)
const request = { question: 'What is the wave height limit for Fulmar?', passages: harbour }

/** A model that writes one sentence, and who opened and closed it. */
function opener(text: string) {
  const opened: Choice[] = []
  const state = { disposed: 0 }
  const model: TextGenerator = {
    modelId: 'scripted',
    contextTokens: 4096,
    countTokens: async (counted) => counted.split(/\s+/u).length,
    async *stream() {
      yield { type: 'text-delta', text }
      yield { type: 'end', reason: 'stop', promptTokens: 1, outputTokens: 1 }
    },
    async dispose() {
      state.disposed++
    },
  }
  const open = async (choice: Choice): Promise<TextGenerator> => {
    opened.push(choice)
    return model
  }
  return { open, opened, state }
}

it('there are generators over text generators', () => expect(worded.length).toBeGreaterThan(0))

describe.each(worded)('the generator $id', (definition) => {
  const options = definition.options.parse({ temperature: 0.5, unsupportedBelow: 0.2 })

  it('names its language model with that one’s own options', () => {
    const choice = definition.languageModel?.(options)
    expect(choice?.id).toBe(definition.id)
    expect(choice?.options).not.toHaveProperty('unsupportedBelow')
    expect(definition.options.parse(choice?.options ?? {})).toMatchObject(choice?.options ?? {})
  })

  it('opens the model with a question, and closes it after the answer, left early or not', async () => {
    const { open, opened, state } = opener('The wave height limit for Fulmar is 1.5 m [1].')
    const generator = definition.create(options, { ...dependenciesFor(harbour), openTextGenerator: open })
    expect(opened).toEqual([])
    expect(answerText(await collectParts(generator.generate(request)))).toBe(
      'The wave height limit for Fulmar is 1.5 m.',
    )
    expect(opened).toEqual([definition.languageModel?.(options)])
    expect(state.disposed).toBe(1)
    for await (const _part of generator.generate(request)) break
    expect(state.disposed).toBe(2)
  })

  it('says what is wrong with the model', async () => {
    const openTextGenerator = async (): Promise<TextGenerator> => {
      throw new AppError('model-missing', 'Not here.')
    }
    const generator = definition.create(options, { ...dependenciesFor(harbour), openTextGenerator })
    await expect(collectParts(generator.generate(request))).rejects.toMatchObject({ code: 'model-missing' })
  })

  it('does not wait for a model that is being loaded, nor keep it, once it is cancelled', async () => {
    const controller = new AbortController()
    const loading = Promise.withResolvers<undefined>()
    const { open, state } = opener('Never said.')
    const openTextGenerator = async (choice: Choice): Promise<TextGenerator> => {
      await loading.promise
      return open(choice)
    }
    const generator = definition.create(options, { ...dependenciesFor(harbour), openTextGenerator })
    const answer = collectParts(generator.generate(request, { signal: controller.signal }))
    controller.abort()
    await expect(answer).rejects.toMatchObject({ code: 'cancelled' })
    expect(state.disposed).toBe(0)
    loading.resolve(undefined)
    await expect.poll(() => state.disposed).toBe(1)
  })
})
