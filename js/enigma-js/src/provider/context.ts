// What every method has at hand.

import { Code, ProviderRpcError } from './errors.js'
import type { OwnTasks } from './own.js'
import type { SecretAddresses } from './secrets.js'
import type { Backend, NetworkPlace, RouterOptions } from './types.js'
import type { Wallet } from './wallet.js'

/** The parts of one wrapped provider. */
export type Context = {
  wallet: Wallet
  backend: Backend
  network: NetworkPlace
  secrets: SecretAddresses
  own: OwnTasks
  options: Required<Omit<RouterOptions, 'contracts'>>
}

/** A method that the wrapper knows. */
export type Handler = (context: Context, params: readonly unknown[]) => Promise<unknown>

/** What a handler answers when the request has nothing to do with a secret contract. */
export const PASS = Symbol('pass')

/** Throws if the wallet is on another chain than the network. */
export async function requireChain({ wallet, network }: Context): Promise<void> {
  const chainId = await wallet.chainId()
  if (chainId === network.chainId) return
  throw new ProviderRpcError(
    Code.chainDisconnected,
    `The wallet is on chain ${chainId}, the secret contract on chain ${network.chainId}.`,
    {
      metaMessages: ['Nothing was sent. Let the user switch: wallet_switchEthereumChain.'],
    },
  )
}
