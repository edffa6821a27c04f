// What was sent through this wrapper, kept in memory alone: a dApp may read its own transactions again.
import { type Address, getContractAddress, type Hash, type Hex } from 'viem'

/** More than a page sends; the oldest go first. */
const MAX_SENT = 1_024

/** A transaction as the dApp meant it. */
export type Sent = {
  from: Address
  /** The secret contract; absent for a deployment. */
  to?: Address
  /** Where a deployment leads. */
  created?: Address
  input: Hex
  value: bigint
  gas: bigint
  /** Why it failed, once that is known. */
  failure?: Error
}

/** The account's own transactions to secret contracts. */
export class OwnTasks {
  readonly #sent = new Map<Hash, Sent>()
  readonly #accounts = new Set<Address>()

  add(hash: Hash, sent: Sent): void {
    this.#sent.set(hash.toLowerCase() as Hash, sent)
    for (const oldest of this.#sent.keys()) {
      if (this.#sent.size <= MAX_SENT) break
      this.#sent.delete(oldest)
    }
  }

  get(hash: Hash): Sent | undefined {
    return this.#sent.get(hash.toLowerCase() as Hash)
  }

  /** The accounts that have sent something to the contract. */
  senders(contract: Address): Address[] {
    const wanted = contract.toLowerCase()
    const sent = [...this.#sent.values()].filter(
      ({ to, created }) => (to ?? created)?.toLowerCase() === wanted,
    )
    return [...new Set(sent.map(({ from }) => from))]
  }

  /** The failed transaction that a library repeats to learn its reason. */
  failed(call: { from?: Address; to: Address; data: Hex; value: bigint }): Sent | undefined {
    return [...this.#sent.values()].find(
      ({ failure, from, to, input, value }) =>
        failure && same(from, call.from) && same(to, call.to) && input === call.data && value === call.value,
    )
  }

  /** Notes that the account reads or sends. */
  use(account: Address): void {
    this.#accounts.add(account)
  }

  /** Forgets all accounts but one, and what they sent; says which were used. */
  takeOthers(active: Address | undefined): Address[] {
    const others = [...this.#accounts].filter((account) => !same(account, active))
    for (const account of others) this.#accounts.delete(account)
    for (const [hash, { from }] of this.#sent) if (!same(from, active)) this.#sent.delete(hash)
    return others
  }
}

/** The address at which a library that computes it by itself, as ethers does, takes a deployment to be. */
export function ordinaryAddress(from: Address, nonce: bigint): Address {
  return getContractAddress({ from, nonce })
}

function same(a: Address | undefined, b: Address | undefined): boolean {
  return a?.toLowerCase() === b?.toLowerCase()
}
