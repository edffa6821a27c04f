// Wallets: those of the browser, and on a local network the funded accounts.
import { type Address, type EIP1193Provider, getAddress, http, numberToHex } from 'viem'
import { chain, network, rpc } from './network'

/** Something that signs and sends for a person. */
export type Wallet = { name: string; provider: EIP1193Provider }

type Announcement = CustomEvent<{ info: { uuid: string; name: string }; provider: EIP1193Provider }>

/** Extensions answer at once, by EIP-6963; one that only sets `window.ethereum` is found too. */
export function browserWallets(): Wallet[] {
  const found = new Map<string, Wallet>()
  const listen = (event: Event) => {
    const { info, provider } = (event as Announcement).detail
    found.set(info.uuid, { name: info.name, provider })
  }
  window.addEventListener('eip6963:announceProvider', listen)
  window.dispatchEvent(new Event('eip6963:requestProvider'))
  window.removeEventListener('eip6963:announceProvider', listen)
  const wallets = [...found.values()]
  const { ethereum } = window
  if (ethereum && wallets.length === 0) wallets.push({ name: 'Browser wallet', provider: ethereum })
  return wallets
}

/** The accounts that a local chain funds and signs for; none on any other network. */
export async function localAccounts(): Promise<Address[]> {
  if (!network.simulated) return []
  const accounts = await askChain('eth_accounts')
  return (accounts as Address[]).slice(0, 10).map((account) => getAddress(account))
}

/** A wallet of one local account. The chain keeps its key, so the page needs none. */
export function localWallet(account: Address): EIP1193Provider {
  const request = ({ method, params }: { method: string; params?: unknown }) =>
    method === 'eth_accounts' || method === 'eth_requestAccounts'
      ? Promise.resolve([account])
      : askChain(method, params)
  return { request, on() {}, removeListener() {} } as unknown as EIP1193Provider
}

/** Asks the wallet for an account, on the network's chain. */
export async function connectWallet(provider: EIP1193Provider): Promise<Address> {
  const [account] = await provider.request({ method: 'eth_requestAccounts' })
  if (!account) throw new Error('The wallet gave no account.')
  const chainId = numberToHex(network.chainId)
  if (Number(await provider.request({ method: 'eth_chainId' })) !== network.chainId) {
    await provider.request({ method: 'wallet_switchEthereumChain', params: [{ chainId }] }).catch(() =>
      provider.request({
        method: 'wallet_addEthereumChain',
        params: [{ chainId, chainName: chain.name, nativeCurrency: chain.nativeCurrency, rpcUrls: [rpc] }],
      }),
    )
  }
  return getAddress(account)
}

const transport = http(rpc)({ retryCount: 0 })
const askChain = (method: string, params?: unknown): Promise<unknown> =>
  transport.request({ method, params } as Parameters<typeof transport.request>[0])
