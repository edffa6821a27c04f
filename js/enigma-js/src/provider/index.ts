// The wrapped provider, as users get it.
import type { EnigmaOptions } from '../connection.js'
import type { Network } from '../network.js'
import { createBackend } from './backend/index.js'
import type { Eip1193Provider, RouterOptions, WrappedProvider } from './types.js'
import { wrap } from './wrap.js'

export { ProviderRpcError } from './errors.js'
export type { Eip1193Provider, WrappedProvider } from './types.js'

/** How a wrapped provider behaves; those of `enigmaActions` among them. */
export type WrapProviderOptions = RouterOptions & EnigmaOptions

/**
 * A provider for code that addresses secret contracts as if they were on the chain. Reads become encrypted queries, which
 * the wallet authorises with one signature for each account and contract; transactions become tasks; receipts and logs
 * come back decrypted. Everything else passes to `provider`. What carries calldata of a secret contract and cannot be
 * encrypted is refused, with an error that says what to do.
 *
 * ```ts
 * const provider = new BrowserProvider(wrapProvider(window.ethereum, network))
 * ```
 */
export function wrapProvider(
  provider: Eip1193Provider,
  network: Network,
  options: WrapProviderOptions = {},
): WrappedProvider {
  return wrap(provider, network, createBackend(provider, network, options), options)
}
