// What the packed words of the Enigma contract hold (docs/bytes.md, "Storage layout"); where they lie: `layout.ts`.
import { type Address, getAddress, type Hex, numberToHex } from 'viem'

const field = (word: bigint, shift: number, bits: number): bigint =>
  BigInt.asUintN(bits, word >> BigInt(shift))
const number = (word: bigint, shift: number, bits: number): number => Number(field(word, shift, bits))
const address = (word: bigint, shift: number): Address =>
  getAddress(numberToHex(field(word, shift, 160), { size: 20 }))

/** A word as bytes32. */
export function wordToHex(word: bigint): Hex {
  return numberToHex(word, { size: 32 })
}

/** The numbers of a network: `layout.parameters`. */
export function unpackParameters(word: bigint) {
  return {
    /** Blocks of an epoch. */
    epochLength: number(word, 0, 40),
    /** Workers of a group. */
    groupSize: number(word, 40, 8),
  }
}

/** The running epoch: `layout.epoch`. */
export type EpochWord = { epoch: number; start: number; nextStart: number }

/** Takes `layout.epoch` apart. */
export function unpackEpoch(word: bigint): EpochWord {
  return {
    epoch: number(word, 0, 40),
    start: number(word, 40, 40),
    nextStart: number(word, 80, 40),
  }
}

/** The epoch that a transaction in block `blockNumber` sees, given the word as it was before. */
export function currentEpoch(word: EpochWord, blockNumber: bigint): { epoch: number; start: number } {
  const rolled = word.nextStart !== 0 && blockNumber >= BigInt(word.nextStart)
  return rolled ? { epoch: word.epoch + 1, start: word.nextStart } : { epoch: word.epoch, start: word.start }
}

/** A worker's record: `layout.worker(id, 0)`, `(id, 1)`, `(id, 2)`, `(id, 4)`. */
export function unpackWorker(words: readonly [bigint, bigint, bigint, bigint]) {
  const [first, second, third, fifth] = words
  return {
    /** Address of the signing key made inside the enclave; zero if there is no such worker. */
    signer: address(first, 0),
    /** End of the admission, unix seconds. */
    expiry: number(first, 160, 40),
    operator: address(second, 0),
    measurement: wordToHex(third),
    /** The machine that it runs on. */
    platform: wordToHex(fifth),
  }
}

/** A secret contract's record, first two words: `layout.secretContract(contract, 0 and 1)`. */
export function unpackSecretContract(words: readonly [bigint, bigint]) {
  const [head, counts] = words
  return {
    stateHead: wordToHex(head),
    /** Index of the oldest pending input. */
    cursor: field(counts, 64, 64),
    lastCommitBlock: number(counts, 168, 40),
    /** Signatures that a receipt needs. */
    signers: number(counts, 208, 8),
  }
}

/** How many outbound calls a secret contract has made: `layout.secretContract(contract, 4)`. */
export function unpackOutboundCalls(word: bigint): bigint {
  return field(word, 200, 56)
}

/** The group of a contract as the chain stores it once drawn. */
export type Group = {
  /** The epoch it was drawn for. */
  epoch: number
  /** Worker ids in the order of their ranks: the group, or all that may serve once one of the others has signed. */
  ids: number[]
}

/** Takes `layout.secretContract(contract, 2)` apart. */
export function unpackGroup(word: bigint): Group {
  const count = Math.min(number(word, 40, 8), 8)
  return {
    epoch: number(word, 0, 40),
    ids: Array.from({ length: count }, (_, i) => number(word, 56 + 24 * i, 24)),
  }
}
