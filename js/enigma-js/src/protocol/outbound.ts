// What a secret contract does on Ethereum: calls that its portal makes when the receipt lands.
import { type Address, concat, type Hex, keccak256 } from 'viem'
import { BYTE_GAS } from './fees.js'
import { H } from './hash.js'

/** Schedule gas of plain ether to an outside address. */
export const OUTBOUND_TRANSFER_GAS = 75_000n
/** Schedule gas of an outbound call, besides its own gas and its bytes. */
export const OUTBOUND_CALL_GAS = 90_000n

/** `kind` of plain ether to an outside address; 2 is a call. */
export const TRANSFER = 1

/** One outbound call, with the fields of the Solidity struct. */
export type OutboundCall = {
  /** The input whose execution made it. */
  index: bigint
  /** {@link TRANSFER}, or 2: a call. */
  kind: number
  target: Address
  value: bigint
  gas: bigint
  data: Hex
}

/** `outboundHash` of a receipt. */
export function outboundHash(calls: readonly OutboundCall[]): Hex {
  const hashes = calls.map((call) =>
    H(
      'enigma/v1/outbound-call',
      call.index,
      call.kind,
      call.target,
      call.value,
      call.gas,
      keccak256(call.data),
    ),
  )
  return keccak256(concat(hashes))
}

/** Schedule gas of a task's outbound calls. A transfer has neither gas of its own nor data. */
export function outboundGas(calls: readonly OutboundCall[]): bigint {
  let sum = 0n
  for (const { kind, gas, data } of calls)
    sum +=
      (kind === TRANSFER ? OUTBOUND_TRANSFER_GAS : OUTBOUND_CALL_GAS) +
      gas +
      BYTE_GAS * BigInt(data.length / 2 - 1)
  return sum
}
