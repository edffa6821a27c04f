// Encryption sessions: the costly half of an envelope, kept while a contract's epoch lasts.
import type { Address, Hex } from 'viem'
import { type Bytes, type Integer, toBytes } from './bytes.js'
import type { PointG2 } from './curve.js'
import { encapsulate, parsePublicKey } from './ibe.js'
import { keyMessage } from './network.js'
import type { Secret } from './secret.js'

/** A key encapsulated to one contract and epoch. */
export type Session = {
  readonly network: Hex
  readonly contract: Address
  readonly epoch: bigint
  /** Opens every envelope of the session: 96 bytes in front of each. */
  readonly u: Uint8Array
  readonly key: Secret
}

export type CreateSessionParameters = {
  network: Hex
  /** `S`: 96 bytes, or the point that `parsePublicKey` made of them (once is enough). */
  publicKey: Bytes | PointG2
  contract: Address
  epoch: Integer
  /** The secret scalar; given by tests only. */
  r?: Secret | undefined
}

/** Encapsulates a key to (contract, epoch). Takes some 15 ms. */
export function createSession(parameters: CreateSessionParameters): Session {
  const { network, publicKey, contract, epoch, r } = parameters
  const point =
    typeof publicKey === 'string' || publicKey instanceof Uint8Array ? parsePublicKey(publicKey) : publicKey
  return {
    network,
    contract,
    epoch: BigInt(epoch),
    ...encapsulate(point, keyMessage(network, contract, epoch), r),
  }
}

/**
 * Sessions by contract, epoch and purpose. All envelopes of a session carry the same `U`, which links them: so every
 * sender has a session of its own, and the queries of an account, whose reader nobody shall learn, another.
 */
export class Sessions {
  readonly #network: Hex
  readonly #publicKey: PointG2
  readonly #limit: number
  readonly #kept = new Map<string, Session>()

  /** Keeps at most `limit` sessions, those used last. */
  constructor(parameters: { network: Hex; publicKey: Bytes; limit?: number }) {
    this.#network = parameters.network
    this.#publicKey = parsePublicKey(toBytes(parameters.publicKey, 'public key', 96))
    this.#limit = parameters.limit ?? 64
  }

  /** The session for envelopes of `account` (absent: anonymous queries), made if there is none. */
  get(parameters: {
    contract: Address
    epoch: Integer
    purpose: 'input' | 'query'
    account?: Address | undefined
  }): Session {
    const { contract, epoch, purpose, account } = parameters
    const id = [contract, epoch, purpose, account ?? ''].join().toLowerCase()
    const session = this.#kept.get(id) ?? this.#create(contract, epoch)
    this.#kept.delete(id) // the map's order is that of use
    this.#kept.set(id, session)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#limit) break
      this.#kept.delete(oldest)
    }
    return session
  }

  #create(contract: Address, epoch: Integer): Session {
    return createSession({ network: this.#network, publicKey: this.#publicKey, contract, epoch })
  }
}
