// View keys, while the page is open: one signature of the account for each contract. They stay in this module's memory,
// are never stored, and are overwritten when one locks.
import type { Hex } from '../model/schema'
import type { Network, Task } from '../model/types'
import { committedOutput, createdEnvelope } from './chain'
import {
  decryptOutput,
  domainOf,
  NotOpenedError,
  type Output,
  replyKeyFor,
  type Secret,
  taskContext,
  viewKeyTypedData,
  viewSecret,
} from './protocol'
import { ask, type Provider, WalletError } from './wallet'

const DOMAIN_TYPE = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
]

/** A result is there but cannot be shown; the message says why. */
export class ClosedResultError extends Error {
  override name = 'ClosedResultError'
}

export class ViewKeys {
  readonly #secrets = new Map<string, Secret>()

  /** Asks the account to sign for `contract`, unless it has. */
  async unlock(provider: Provider, network: Network, account: Hex, contract: Hex): Promise<void> {
    const id = `${account}/${contract}`
    if (this.#secrets.has(id)) return
    const parameters = { network: network.network, contract, account }
    const typed = viewKeyTypedData(domainOf(network.chainId, network.enigma), parameters)
    const message = { ...typed, types: { EIP712Domain: DOMAIN_TYPE, ...typed.types } }
    const text = JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? value.toString() : value))
    const signature = await ask(provider, 'eth_signTypedData_v4', [account, text])
    if (typeof signature !== 'string' || !/^0x[0-9a-fA-F]{130}$/.test(signature))
      throw new WalletError('The wallet answered with something else than a signature of 65 bytes.')
    this.#secrets.set(id, viewSecret(signature as Hex, parameters))
  }

  /** Decrypts the result of a committed task of `account`. Throws {@link ClosedResultError}. */
  async open(provider: Provider, network: Network, account: Hex, task: Task): Promise<Output> {
    const secret = this.#secrets.get(`${account}/${task.contract}`)
    if (!secret) throw new ClosedResultError('Locked.')
    if (task.committed?.status === 'unopened')
      throw new ClosedResultError('Nobody could open its envelope, so there is no result.')
    if (task.committed?.status === 'skipped')
      throw new ClosedResultError(
        'It was skipped: nobody executed it, so there is no result. Its money is credit in the Enigma contract.',
      )
    const [created, output] = await Promise.all([
      createdEnvelope(provider, network.enigma, task),
      committedOutput(provider, network.enigma, task),
    ])
    const replyKey = replyKeyFor(secret, created.nonce)
    try {
      return decryptOutput(replyKey, taskContext(created.inputHead, created.blockHash), output)
    } catch (error) {
      if (!(error instanceof NotOpenedError)) throw error
      throw new ClosedResultError(
        'It does not open with this account’s view key: it was sent with a key of its session only, or what the wallet’s chain shows is not what was committed.',
      )
    } finally {
      replyKey.wipe()
    }
  }

  /** Forgets one contract's key. */
  forget(account: Hex, contract: Hex): void {
    const id = `${account}/${contract}`
    this.#secrets.get(id)?.wipe()
    this.#secrets.delete(id)
  }

  /** Forgets everything. */
  lock(): void {
    for (const secret of this.#secrets.values()) secret.wipe()
    this.#secrets.clear()
  }
}
