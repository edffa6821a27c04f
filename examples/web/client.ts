// From a wallet to a client that speaks to secret contracts.
import { enigmaActions } from 'enigma-js'
import { type Address, createWalletClient, custom, type EIP1193Provider, publicActions } from 'viem'
import { chain, network } from './network'

/** A viem client of one account, with Enigma's actions. */
export function createClient(account: Address, provider: EIP1193Provider) {
  return createWalletClient({ account, chain, transport: custom(provider), pollingInterval: 500 })
    .extend(publicActions)
    .extend(enigmaActions(network))
}

export type Client = ReturnType<typeof createClient>
