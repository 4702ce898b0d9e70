import { z } from 'zod'
import { AppError } from './errors.ts'

/**
 * Counted up with every change of a layer's part of the contract that an older other side would not understand: a
 * procedure or member that is gone or means something else, an input that is now wanted. What is only added is none.
 */
export const contractVersions = { application: 1, machineLearning: 1 }

export const contractVersionsSchema = z.object({ application: z.int(), machineLearning: z.int() })
export type ContractVersions = z.infer<typeof contractVersionsSchema>

/**
 * Refuses another side that speaks another version of a layer.
 * @param theirs What the other side says of itself.
 * @param layers Those that are going to be used.
 * Errors: contract-mismatch.
 */
export function requireSameContract(
  theirs: ContractVersions,
  layers: readonly (keyof ContractVersions)[],
  ours: ContractVersions = contractVersions,
): void {
  for (const layer of layers) {
    if (theirs[layer] === ours[layer]) continue
    const [name, older] = [layerNames[layer], theirs[layer] < ours[layer] ? 'The other side' : 'This side']
    throw new AppError(
      'contract-mismatch',
      `The two sides of Quarry speak different versions of the ${name}: ${ours[layer]} here, ${theirs[layer]} there. ` +
        `${older} is older: load the page again or start Quarry again; if that does not help, update it, so that both are one version of Quarry.`,
      { details: { layer, ours: ours[layer], theirs: theirs[layer] } },
    )
  }
}

const layerNames: Record<keyof ContractVersions, string> = {
  application: 'application contract (bots and conversations)',
  machineLearning: 'ML contract (documents, search, answers)',
}
