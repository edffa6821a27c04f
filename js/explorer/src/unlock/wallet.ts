// Wallets of the browser: those that announce themselves (EIP-6963), and the one at `window.ethereum` (EIP-1193).
import { asAddress } from '../model/route'
import type { Hex } from '../model/schema'

export type Provider = {
  request(request: { method: string; params?: readonly unknown[] }): Promise<unknown>
  on?(event: string, listener: (value: unknown) => void): unknown
  removeListener?(event: string, listener: (value: unknown) => void): unknown
}

export type FoundWallet = { readonly id: string; readonly name: string; readonly provider: Provider }

const isProvider = (value: unknown): value is Provider =>
  typeof value === 'object' && value !== null && typeof (value as Provider).request === 'function'

/** Calls `found` for every wallet, also for those that come later. */
export function discover(found: (wallet: FoundWallet) => void): void {
  const seen = new Set<Provider>()
  const add = (id: string, name: string, provider: unknown) => {
    if (!isProvider(provider) || seen.has(provider)) return
    seen.add(provider)
    found({ id, name: name.slice(0, 40), provider })
  }
  window.addEventListener('eip6963:announceProvider', (event) => {
    const detail = (
      event as CustomEvent<{ info?: { uuid?: unknown; name?: unknown }; provider?: unknown } | null>
    ).detail
    add(String(detail?.info?.uuid ?? ''), String(detail?.info?.name ?? 'A wallet'), detail?.provider)
  })
  // Wallets answer at once; the page is to be ready first. Old wallets announce nothing; new ones stand at
  // `window.ethereum` as well, and are told apart by being the same object.
  queueMicrotask(() => {
    window.dispatchEvent(new Event('eip6963:requestProvider'))
    add('window.ethereum', 'Browser wallet', (window as { ethereum?: unknown }).ethereum)
  })
}

/** A wallet said no, or something that makes no sense. */
export class WalletError extends Error {
  override name = 'WalletError'
}

const REJECTED = 4_001
const UNKNOWN_CHAIN = 4_902

function walletError(error: unknown): WalletError {
  if (error instanceof WalletError) return error
  const { code, message } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown
    message?: unknown
  }
  if (code === REJECTED) return new WalletError('You declined in the wallet.')
  if (code === UNKNOWN_CHAIN)
    return new WalletError('The wallet does not know this chain. Add it there first.')
  return new WalletError(
    typeof message === 'string' && message ? message.slice(0, 200) : 'The wallet refused.',
  )
}

export async function ask(
  provider: Provider,
  method: string,
  params: readonly unknown[] = [],
): Promise<unknown> {
  try {
    return await provider.request({ method, params })
  } catch (error) {
    throw walletError(error)
  }
}

export async function accounts(
  provider: Provider,
  method: 'eth_requestAccounts' | 'eth_accounts',
): Promise<readonly Hex[]> {
  const answer = await ask(provider, method)
  return Array.isArray(answer)
    ? answer.map((item) => asAddress(String(item))).filter((item) => item !== undefined)
    : []
}

export async function chainId(provider: Provider): Promise<number> {
  const id = Number(await ask(provider, 'eth_chainId'))
  if (!Number.isSafeInteger(id) || id < 1) throw new WalletError('The wallet names no chain.')
  return id
}
