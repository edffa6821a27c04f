// A wallet for tests, as an extension would be: it lives outside the page, and the page finds it as `window.ethereum` and
// by EIP-6963. It signs with a local account and records what it was asked.
import type { Page } from 'playwright-core'
import { type Address, type Hex, numberToHex, type TypedDataDefinition } from 'viem'
import { type HDAccount, mnemonicToAccount } from 'viem/accounts'
import { askRaw, type RpcAnswer } from './network'

const MNEMONIC = 'test test test test test test test test test test test junk'

/** What the page asked the wallet. */
export type Asked = { method: string; params: readonly unknown[] }

/** A wallet of one account. */
export type TestWallet = {
  account: HDAccount
  address: Address
  /** Everything that it was asked, in order. */
  asked: Asked[]
  /** The transactions that it sent, in order. */
  sent: Hex[]
  /** How often it was asked this. */
  count(method: string): number
  /** The person clicks "reject" the next time the wallet is asked this. */
  rejectNext(method: string): void
  /** Takes the place of `window.ethereum` in this page; before the page is loaded. */
  install(page: Page): Promise<void>
}

/** A wallet with account `index` of the local chain at `rpc`. */
export function testWallet(rpc: string, index = 0): TestWallet {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex: index })
  const asked: Asked[] = []
  const sent: Hex[] = []
  const rejected = new Set<string>()

  const answer = async (method: string, params: readonly unknown[] = []): Promise<RpcAnswer> => {
    asked.push({ method, params })
    if (rejected.delete(method)) return { error: { code: 4001, message: 'User rejected the request.' } }
    switch (method) {
      case 'eth_accounts':
      case 'eth_requestAccounts':
        return { result: [account.address] }
      case 'eth_signTypedData_v4':
        return { result: await signTypedData(account, params) }
      // The chain holds the keys of its funded accounts.
      case 'eth_sendTransaction': {
        const told = await askRaw(rpc, method, params)
        if (told.result) sent.push(told.result as Hex)
        return told
      }
      default:
        return askRaw(rpc, method, params)
    }
  }

  return {
    account,
    address: account.address,
    asked,
    sent,
    count: (method) => asked.filter((request) => request.method === method).length,
    rejectNext: (method) => rejected.add(method),
    async install(page) {
      await page.exposeFunction('askTestWallet', answer)
      await page.addInitScript(becomeWallet)
    },
  }
}

async function signTypedData(account: HDAccount, [signer, json]: readonly unknown[]): Promise<Hex> {
  if (String(signer).toLowerCase() !== account.address.toLowerCase()) {
    throw new Error(`asked to sign for ${signer}, not for ${account.address}`)
  }
  const { domain, ...data } = JSON.parse(String(json)) as TypedDataDefinition
  // Wallets refuse a domain of another chain.
  const chainId = domain?.chainId === undefined ? undefined : Number(domain.chainId)
  if (chainId !== 31337) throw new Error(`typed data of chain ${chainId && numberToHex(chainId)}`)
  return account.signTypedData({ ...data, domain: { ...domain, chainId } } as TypedDataDefinition)
}

/** Runs in the page. */
function becomeWallet(): void {
  type Request = { method: string; params?: unknown }
  const ask = (window as unknown as { askTestWallet(method: string, params: unknown): Promise<RpcAnswer> })
    .askTestWallet
  const provider = {
    async request({ method, params }: Request) {
      const { result, error } = await ask(method, params)
      if (error) throw Object.assign(new Error(error.message), error)
      return result
    },
    on() {},
    removeListener() {},
  }
  Object.assign(window, { ethereum: provider })
  const info = {
    uuid: '5f2a9c1e-0000-4000-8000-000000000001',
    name: 'Test wallet',
    icon: 'data:,',
    rdns: 'test.wallet',
  }
  const announce = () =>
    window.dispatchEvent(
      new CustomEvent('eip6963:announceProvider', { detail: Object.freeze({ info, provider }) }),
    )
  window.addEventListener('eip6963:requestProvider', announce)
  announce()
}
