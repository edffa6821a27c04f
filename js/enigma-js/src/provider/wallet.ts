// The wrapped provider, with the few requests that the router itself makes.
import { type Address, type Hash, type Hex, hexToBigInt, numberToHex } from 'viem'
import { Code, ProviderRpcError } from './errors.js'
import { asAddress, isObject, type Json } from './transaction.js'
import type { Eip1193Provider } from './types.js'

/** The wrapped provider. */
export class Wallet {
  readonly provider: Eip1193Provider
  #chainId: Promise<number> | undefined

  constructor(provider: Eip1193Provider) {
    this.provider = provider
  }

  ask(method: string, params: readonly unknown[] = []): Promise<unknown> {
    return this.provider.request({ method, params })
  }

  /** Connected accounts, the active one first; never opens the wallet. */
  async accounts(): Promise<Address[]> {
    const accounts = await this.ask('eth_accounts')
    return Array.isArray(accounts) ? accounts.map(asAddress).filter((account) => account !== undefined) : []
  }

  /** The chain's id; asked each time if the wallet would not tell of a change. */
  async chainId(): Promise<number> {
    const asked = this.#chainId ?? this.ask('eth_chainId').then(Number)
    if (this.provider.on) this.#chainId = asked
    asked.catch(() => this.chainChanged())
    return asked
  }

  /** The wallet moved to another chain. */
  chainChanged(): void {
    this.#chainId = undefined
  }

  /** Height of the newest block. */
  async height(): Promise<bigint> {
    return quantity(await this.ask('eth_blockNumber'), 'eth_blockNumber')
  }

  transaction(hash: Hash): Promise<Json | undefined> {
    return this.#object('eth_getTransactionByHash', [hash])
  }

  receipt(hash: Hash): Promise<Json | undefined> {
    return this.#object('eth_getTransactionReceipt', [hash])
  }

  /** The number of the block that a tag, number or hash names; undefined if there is none. */
  async blockNumber(block: unknown): Promise<bigint | undefined> {
    if (block === undefined || block === null || block === 'latest' || block === 'pending')
      return this.height()
    if (block === 'earliest') return 0n
    if (typeof block === 'string' && block.length < 66 && block.startsWith('0x'))
      return hexToBigInt(block as Hex)
    const method =
      typeof block === 'string' && block.startsWith('0x') ? 'eth_getBlockByHash' : 'eth_getBlockByNumber'
    const found = await this.#object(method, [block, false])
    return found ? quantity(found.number, method) : undefined
  }

  async #object(method: string, params: readonly unknown[]): Promise<Json | undefined> {
    const found = await this.ask(method, params)
    return isObject(found) ? found : undefined
  }
}

/** A hex quantity of an answer. */
export function quantity(value: unknown, method: string): bigint {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return hexToBigInt(value as Hex)
  throw new ProviderRpcError(
    Code.unavailable,
    `The wallet answered ${method} with something that is no quantity.`,
  )
}

/** As JSON-RPC writes quantities. */
export function toQuantity(value: bigint | number): Hex {
  return numberToHex(value)
}
