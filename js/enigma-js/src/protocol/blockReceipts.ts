// Receipts of Ethereum's transactions: from the JSON of `eth_getBlockReceipts` to the root in the block's header.
import { type Address, bytesToHex, concat, type Hex, toRlp } from 'viem'
import { quantity } from './header.js'
import { listRoot } from './trie.js'

/** A log as JSON-RPC writes it: the part that the root vouches for. */
export type RawLog = { address: Address; topics: [Hex, ...Hex[]]; data: Hex }

/** A receipt as JSON-RPC writes it: the part that the root vouches for. Nothing in it says whose receipt it is. */
export type RawReceipt = {
  type?: Hex
  status: Hex
  cumulativeGasUsed: Hex
  logsBloom: Hex
  logs: readonly RawLog[]
}

/** The root that all receipts of a block, in their order, lead to. Throws if they are none. */
export function receiptsRoot(receipts: readonly RawReceipt[]): Hex {
  return listRoot(receipts.map(encodeReceipt))
}

function encodeReceipt({ type, status, cumulativeGasUsed, logsBloom, logs }: RawReceipt): Hex {
  const number = (value: Hex) => bytesToHex(quantity(value))
  const encoded = toRlp([
    number(status),
    number(cumulativeGasUsed),
    logsBloom,
    logs.map(({ address, topics, data }) => [address, topics, data]),
  ])
  // A legacy transaction's has no type in front of it.
  return concat([number(type ?? '0x0'), encoded])
}
