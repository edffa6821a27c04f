import {
  type Address,
  type Hash,
  type Hex,
  isAddressEqual,
  keccak256,
  type Log,
  parseEventLogs,
  zeroHash,
} from 'viem'
import { enigmaAbi } from '../abi.js'
import type { Connection } from '../connection.js'
import { ForeignContractError, ForgedInputError, ProofError } from '../errors/trust.js'
import { type Input, inputHash, nextInputHead, taskContext } from '../protocol/input.js'
import { layout } from '../protocol/layout.js'
import { portalAddress } from '../protocol/network.js'
import { unpackSecretContract, wordToHex } from '../protocol/words.js'
import { blockAt, type VerifiedBlock } from './block.js'
import { prove } from './storage.js'
import { calledBy, transactionAt } from './transaction.js'

/** An announced input, as a log tells it: nothing of it is believed yet. */
export type InputLog = {
  contract: Address
  index: bigint
  sender: Address
  kind: 'task' | 'deploy'
  head: Hex
  terms: Omit<
    Input,
    'kind' | 'sender' | 'blockNumber' | 'timestamp' | 'baseFee' | 'codeHash' | 'envelopeHash'
  >
  code: Hex
  envelope: Hex
  transaction: Hash
  block: bigint
  blockHash: Hash
}

/** An input that the chain recorded, with what the proof showed beside it. */
export type VerifiedInput = InputLog & {
  input: Input
  hash: Hex
  /** Binds the output to this input on this chain. */
  ctx: Hex
  at: VerifiedBlock
  /** Oldest pending input of the contract when this one was included. */
  cursor: bigint
}

/** The inputs that `logs` announce, in their order. */
export function inputLogs({ network }: Connection, logs: readonly Log[]): InputLog[] {
  const ours = logs.filter((log) => isAddressEqual(log.address, network.enigma) && !log.removed)
  return parseEventLogs({ abi: enigmaAbi, eventName: 'InputCreated', logs: ours as Log[] }).flatMap((log) => {
    if (log.blockNumber === null || log.blockHash === null || log.transactionHash === null) return []
    const { args } = log
    const { onBehalfOf, value, gasLimit, commitGas, priceCap, tip, epoch, inclusionEpoch, inflow } = args
    return {
      contract: args.secretContract,
      index: args.index,
      sender: args.sender,
      kind: args.kind === 2 ? ('deploy' as const) : ('task' as const),
      head: args.inputHead,
      terms: { onBehalfOf, value, gasLimit, commitGas, priceCap, tip, epoch, inclusionEpoch, inflow },
      code: args.code,
      envelope: args.envelope,
      transaction: log.transactionHash,
      block: log.blockNumber,
      blockHash: log.blockHash,
    }
  })
}

/** The input that a log tells, and its hash: unchecked. */
export async function inputAt(connection: Connection, log: InputLog) {
  const at = await blockAt(connection, log.blockHash)
  const input: Input = {
    kind: log.kind === 'deploy' ? 2 : 1,
    sender: log.sender,
    ...log.terms,
    blockNumber: at.number,
    timestamp: at.timestamp,
    baseFee: at.baseFeePerGas,
    codeHash: log.kind === 'deploy' ? keccak256(log.code) : zeroHash,
    envelopeHash: keccak256(log.envelope),
  }
  const hash = inputHash(log.contract, log.index, input)
  return { at, input, hash }
}

/**
 * Checks that the chain recorded this input at this place: its hash, recomputed, extends the head before it to the head
 * after it, and both lie in the contract's ring. Throws {@link ForgedInputError}, or {@link ProofError}.
 */
export async function verifyInput(connection: Connection, log: InputLog): Promise<VerifiedInput> {
  const { contract, index } = log
  const { at, input, hash } = await inputAt(connection, log)
  const [before, after, counts] = await proveHeads(connection, contract, index, at)
  const head = nextInputHead(wordToHex(before), hash)
  if (head !== wordToHex(after))
    throw new ForgedInputError({
      contract,
      index,
      why: `Its fields lead to the head ${head}, the chain has ${wordToHex(after)}.`,
    })
  if (head !== log.head)
    throw new ForgedInputError({
      contract,
      index,
      why: `It names the head ${log.head}, the chain has ${head}.`,
    })
  const { cursor } = unpackSecretContract([0n, counts])
  return { ...log, input, hash, ctx: taskContext(head, at.hash), at, cursor }
}

/** The heads before and after an input, in the state after its block; if that is gone, in the newest, where 255 stay. */
async function proveHeads(
  connection: Connection,
  contract: Address,
  index: bigint,
  at: VerifiedBlock,
): Promise<readonly [bigint, bigint, bigint]> {
  const before = index === 0n ? 2n ** 64n - 1n : index - 1n
  const slots = [
    layout.head(contract, before),
    layout.head(contract, index),
    layout.secretContract(contract, 1),
  ]
  const what = `input ${index} of ${contract}`
  const words = await prove(connection, at, slots, what).catch(async (error: ProofError) => {
    const newest = await blockAt(connection, 'latest')
    if (newest.number === at.number) throw error
    return prove(connection, newest, slots, what)
  })
  const [a = 0n, b = 0n, c = 0n] = words
  return [a, b, c]
}

/**
 * Checks that an input is what a transaction of this hash asked for: the hash vouches for the calldata, and that for
 * the envelope. What a forwarding contract sent is bound by the envelope alone. Throws {@link ForgedInputError}.
 */
export async function requireOrigin(connection: Connection, log: InputLog, hash: Hash): Promise<void> {
  const transaction = await transactionAt(connection, hash)
  if (!transaction) throw new ProofError({ what: `transaction ${hash}` })
  const { contract, index } = log
  if (log.transaction !== hash)
    throw new ForgedInputError({
      contract,
      index,
      why: `It is of transaction ${log.transaction}, not of ${hash}.`,
    })
  if (!transaction.to || !isAddressEqual(transaction.to, connection.network.enigma)) return
  const call = calledBy(transaction)
  const forged = (why: string) => new ForgedInputError({ contract, index, why })
  if (call?.functionName !== 'createTask' && call?.functionName !== 'deploy') {
    // Several tasks in one transaction, for instance: theirs are the envelopes that it carries.
    if (!transaction.input.includes(log.envelope.slice(2)))
      throw forged(`Transaction ${hash} does not carry it.`)
    return
  }
  const { functionName, args } = call
  const [asked, envelope] =
    functionName === 'createTask'
      ? [args[0], args[2]]
      : [portalAddress(connection.network.enigma, log.sender, args[0].salt), args[4]]
  if (!isAddressEqual(asked, contract))
    throw new ForeignContractError({
      expected: asked,
      found: contract,
      why: `Transaction ${hash} is a task of the former.`,
    })
  if (envelope !== log.envelope) throw forged('Its envelope is not the one in the transaction.')
}
