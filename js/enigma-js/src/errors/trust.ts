import type { Address, Hash } from 'viem'
import { EnigmaError } from './base.js'

const docsPath = 'js/enigma-js/README.md#what-is-verified'

/** A Merkle proof or header that does not hold, or none where one is needed. */
export class ProofError extends EnigmaError {
  override name = 'ProofError'
  constructor({ what, block, cause }: { what: string; block?: bigint; cause?: unknown }) {
    super(`The RPC cannot prove ${what}${block === undefined ? '' : ` at block ${block}`}.`, {
      cause,
      docsPath,
      metaMessages: [
        'It lies, or has no eth_getProof, eth_getBlockReceipts or old state. Take another RPC; beyond 128 blocks, an archive node.',
      ],
    })
  }
}

export class ForeignContractError extends EnigmaError {
  override name = 'ForeignContractError'
  constructor({ expected, found, why }: { expected: Address; found: Address; why: string }) {
    super(`Expected an answer about ${expected}, got one about ${found}.`, {
      docsPath,
      metaMessages: [why, 'Take another RPC.'],
    })
  }
}

export class StaleStateError extends EnigmaError {
  override name = 'StaleStateError'
  constructor({ what, why }: { what: string; why: string }) {
    super(`${what} is stale.`, {
      docsPath,
      metaMessages: [
        why,
        'The node or the RPC is behind, or replays an old answer. Try another, or raise maxBlockAge.',
      ],
    })
  }
}

export class ForgedReplyError extends EnigmaError {
  override name = 'ForgedReplyError'
  constructor({ what, why, cause }: { what: string; why: string; cause?: unknown }) {
    super(`${what} does not come from an enclave that serves this contract.`, {
      cause,
      docsPath,
      metaMessages: [why, 'Nothing of it was used. Take another RPC or node.'],
    })
  }
}

export class ForgedInputError extends EnigmaError {
  override name = 'ForgedInputError'
  constructor({ contract, index, why }: { contract: Address; index: bigint; why: string }) {
    super(`The chain recorded another input ${index} of ${contract}.`, {
      docsPath,
      metaMessages: [why, 'Take another RPC.'],
    })
  }
}

export class DroppedTaskError extends EnigmaError {
  override name = 'DroppedTaskError'
  constructor({ hash, why }: { hash: Hash; why: string }) {
    super(`The task of transaction ${hash} is not in the chain.`, {
      docsPath,
      metaMessages: [why, 'Ask another RPC before you send it again: it may still be included.'],
    })
  }
}
