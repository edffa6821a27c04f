import {
  type Address,
  formatLog,
  type Hash,
  type Hex,
  isAddressEqual,
  type Log,
  pad,
  parseEventLogs,
  type RpcLog,
  toEventSelector,
  zeroHash,
} from 'viem'
import { getLogs } from 'viem/actions'
import { committedEvent, inputCreatedEvent, skippedEvent } from '../abi.js'
import type { Connection } from '../connection.js'
import { DroppedTaskError, ForeignContractError, ForgedReplyError, ProofError } from '../errors/trust.js'
import { payFor, priceAt, scheduleGas } from '../protocol/fees.js'
import { nextInputHead } from '../protocol/input.js'
import { layout } from '../protocol/layout.js'
import { outboundGas } from '../protocol/outbound.js'
import { type Commitment, unpackCommitment } from '../protocol/packed.js'
import { receiptSigner } from '../protocol/receipt.js'
import { nextStateHead } from '../protocol/state.js'
import { unpackSecretContract, wordToHex } from '../protocol/words.js'
import { blockAt, type VerifiedBlock } from './block.js'
import { groupOf, requireSigners, requireUnrevoked, revocationSlots, type Signer } from './group.js'
import { inputAt, inputLogs, type VerifiedInput } from './input.js'
import { request } from './rpc.js'
import { prove } from './storage.js'
import { calledBy, transactionAt } from './transaction.js'

/** Topics of commits and skips. */
export const END_TOPICS = [committedEvent, skippedEvent].map((event) => toEventSelector(event))

/** An announced end of inputs, by a commit or a skip, as a log tells it: nothing of it is believed yet. */
export type CommitLog = {
  contract: Address
  firstIndex: bigint
  lastIndex: bigint
  /** After it. */
  stateHead: Hash
  /** Whether nobody executed the input. */
  skipped: boolean
  transaction: Hash
  block: bigint
  blockHash: Hash
}

/** What a commit says of one task, checked. */
export type VerifiedCommit = {
  status: number
  /** Encrypted under the reply key. */
  output: `0x${string}`
  gasCharged: bigint
  /** Wei. */
  paid: bigint
  /** Outbound calls of the whole receipt. */
  outbound: Commitment['outbound']
  /** The worker that executed it: whose signature comes first. */
  worker: Signer
  transaction: Hash
  at: VerifiedBlock
}

/** The commits and skips that `logs` announce, in their order. */
export function commitLogs({ network }: Connection, logs: readonly Log[]): CommitLog[] {
  const ours = logs.filter((log) => isAddressEqual(log.address, network.enigma) && !log.removed)
  const abi = [committedEvent, skippedEvent]
  return parseEventLogs({ abi, logs: ours as Log[] }).flatMap((log) => {
    if (log.blockNumber === null || log.blockHash === null || log.transactionHash === null) return []
    const skipped = log.eventName === 'Skipped'
    const { secretContract, stateHead } = log.args
    const [firstIndex, lastIndex] = skipped
      ? [log.args.index, log.args.index]
      : [log.args.firstIndex, log.args.lastIndex]
    return {
      contract: secretContract,
      firstIndex,
      lastIndex,
      stateHead,
      skipped,
      transaction: log.transactionHash,
      block: log.blockNumber,
      blockHash: log.blockHash,
    }
  })
}

/** Logs of the commits and skips of a contract from a block on, as the RPC tells them. */
export async function endLogs(connection: Connection, contract: Address, fromBlock: Hex): Promise<Log[]> {
  const filter = {
    address: connection.network.enigma,
    topics: [END_TOPICS, pad(contract)],
    fromBlock,
    toBlock: 'latest',
  }
  const logs = (await request(connection, 'eth_getLogs', [filter])) as RpcLog[]
  return logs.map((log) => formatLog(log))
}

/** Whether a commit or skip is one of this input. */
export function covers(log: CommitLog, { contract, index }: { contract: Address; index: bigint }): boolean {
  return isAddressEqual(log.contract, contract) && log.firstIndex <= index && index <= log.lastIndex
}

/**
 * Checks a commit of `input` as the chain did, and that the chain did: every field of the receipt, every signer one that
 * may serve the contract, and, by Merkle proof, that the contract's input and state heads in that block are the receipt's.
 * Throws {@link ForgedReplyError}, {@link ForeignContractError}, {@link DroppedTaskError}, {@link ProofError}.
 */
export async function verifyCommit(
  connection: Connection,
  input: VerifiedInput,
  log: CommitLog,
): Promise<VerifiedCommit> {
  const [commitment, at] = await Promise.all([
    commitmentOf(connection, input.contract, log),
    blockAt(connection, log.blockHash),
  ])
  const { receipt } = commitment
  const what = `The commit of task ${input.index} of ${input.contract}`
  const place = Number(input.index - receipt.firstIndex)
  const task = commitment.tasks[place]
  if (task?.hash !== input.hash)
    throw new ForgedReplyError({ what, why: 'It is for another input than the chain recorded.' })

  const epoch = Number(receipt.epoch)
  const { contract } = input
  const group = await groupOf(connection, contract, epoch, at)
  const before = receipt.firstIndex === 0n ? 2n ** 64n - 1n : receipt.firstIndex - 1n
  // Who may sign is known before it is known who did.
  const slots = revocationSlots(group)
  const proof = prove(
    connection,
    at,
    [
      layout.secretContract(input.contract, 0),
      layout.secretContract(input.contract, 1),
      layout.head(input.contract, before),
      layout.head(input.contract, receipt.lastIndex),
      ...slots,
    ],
    `the commit of task ${input.index} of ${input.contract}`,
  )
  // What its signatures say comes first; a proof that fails meanwhile waits for that.
  proof.catch(() => undefined)
  // It leaves before the curve keeps this thread busy.
  await new Promise((resolve) => setTimeout(resolve))
  const recovered = await Promise.all(
    commitment.signatures.map((signature) => signerOf(connection, commitment, signature, what)),
  )
  const signers = await requireSigners(connection, { contract, epoch, block: at, what }, recovered)
  const [head = 0n, counts = 0n, first = 0n, last = 0n, ...standing] = await proof
  const needed = revocationSlots(signers)
  const words = needed.every((slot) => slots.includes(slot))
    ? needed.map((slot) => standing[slots.indexOf(slot)])
    : await prove(connection, at, needed, what)
  requireUnrevoked(words, what)
  const record = unpackSecretContract([head, counts])
  // Only one receipt of a contract lands in a block: this is the last one, in this block and in no other.
  if (
    record.cursor <= input.index ||
    BigInt(record.lastCommitBlock) !== at.number ||
    commitment.tasks.reduce((head, { hash }) => nextInputHead(head, hash), wordToHex(first)) !==
      wordToHex(last)
  )
    throw new DroppedTaskError({
      hash: input.transaction,
      why: `Block ${at.number} does not have it.`,
    })
  if (new Set(recovered).size !== signers.length)
    throw new ForgedReplyError({ what, why: 'One worker signed it twice.' })
  if (signers.length !== record.signers)
    throw new ForgedReplyError({
      what,
      why: `It has ${signers.length} signatures, the contract asks for ${record.signers}.`,
    })
  if (receipt.stateHeadAfter !== record.stateHead)
    await requireLater(connection, input, receipt.stateHeadAfter, log, record.stateHead)
  const worker = signers[0]
  if (!worker) throw new ForgedReplyError({ what, why: 'It has no signature.' })
  const { output, delta, result } = task
  const paid = payFor({
    schedule: scheduleGas(
      commitment.tasks.length,
      (output.length + delta.length) / 2 - 2,
      outboundGas(commitment.outbound.filter(({ index }) => index === input.index)),
    ),
    gasCharged: result.gasCharged,
    price: priceAt(at.baseFeePerGas, task),
  })
  return {
    status: result.status,
    output,
    gasCharged: result.gasCharged,
    paid,
    outbound: commitment.outbound,
    worker,
    transaction: log.transaction,
    at,
  }
}

/** The commitment of `contract` that a log announces, from the calldata that its transaction's hash vouches for. */
async function commitmentOf(connection: Connection, contract: Address, log: CommitLog): Promise<Commitment> {
  const transaction = await transactionAt(connection, log.transaction)
  if (!transaction)
    throw new DroppedTaskError({
      hash: log.transaction,
      why: 'The RPC shows its log, but not the transaction.',
    })
  if (!transaction.to || !isAddressEqual(transaction.to, connection.network.enigma))
    throw new ForeignContractError({
      expected: connection.network.enigma,
      found: transaction.to ?? '0x',
      why: 'Commits go there.',
    })
  const call = calledBy(transaction)
  if (call?.functionName !== 'commit')
    throw new ProofError({ what: `that transaction ${log.transaction} is a commit` })
  const same = ({ receipt }: Commitment) =>
    isAddressEqual(receipt.secretContract, contract) &&
    receipt.firstIndex === log.firstIndex &&
    receipt.lastIndex === log.lastIndex
  const { network } = connection.network
  const commitments = call.args[0].flatMap((packed) => unpackCommitment(network, packed) ?? [])
  const found = commitments.find(same)
  const [other] = commitments
  if (!found)
    throw new ForeignContractError({
      expected: contract,
      found: other?.receipt.secretContract ?? connection.network.enigma,
      why: `Transaction ${log.transaction} commits nothing of it.`,
    })
  return found
}

async function signerOf(
  { domain }: Connection,
  { receipt }: Commitment,
  signature: `0x${string}`,
  what: string,
): Promise<Address> {
  try {
    return await receiptSigner(domain, receipt, signature)
  } catch (cause) {
    throw new ForgedReplyError({ what, why: 'Its signature is malformed.', cause })
  }
}

/**
 * Checks that `input` was skipped: the head of the contract's state after the log's block, by proof, follows from the input
 * with no state change, which is what no commit leaves. Returns the block. Throws {@link DroppedTaskError}.
 */
export async function verifySkip(
  connection: Connection,
  input: VerifiedInput,
  log: CommitLog,
): Promise<VerifiedBlock> {
  const { contract, index } = input
  const at = await blockAt(connection, log.blockHash)
  const headOf = async (block: VerifiedBlock) => {
    const [head = 0n] = await prove(connection, block, [layout.secretContract(contract, 0)], 'the state head')
    return wordToHex(head)
  }
  // Where it began need not be believed: no other beginning leads to the proven head.
  const [logs, parent, proven] = await Promise.all([
    logsOf(connection, contract, log.blockHash),
    blockAt(connection, at.number - 1n),
    headOf(at),
  ])
  const before = logs.find(({ lastIndex }) => lastIndex + 1n === index)?.stateHead
  const head = nextStateHead(before ?? (await headOf(parent)), input.hash, zeroHash)
  if (head !== proven) await requireLater(connection, input, head, log, proven)
  return at
}

/** The ends of a contract's inputs that a block announces. */
async function logsOf(connection: Connection, contract: Address, blockHash: Hash): Promise<CommitLog[]> {
  const logs = await getLogs(connection.client, { address: connection.network.enigma, blockHash })
  return commitLogs(connection, logs).filter((log) => isAddressEqual(log.contract, contract))
}

/** Later ends in the same block, skips alone after a commit, may have moved the head on: follow them to the proven head. */
async function requireLater(
  connection: Connection,
  { contract, transaction }: VerifiedInput,
  after: Hash,
  log: CommitLog,
  proven: Hash,
): Promise<void> {
  let [head, { lastIndex }] = [after, log]
  for (const later of await logsOf(connection, contract, log.blockHash)) {
    if (later.firstIndex !== lastIndex + 1n) continue
    if (later.skipped) {
      const [skipped] = await getLogs(connection.client, {
        address: connection.network.enigma,
        event: inputCreatedEvent,
        args: { secretContract: contract, index: later.firstIndex },
        fromBlock: BigInt(connection.network.checkpointNumber),
        toBlock: log.block,
      }).then((logs) => inputLogs(connection, logs))
      if (!skipped) break
      head = nextStateHead(head, (await inputAt(connection, skipped)).hash, zeroHash)
    } else {
      if (!log.skipped) break
      const next = await commitmentOf(connection, contract, later)
      if (next.receipt.stateHeadBefore !== head) break
      head = next.receipt.stateHeadAfter
    }
    lastIndex = later.lastIndex
  }
  if (head !== proven)
    throw new DroppedTaskError({
      hash: transaction,
      why: `The RPC shows a ${log.skipped ? 'skip' : 'commit'} that block ${log.block} does not have.`,
    })
}
