import { expect, it } from 'vitest'
import { applicationContract, machineLearningContract } from '../contract/contract.ts'
import { contractVersions, requireSameContract } from '../contract/versions.ts'
import { fingerprint } from '../shared/hash.ts'
import { generateOpenApiDocument } from './open-api.ts'

const layers = { application: applicationContract, machineLearning: machineLearningContract }

it.each(Object.keys(layers) as (keyof typeof layers)[])(
  'the %s contract is the one that its version was confirmed for',
  async (layer) => {
    const version = contractVersions[layer]
    const { paths } = await generateOpenApiDocument(layers[layer], String(version))
    await expect(
      `version ${version}, ${fingerprint(paths)}\n`,
      `The ${layer} contract changed. If an older page or program would not understand it, raise its number in ` +
        'core/contract/versions.ts; then confirm it with "npm run contract:confirm" and commit what that writes.',
    ).toMatchFileSnapshot(`./contract-fingerprints/${layer}.txt`)
  },
)

it('a side of another version is refused, and told which one is to be updated', () => {
  const ours = { application: 2, machineLearning: 5 }
  expect(() => requireSameContract(ours, ['application', 'machineLearning'], ours)).not.toThrow()
  expect(() => requireSameContract({ ...ours, application: 1 }, ['machineLearning'], ours)).not.toThrow()
  const refused = (theirs: Partial<typeof ours>, words: string) =>
    expect(() => requireSameContract({ ...ours, ...theirs }, ['application', 'machineLearning'], ours)).toThrow(
      expect.objectContaining({ code: 'contract-mismatch', message: expect.stringContaining(words) as string }),
    )
  refused({ application: 1 }, 'The other side is older')
  refused({ machineLearning: 6 }, 'This side is older')
})
