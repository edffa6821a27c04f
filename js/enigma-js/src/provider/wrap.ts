// A provider around a provider.
import type { Context } from './context.js'
import { OwnTasks } from './own.js'
import { router } from './router.js'
import { SecretAddresses } from './secrets.js'
import { asAddress } from './transaction.js'
import type { Backend, Eip1193Provider, NetworkPlace, RouterOptions, WrappedProvider } from './types.js'
import { Wallet } from './wallet.js'

type Listener = (...args: unknown[]) => void

/** Wraps `provider`; what concerns secret contracts goes to `backend`. */
export function wrap(
  provider: Eip1193Provider,
  network: NetworkPlace,
  backend: Backend,
  options: RouterOptions = {},
): WrappedProvider {
  const wallet = new Wallet(provider)
  const context: Context = {
    wallet,
    backend,
    network,
    secrets: new SecretAddresses(backend, wallet, options.contracts ?? []),
    own: new OwnTasks(),
    options: {
      deploy: options.deploy ?? 'public',
      gas: options.gas ?? 5_000_000n,
      deployGas: options.deployGas ?? 12_000_000n,
      pollingInterval: options.pollingInterval ?? 1_000,
    },
  }
  followWallet(context)

  const messages = new Set<Listener>()
  const request = router(context, (message) => {
    for (const listener of messages) listener(message)
  })

  const wrapped: WrappedProvider = {
    request,
    on(event, listener) {
      if (event === 'message') messages.add(listener)
      provider.on?.(event, listener)
      return wrapped
    },
    removeListener(event, listener) {
      if (event === 'message') messages.delete(listener)
      provider.removeListener?.(event, listener)
      return wrapped
    },
  }
  return wrapped
}

function followWallet({ backend, own, secrets, wallet }: Context): void {
  wallet.provider.on?.('accountsChanged', (accounts: unknown) => {
    const active = Array.isArray(accounts) ? asAddress(accounts[0]) : undefined
    for (const account of own.takeOthers(active)) backend.forget(account)
  })
  wallet.provider.on?.('chainChanged', () => {
    wallet.chainChanged()
    secrets.dropPublic()
  })
}
