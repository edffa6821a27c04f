// Which addresses are secret contracts.
import type { Address } from 'viem'
import { Code, failure, ProviderRpcError } from './errors.js'
import type { Backend } from './types.js'
import type { Wallet } from './wallet.js'

/** How long a height is taken for the newest, ms. */
const HEIGHT_AGE = 1_000

/** Remembers answers: that an address is secret for ever, that it is not for one block. */
export class SecretAddresses {
  readonly #backend: Backend
  readonly #wallet: Wallet
  readonly #secret = new Set<Address>()
  readonly #public = new Map<Address, Promise<boolean>>()
  readonly #mistaken = new Map<Address, Address>()
  #height: { asked: number; height: Promise<bigint> } | undefined
  #block: bigint | undefined

  constructor(backend: Backend, wallet: Wallet, known: readonly Address[]) {
    this.#backend = backend
    this.#wallet = wallet
    for (const address of known) this.add(address)
  }

  /** A contract that is secret without asking. */
  add(address: Address): void {
    this.#secret.add(address.toLowerCase() as Address)
  }

  /** The addresses that are known to be secret, in lower case. */
  known(): ReadonlySet<Address> {
    return this.#secret
  }

  /**
   * `wrong` is where an ordinary deployment would have led, and what ethers takes for the address of a secret one.
   * Nothing lives there, so calls to it would go out in the clear for nothing.
   */
  mistake(wrong: Address, right: Address): void {
    this.#mistaken.set(wrong.toLowerCase() as Address, right)
  }

  /** Whether a secret contract lives at the address; throws if nobody can tell. */
  async has(address: Address): Promise<boolean> {
    const key = address.toLowerCase() as Address
    const right = this.#mistaken.get(key)
    if (right) throw wrongAddress(address, right)
    if (this.#secret.has(key)) return true
    await this.#dropOld()
    let asked = this.#public.get(key)
    if (!asked) {
      asked = this.#ask(key)
      this.#public.set(key, asked)
    }
    return asked
  }

  /** A new block may hold a new secret contract. */
  dropPublic(): void {
    this.#public.clear()
    this.#height = undefined
  }

  async #ask(address: Address): Promise<boolean> {
    try {
      const secret = await this.#backend.isSecret(address)
      if (secret) this.add(address)
      return secret
    } catch (error) {
      this.#public.delete(address)
      // Never taken for public: the calldata would go out in the clear.
      const { code } = failure(error)
      throw new ProviderRpcError(
        code === Code.invalidInput ? Code.unavailable : code,
        `It cannot be told whether ${address} is a secret contract.`,
        {
          cause: error,
          metaMessages: [
            'Nothing was sent. Try again, or name the secret contracts of the dApp in `contracts`.',
          ],
        },
      )
    }
  }

  async #dropOld(): Promise<void> {
    const now = Date.now()
    if (!this.#height || now - this.#height.asked > HEIGHT_AGE)
      this.#height = { asked: now, height: this.#wallet.height() }
    const height = await this.#height.height.catch(() => undefined)
    if (height !== undefined && height === this.#block) return
    this.#block = height
    this.#public.clear()
  }
}

function wrongAddress(address: Address, right: Address): ProviderRpcError {
  return new ProviderRpcError(
    Code.invalidParams,
    `Nothing lives at ${address}: the secret contract is at ${right}.`,
    {
      metaMessages: [
        'ethers computes the address of a deployment by itself, as that of an ordinary contract.',
        'Take `contractAddress` of the receipt: `(await contract.deploymentTransaction().wait()).contractAddress`.',
      ],
    },
  )
}
