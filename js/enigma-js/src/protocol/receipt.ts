// The signed outcome of tasks, as Ethereum checks it (EIP-712), and the domain of everything that is typed.
import { type Address, type Hex, hashTypedData, keccak256 } from 'viem'
import type { Bytes, Integer } from './bytes.js'
import { recoverSigner } from './sign.js'

/** Most tasks in one receipt. */
export const MAX_TASKS = 128

/** What the public may know of a task's outcome, by its number. */
export const PUBLIC_STATUS = ['completed', 'valueReturned', 'unopened'] as const
export type PublicStatus = (typeof PUBLIC_STATUS)[number]

/** One task's part of a receipt. */
export type TaskReceipt = { status: number; gasCharged: Integer; outputHash: Hex; deltaHash: Hex }

/** The outcome of consecutive tasks, with the fields of the Solidity struct `Receipt`. */
export type Receipt = {
  network: Hex
  ruleset: Integer
  secretContract: Address
  /** Epoch whose state key sealed the deltas. */
  epoch: Integer
  firstIndex: Integer
  lastIndex: Integer
  /** After the last task. */
  inputHead: Hex
  stateHeadBefore: Hex
  stateHeadAfter: Hex
  /** The block that the enclave trusted and saw all of this at. */
  anchorNumber: Integer
  anchorHash: Hex
  results: readonly TaskReceipt[]
  /** keccak256 of the sealed snapshot in the first commit of an epoch; else zero. */
  snapshotHash: Hex
  outboundHash: Hex
}

/** The EIP-712 domain of an Enigma contract. */
export type Domain = { name: 'Enigma'; version: '1'; chainId: bigint; verifyingContract: Address }

/** The domain of receipts, authorisations and view keys. */
export function domainOf(chainId: Integer, enigma: Address): Domain {
  return { name: 'Enigma', version: '1', chainId: BigInt(chainId), verifyingContract: enigma }
}

export const receiptTypes = {
  Receipt: [
    { type: 'bytes32', name: 'network' },
    { type: 'uint64', name: 'ruleset' },
    { type: 'address', name: 'secretContract' },
    { type: 'uint64', name: 'epoch' },
    { type: 'uint64', name: 'firstIndex' },
    { type: 'uint64', name: 'lastIndex' },
    { type: 'bytes32', name: 'inputHead' },
    { type: 'bytes32', name: 'stateHeadBefore' },
    { type: 'bytes32', name: 'stateHeadAfter' },
    { type: 'uint64', name: 'anchorNumber' },
    { type: 'bytes32', name: 'anchorHash' },
    { type: 'TaskResult[]', name: 'results' },
    { type: 'bytes32', name: 'snapshotHash' },
    { type: 'bytes32', name: 'outboundHash' },
  ],
  TaskResult: [
    { type: 'uint8', name: 'status' },
    { type: 'uint64', name: 'gasCharged' },
    { type: 'bytes32', name: 'outputHash' },
    { type: 'bytes32', name: 'deltaHash' },
  ],
} as const

/** The digest that workers sign. */
export function receiptDigest(domain: Domain, receipt: Receipt): Hex {
  const { ruleset, epoch, firstIndex, lastIndex, anchorNumber, results } = receipt
  const message = {
    ...receipt,
    ruleset: BigInt(ruleset),
    epoch: BigInt(epoch),
    firstIndex: BigInt(firstIndex),
    lastIndex: BigInt(lastIndex),
    anchorNumber: BigInt(anchorNumber),
    results: results.map((result) => ({ ...result, gasCharged: BigInt(result.gasCharged) })),
  }
  return hashTypedData({ domain, types: receiptTypes, primaryType: 'Receipt', message })
}

/** The worker enclave that signed `receipt`. Rejects with `InvalidSignatureError`. */
export function receiptSigner(domain: Domain, receipt: Receipt, signature: Bytes): Promise<Address> {
  return recoverSigner(receiptDigest(domain, receipt), signature)
}
