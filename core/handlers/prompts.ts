import { promptVariables } from '../generators/model-answer/prompt-template.ts'
import type { Services } from '../services/services.ts'
import type { PromptId } from '../shared/ids.ts'
import { os } from './base.ts'

export function promptHandlers({ prompts, promptLibrary }: Services) {
  const whole = (id: PromptId) => ({ ...promptLibrary.get(id), versions: promptLibrary.versions(id) })
  return {
    list: os.prompts.list.handler(() => ({ prompts: promptLibrary.list() })),
    variables: os.prompts.variables.handler(() => ({ variables: [...promptVariables] })),
    get: os.prompts.get.handler(({ input }) => whole(input.promptId)),
    create: os.prompts.create.handler(({ input }) => whole(prompts.create(input.name, input))),
    save: os.prompts.save.handler(({ input }) => {
      prompts.save(input.promptId, input)
      return whole(input.promptId)
    }),
    remove: os.prompts.remove.handler(({ input }) => {
      promptLibrary.get(input.promptId)
      return { removed: promptLibrary.remove(input.promptId) }
    }),
    preview: os.prompts.preview.handler(({ input, signal }) => prompts.preview(input, signal)),
    test: os.prompts.test.handler(({ input }) => prompts.test(input)),
  }
}
