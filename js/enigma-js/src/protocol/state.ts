// State heads: the hash chain over sealed deltas and snapshots.
import type { Address, Hex } from 'viem'
import { H } from './hash.js'

/** The state head before the first input of `contract`. */
export function genesisStateHead(network: Hex, contract: Address): Hex {
  return H('enigma/v1/state-head-genesis', network, contract)
}

/** The head after a task; `deltaHash` is keccak256 of its sealed delta, zero if the task was skipped. */
export function nextStateHead(head: Hex, inputHash: Hex, deltaHash: Hex): Hex {
  return H('enigma/v1/state-head', head, inputHash, deltaHash)
}

/** The head after the snapshot that opens an epoch; `snapshotHash` is over the chunks of it, sealed. */
export function foldSnapshot(head: Hex, snapshotHash: Hex): Hex {
  return H('enigma/v1/state-head-snapshot', head, snapshotHash)
}
