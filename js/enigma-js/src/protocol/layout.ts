// Storage slots of the Enigma contract. Golden file: `contracts/storage-layout.json`.
import { type Address, bytesToHex, type Hex, keccak256, numberToHex } from 'viem'
import { concatBytes, type Integer, integerToBytes, toBytes, toInteger } from './bytes.js'
import { type Word, wordBytes } from './hash.js'
import { RING } from './input.js'

const fixed = (slot: number): Hex => numberToHex(slot, { size: 32 })

const TREE = 7
const SEEDS = 8
const WORKERS = 9
const WORKER_IDS = 10
const MEASUREMENTS = 11
const SECRET_CONTRACTS = 12
const HEADS = 13
const LEDGER = 14
const OUTCOMES = 18
const BARRED_PLATFORMS = 21

/** Where each word of the contract lies. What is in it: `words.ts`. */
export const layout = {
  /** `epochLength, groupSize, takeover, skipEpochs, window, minStake`. */
  parameters: fixed(0),
  /** The network's identity. */
  network: fixed(1),
  /** `epoch, start, nextStart, era, revocations`. */
  epoch: fixed(2),
  /** Entry points of the stake tree. */
  treeRoot: fixed(6),
  /** keccak256 of `S`, compressed. */
  compressedKeyHash: fixed(16),
  /** A word of the stake tree. */
  treeWord: (level: number, index: number, version: number): Hex =>
    entry((BigInt(level) << 32n) | (BigInt(index) << 2n) | BigInt(version), TREE),
  /** The seed of an epoch, if it is the current one, or the next one after its beacon: others' lie in this ring too. */
  seed: (epoch: number): Hex => entry(epoch % 4, SEEDS),
  /** Word `offset` (0 to 4) of a worker's record. */
  worker: (id: Integer, offset: number): Hex => plus(entry(id, WORKERS), offset),
  /** Id + 1 of the worker with this signing key. */
  workerId: (signer: Address): Hex => entry(toBytes(signer, 'signer', 20), WORKER_IDS),
  /** Whether a measurement is allowed. */
  measurement: (measurement: Hex): Hex => entry(toBytes(measurement, 'measurement', 32), MEASUREMENTS),
  /** Whether nothing that runs on this platform may serve. */
  barredPlatform: (platform: Hex): Hex => entry(toBytes(platform, 'platform', 32), BARRED_PLATFORMS),
  /** Word `offset` (0 to 5) of a secret contract's record. */
  secretContract: (contract: Address, offset: number): Hex =>
    plus(entry(toBytes(contract, 'contract', 20), SECRET_CONTRACTS), offset),
  /** The input head after input `index`; only the last 256 are kept. */
  head: (contract: Address, index: Integer): Hex =>
    plus(
      entry(toBytes(contract, 'contract', 20), HEADS),
      Number(toInteger(index, 64, 'index') % BigInt(RING)),
    ),
  /** What the contract owes to an account, wei, in the low half. */
  ledger: (account: Address): Hex => entry(toBytes(account, 'account', 20), LEDGER),
  /** What outbound call `number` of a contract came to; the lowest bit is 1 if it succeeded. */
  outcome: (contract: Address, number: Integer): Hex =>
    entry(number, BigInt(entry(toBytes(contract, 'contract', 20), OUTCOMES))),
} as const

function entry(key: Word, mapping: Integer): Hex {
  return keccak256(concatBytes(wordBytes(key), integerToBytes(mapping, 32)))
}

function plus(slot: Hex, offset: number): Hex {
  return bytesToHex(integerToBytes(BigInt.asUintN(256, BigInt(slot) + BigInt(offset)), 32))
}
