import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import type { ProviderKind, ProviderUse } from '../../contract/providers.ts'
import type { Connect, ProviderConnection } from './connection.ts'

/**
 * Options of everything that asks a server. Their schema says which providers fit (`provider`: kind and use), which is
 * how a form knows what to offer.
 */
export const remoteOptions = (kind: ProviderKind, use: ProviderUse) => ({
  provider: z.string().default('').meta({ description: 'Name of the provider to ask.', provider: { kind, use } }),
  model: z.string().trim().max(200).default('').describe('The model, as the provider calls it.'),
})

export interface RemoteOptions {
  provider: string
  model: string
}

/** Errors: input-invalid (nothing is chosen, or a provider of another kind), item-missing. */
export function connectTo(
  { provider, model }: RemoteOptions,
  { kind, use, connect }: { kind: ProviderKind; use: ProviderUse; connect: Connect | undefined },
): ProviderConnection {
  if (!connect) throw new AppError('internal', 'A worker process was asked for what only the host can reach.')
  if (provider === '')
    throw new AppError('input-invalid', 'Choose the provider to ask. There are: quarry providers list')
  if (model === '') {
    throw new AppError('input-invalid', `Choose the model of the provider. It has: quarry providers models ${provider}`)
  }
  const connection = connect(provider, use)
  if (connection.provider.kind !== kind) {
    const other = connection.provider.kind
    throw new AppError(
      'input-invalid',
      `The provider "${provider}" is of the kind ${other}, not ${kind}. Choose another.`,
    )
  }
  return connection
}
