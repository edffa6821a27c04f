// Where a committed or skipped task stands in the chain, as receipts and logs tell it.
import { type Address, type Hash, type Hex, hexToBigInt, isAddressEqual, toEventSelector } from 'viem'
import { committedEvent, skippedEvent } from '../abi.js'
import type { Context } from './context.js'
import { asAddress, isObject, type Json } from './transaction.js'
import type { Outcome, SealedLog, TaskLogs } from './types.js'
import { quantity, toQuantity } from './wallet.js'

const COMMITTED = toEventSelector(committedEvent)
const SKIPPED = toEventSelector(skippedEvent)

/** The place of a task: its commit's block and transaction, and where its logs begin. */
export type Place = { blockHash: Hex; blockNumber: Hex; transactionIndex: Hex; firstLog: bigint }

/** A log as JSON-RPC writes it. */
export type RpcLog = {
  address: Address
  topics: readonly Hex[]
  data: Hex
  blockNumber: Hex
  blockHash: Hex
  transactionHash: Hash
  transactionIndex: Hex
  logIndex: Hex
  removed: false
}

/**
 * Where the task stands, or undefined while the wallet's RPC does not know the commit yet.
 * Log indices must be unique in the block, next to those of its public logs and of other tasks: they begin at
 * (log index of the commit + 1)·2^24 + (task within the commit)·2^16.
 */
export async function placeOf(
  context: Context,
  contract: Address,
  { commit, index }: Pick<Outcome, 'commit' | 'index'>,
): Promise<Place | undefined> {
  const receipt = await context.wallet.receipt(commit.transaction)
  if (!receipt) return undefined
  const { blockHash, blockNumber, transactionIndex, logs } = receipt
  const committed = (Array.isArray(logs) ? logs : []).find(
    (log) => isObject(log) && commits(log, context.network.enigma, contract, index),
  )
  if (!isObject(committed)) return undefined
  const first = hexToBigInt((committed.topics as Hex[])[2] as Hex)
  return {
    blockHash: blockHash as Hex,
    blockNumber: blockNumber as Hex,
    transactionIndex: transactionIndex as Hex,
    firstLog:
      ((quantity(committed.logIndex, 'eth_getTransactionReceipt') + 1n) << 24n) + ((index - first) << 16n),
  }
}

function commits(log: Json, enigma: Address, contract: Address, index: bigint): boolean {
  const { address, topics, data } = log
  const emitter = asAddress(address)
  if (!emitter || !isAddressEqual(emitter, enigma) || !Array.isArray(topics) || typeof data !== 'string')
    return false
  const [kind, account, index0] = topics
  if (typeof account !== 'string' || typeof index0 !== 'string') return false
  if (asAddress(`0x${account.slice(26)}`) !== asAddress(contract)) return false
  const first = hexToBigInt(index0 as Hex)
  if (kind === SKIPPED) return first === index
  return kind === COMMITTED && first <= index && index <= hexToBigInt(data.slice(0, 66) as Hex)
}

/** The logs of a task as JSON-RPC writes them. */
export function rpcLogs(hash: Hash, logs: readonly SealedLog[], { firstLog, ...place }: Place): RpcLog[] {
  return logs.map(({ address, topics, data }, i) => ({
    address: address.toLowerCase() as Address,
    topics,
    data,
    ...place,
    transactionHash: hash,
    logIndex: toQuantity(firstLog + BigInt(i)),
    removed: false,
  }))
}

/** The logs of several tasks. */
export async function placed(context: Context, tasks: readonly TaskLogs[]): Promise<RpcLog[]> {
  const found = await Promise.all(
    tasks
      .filter(({ logs }) => logs.length > 0)
      .map(async (task) => {
        const place = await placeOf(context, task.contract, task)
        return place ? rpcLogs(task.hash, task.logs, place) : []
      }),
  )
  return found.flat()
}
