// What an unlock needs of the chain, from the wallet's own provider: the envelope that was sent, and the output that was
// committed. Neither is believed: what was changed does not decrypt.
import { decodeEventLog } from 'viem/utils'
import { asHash } from '../model/route'
import type { Hex } from '../model/schema'
import type { Task } from '../model/types'
import { committedEvent, inputCreatedEvent, parseEnvelope } from './protocol'
import { ask, type Provider, WalletError } from './wallet'

type Log = { readonly address: string; readonly topics: readonly Hex[]; readonly data: Hex }
type Receipt = { readonly blockHash: Hex; readonly logs: readonly Log[] }

const isHex = (value: unknown): value is Hex =>
  typeof value === 'string' && /^0x(?:[0-9a-fA-F]{2})*$/.test(value)

async function receiptOf(provider: Provider, transaction: Hex): Promise<Receipt> {
  const answer = (await ask(provider, 'eth_getTransactionReceipt', [transaction])) as {
    blockHash?: unknown
    logs?: unknown
  } | null
  const blockHash = asHash(typeof answer?.blockHash === 'string' ? answer.blockHash : null)
  if (!blockHash || !Array.isArray(answer?.logs))
    throw new WalletError('The wallet’s chain does not have this transaction.')
  return {
    blockHash,
    logs: answer.logs.filter(
      (log): log is Log =>
        Array.isArray(log?.topics) &&
        log.topics.every(isHex) &&
        isHex(log.data) &&
        typeof log.address === 'string',
    ),
  }
}

/** What `decode` makes of the logs of the Enigma contract; those that it does not take are other events. */
function events<T>(
  receipt: Receipt,
  enigma: Hex,
  decode: (log: { topics: [Hex, ...Hex[]]; data: Hex }) => T,
): T[] {
  const found: T[] = []
  for (const { address, topics, data } of receipt.logs) {
    if (address.toLowerCase() !== enigma) continue
    try {
      found.push(decode({ topics: topics as [Hex, ...Hex[]], data }))
    } catch {
      // another event
    }
  }
  return found
}

const decodeCreated = (log: { topics: [Hex, ...Hex[]]; data: Hex }) =>
  decodeEventLog({ abi: [inputCreatedEvent], ...log }).args
const decodeCommitted = (log: { topics: [Hex, ...Hex[]]; data: Hex }) =>
  decodeEventLog({ abi: [committedEvent], ...log }).args

/** What the task's reply key and context derive from. */
export async function createdEnvelope(
  provider: Provider,
  enigma: Hex,
  task: Task,
): Promise<{ nonce: Uint8Array; inputHead: Hex; blockHash: Hex }> {
  const receipt = await receiptOf(provider, task.created.transaction)
  const created = events(receipt, enigma, decodeCreated).find(
    (event) => event.secretContract.toLowerCase() === task.contract && event.index === BigInt(task.index),
  )
  if (!created) throw new WalletError('The wallet’s chain does not show this task.')
  return {
    nonce: parseEnvelope(created.envelope).nonce,
    inputHead: created.inputHead,
    blockHash: receipt.blockHash,
  }
}

/** The task's encrypted output. */
export async function committedOutput(provider: Provider, enigma: Hex, task: Task): Promise<Hex> {
  if (!task.committed) throw new WalletError('The task is not committed yet.')
  const receipt = await receiptOf(provider, task.committed.transaction)
  const index = BigInt(task.index)
  const committed = events(receipt, enigma, decodeCommitted).find(
    (event) =>
      event.secretContract.toLowerCase() === task.contract &&
      event.firstIndex <= index &&
      index <= event.lastIndex,
  )
  const output = committed?.outputs[Number(index - committed.firstIndex)]
  if (output === undefined) throw new WalletError('The wallet’s chain does not show the task’s commit.')
  return output
}
