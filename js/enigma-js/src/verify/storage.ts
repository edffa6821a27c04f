import type { Hex } from 'viem'
import type { Connection } from '../connection.js'
import { ProofError } from '../errors/trust.js'
import { createInbox } from '../feed/inbox.js'
import { verifyProof } from '../protocol/proof.js'
import type { VerifiedBlock } from './block.js'
import { quantity, request } from './rpc.js'

/** A node that is just making the next block, or one of several behind an address, may need another chance. */
const ATTEMPTS = 5
/** Milliseconds before the second attempt; it grows with the square of their number. */
const PAUSE = 5

/**
 * Words of the Enigma contract as they were after `block`, in the order of `slots`, each by Merkle proof against the
 * block's state root. `what` names them for {@link ProofError}, which says so if the proof fails or is not to be had.
 */
export async function prove(
  connection: Connection,
  block: VerifiedBlock,
  slots: readonly Hex[],
  what: string,
): Promise<bigint[]> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await proveOnce(connection, block, slots)
    } catch (cause) {
      if (attempt === ATTEMPTS) throw new ProofError({ what, block: block.number, cause })
      await createInbox<never>().next(PAUSE * attempt ** 2)
    }
  }
}

async function proveOnce(
  connection: Connection,
  { number, stateRoot }: VerifiedBlock,
  slots: readonly Hex[],
): Promise<bigint[]> {
  const address = connection.network.enigma
  const answer = await request(connection, 'eth_getProof', [address, slots, quantity(number)])
  const proven = verifyProof({ stateRoot, address, slots }, answer)
  return slots.map(proven.read)
}
