import type { Abi, Address, Hex } from 'viem'
import { type EncodeFunctionDataParameters, encodeFunctionData } from 'viem'
import type { TaskHandle } from '../stage.js'

/**
 * What a relayer needs, and no more: plain data for JSON, without the reply key and without the author's name. It may go
 * over the wire; whoever has it can send it only from `relayer`.
 */
export type RelayedTask = {
  /** Identity of the network. */
  network: Hex
  secretContract: Address
  /** Of the input key: the task must be sent before its window closes. */
  epoch: number
  envelope: Hex
  /** The only account that can send it. */
  relayer: Address
  /** A forwarding contract's word; zero without one. */
  onBehalfOf: Hex
  /** Wei to send along, in hexadecimal. */
  value: Hex
  /** Gas inside the sealed world: at least this. */
  gasLimit: number
  /** Gas that the commit may cost. */
  commitGas: number
  /** Unix seconds after which it does nothing; 0: never. */
  expiry: number
}

/**
 * What the author keeps to read the result: plain data without secrets. `account` is whose view key leads to the reply
 * key; `envelope` tells the task from others in the same transaction.
 */
export type SealedTask = Omit<TaskHandle, 'hash' | 'envelope'> & { envelope: Hex }

/** A call for somebody else to make. */
export type Prepared = { to: Address; data: Hex; value: bigint }

/** A call of a secret contract: by ABI, or as calldata. */
export type Call = {
  /** The secret contract. */
  address: Address
} & (
  | { abi: Abi | readonly unknown[]; functionName: string; args?: readonly unknown[]; data?: undefined }
  | { /** Calldata, in the clear: it is encrypted. */ data: Hex; abi?: undefined }
)

/** The calldata of a call. */
export function calldataOf(call: Call): Hex {
  if (call.data !== undefined) return call.data
  const { abi, functionName, args } = call
  return encodeFunctionData({ abi, functionName, args } as EncodeFunctionDataParameters)
}
