// What Ethereum orders: inputs, their hash chain, and the context that everything of a task derives from.
import type { Address, Hex } from 'viem'
import type { Integer } from './bytes.js'
import { H } from './hash.js'

/** Most recent input heads that the contract keeps of a secret contract. */
export const RING = 256

/** One input as the chain recorded it, with the fields of the Solidity struct `Input`. */
export type Input = {
  /** 1 task, 2 deploy. */
  kind: Integer
  sender: Address
  onBehalfOf: Hex
  /** Wei that go to the portal if the task succeeds. */
  value: Integer
  gasLimit: Integer
  commitGas: Integer
  /** Wei per gas. */
  priceCap: Integer
  tip: Integer
  /** Epoch to which the envelope is encrypted. */
  epoch: Integer
  inclusionEpoch: Integer
  blockNumber: Integer
  /** Unix seconds. */
  timestamp: Integer
  baseFee: Integer
  /** Portal balance + sent − delivered, wei. */
  inflow: Integer
  /** keccak256 of a deploy's clear code; zero for a task. */
  codeHash: Hex
  envelopeHash: Hex
}

/** The hash of `input` as number `index` of `contract`. */
export function inputHash(contract: Address, index: Integer, input: Input): Hex {
  return H(
    'enigma/v1/input',
    input.kind,
    contract,
    index,
    input.sender,
    input.onBehalfOf,
    input.value,
    input.gasLimit,
    input.commitGas,
    input.priceCap,
    input.tip,
    input.epoch,
    input.inclusionEpoch,
    input.blockNumber,
    input.timestamp,
    input.baseFee,
    input.inflow,
    input.codeHash,
    input.envelopeHash,
  )
}

/** The head before the first input of `contract`. */
export function genesisInputHead(network: Hex, contract: Address): Hex {
  return H('enigma/v1/input-head-genesis', network, contract)
}

/** The head after an input. */
export function nextInputHead(head: Hex, hash: Hex): Hex {
  return H('enigma/v1/input-head', head, hash)
}

/** `ctx`: unique to one input on one fork. `blockHash` is of the block that the input was included in. */
export function taskContext(inputHead: Hex, blockHash: Hex): Hex {
  return H('enigma/v1/context', inputHead, blockHash)
}
