import {
  type Address,
  type ContractFunctionArgs,
  type Hash,
  isAddressEqual,
  keccak256,
  type Log,
  parseEventLogs,
} from 'viem'
import { getLogs } from 'viem/actions'
import { enigmaAbi } from '../abi.js'
import type { Connection } from '../connection.js'
import { DroppedTaskError, ForeignContractError, ForgedReplyError, ProofError } from '../errors/trust.js'
import { payFor, priceAt } from '../protocol/fees.js'
import { inputHash, nextInputHead } from '../protocol/input.js'
import { layout } from '../protocol/layout.js'
import { RULESET } from '../protocol/network.js'
import { NO_OUTBOUND_CALLS, receiptSigner } from '../protocol/receipt.js'
import { foldSnapshot, nextStateHead } from '../protocol/state.js'
import { unpackSecretContract, wordToHex } from '../protocol/words.js'
import { blockAt, type VerifiedBlock } from './block.js'
import { groupOf, measurementSlots, requireSigner, type Signer } from './group.js'
import type { VerifiedInput } from './input.js'
import { prove } from './storage.js'
import { calledBy, transactionAt } from './transaction.js'

/** A receipt with what the chain needs to check it: the Solidity struct `Commitment`. */
export type Commitment = ContractFunctionArgs<typeof enigmaAbi, 'nonpayable', 'commit'>[0][number]

/** An announced commit, as a log tells it: nothing of it is believed yet. */
export type CommitLog = {
  contract: Address
  firstIndex: bigint
  lastIndex: bigint
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
  /** The worker that executed it: rank 0. */
  worker: Signer
  transaction: Hash
  at: VerifiedBlock
}

/** The commits that `logs` announce, in their order. */
export function commitLogs({ network }: Connection, logs: readonly Log[]): CommitLog[] {
  const ours = logs.filter((log) => isAddressEqual(log.address, network.enigma) && !log.removed)
  return parseEventLogs({ abi: enigmaAbi, eventName: 'Committed', logs: ours as Log[] }).flatMap((log) => {
    if (log.blockNumber === null || log.blockHash === null || log.transactionHash === null) return []
    const { secretContract, firstIndex, lastIndex } = log.args
    return {
      contract: secretContract,
      firstIndex,
      lastIndex,
      transaction: log.transactionHash,
      block: log.blockNumber,
      blockHash: log.blockHash,
    }
  })
}

/** Whether a commit is one of this input. */
export function covers(log: CommitLog, { contract, index }: { contract: Address; index: bigint }): boolean {
  return isAddressEqual(log.contract, contract) && log.firstIndex <= index && index <= log.lastIndex
}

/**
 * Checks a commit of `input` as the chain did, and that the chain did: every field of the receipt, every signer in the
 * group at its rank, and, by Merkle proof, that the contract's input and state heads in that block are the receipt's.
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
  const recorded = commitment.inputs[place]
  if (!recorded || inputHash(input.contract, input.index, recorded) !== input.hash)
    throw new ForgedReplyError({ what, why: 'It is for another input than the chain recorded.' })
  const heads = checkFields(connection, commitment, what)

  const group = await groupOf(connection, input.contract, Number(receipt.epoch), at)
  const before = receipt.firstIndex === 0n ? 2n ** 64n - 1n : receipt.firstIndex - 1n
  const proof = prove(
    connection,
    at,
    [
      layout.secretContract(input.contract, 0),
      layout.secretContract(input.contract, 1),
      layout.head(input.contract, before),
      layout.head(input.contract, receipt.lastIndex),
      // Who may sign is known before it is known who did.
      ...measurementSlots(group.slice(0, commitment.signatures.length)),
    ],
    `the commit of task ${input.index} of ${input.contract}`,
  )
  // What its signatures say comes first; a proof that fails meanwhile waits for that.
  proof.catch(() => undefined)
  // It leaves before the curve keeps this thread busy.
  await new Promise((resolve) => setTimeout(resolve))
  const { timestamp } = at
  const recovered = await Promise.all(
    commitment.signatures.map((signature) => signerOf(connection, commitment, signature, what)),
  )
  const signers = recovered.map((signer, rank) => requireSigner(group, signer, { what, timestamp, rank }))
  const [head = 0n, counts = 0n, first = 0n, last = 0n, ...allowed] = await proof
  if (allowed.some((word) => word === 0n))
    throw new ForgedReplyError({ what, why: 'The measurement of a signer is not on the network’s list.' })
  const record = unpackSecretContract([head, counts])
  if (record.cursor <= input.index || heads.inputHead(wordToHex(first)) !== wordToHex(last))
    throw new DroppedTaskError({
      hash: input.transaction,
      why: `The RPC shows a commit that block ${at.number} does not have.`,
    })
  if (signers.length !== record.signers)
    throw new ForgedReplyError({
      what,
      why: `It has ${signers.length} signatures, the contract asks for ${record.signers}.`,
    })
  if (receipt.stateHeadAfter !== record.stateHead)
    await requireLater(connection, input, commitment, log, record.stateHead)
  const worker = signers[0]
  const result = receipt.results[place]
  const output = commitment.outputs[place]
  const delta = commitment.deltas[place]
  if (!worker || !result || output === undefined || delta === undefined)
    throw new ForgedReplyError({ what, why: 'It has no signature.' })
  const paid = payFor({
    commitGas: recorded.commitGas,
    bytes: (output.length + delta.length) / 2 - 2,
    gasCharged: result.gasCharged,
    tasks: commitment.inputs.length,
    price: priceAt(at.baseFeePerGas, recorded),
  })
  return {
    status: result.status,
    output,
    gasCharged: result.gasCharged,
    paid,
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
      why: 'A commit is a transaction to the Enigma contract.',
    })
  const call = calledBy(transaction)
  if (call?.functionName !== 'commit')
    throw new ProofError({ what: `that transaction ${log.transaction} is a commit` })
  const same = ({ receipt }: Commitment) =>
    isAddressEqual(receipt.secretContract, contract) &&
    receipt.firstIndex === log.firstIndex &&
    receipt.lastIndex === log.lastIndex
  const found = call.args[0].find(same)
  const [other] = call.args[0]
  if (!found)
    throw new ForeignContractError({
      expected: contract,
      found: other?.receipt.secretContract ?? connection.network.enigma,
      why: `Transaction ${log.transaction} commits nothing of it.`,
    })
  return found
}

/** What `ReceiptChecks.sol` checks without the chain's state. Returns how the receipt extends the log of inputs. */
function checkFields(
  { network }: Connection,
  { receipt, inputs, outputs, deltas }: Commitment,
  what: string,
) {
  const refuse = (why: string): never => {
    throw new ForgedReplyError({ what, why })
  }
  if (receipt.network !== network.network) refuse('It is of another network.')
  if (receipt.ruleset !== BigInt(RULESET)) refuse('It was made under other rules.')
  const count = Number(receipt.lastIndex - receipt.firstIndex) + 1
  if (![inputs, outputs, deltas, receipt.results].every(({ length }) => length === count))
    refuse('It is incomplete.')
  if (receipt.outboundHash !== NO_OUTBOUND_CALLS) refuse('It has outbound calls.')
  const zero = BigInt(receipt.snapshotHash) === 0n
  let stateHead = zero ? receipt.stateHeadBefore : foldSnapshot(receipt.stateHeadBefore, receipt.snapshotHash)
  const hashes = inputs.map((input, i) =>
    inputHash(receipt.secretContract, receipt.firstIndex + BigInt(i), input),
  )
  receipt.results.forEach((result, i) => {
    if (keccak256(outputs[i] ?? '0x') !== result.outputHash)
      refuse('An output is not the one that was signed.')
    if (keccak256(deltas[i] ?? '0x') !== result.deltaHash)
      refuse('A state change is not the one that was signed.')
    stateHead = nextStateHead(stateHead, hashes[i] ?? '0x', result.deltaHash)
  })
  if (stateHead !== receipt.stateHeadAfter) refuse('Its state head does not follow from its inputs.')
  return { inputHead: (before: `0x${string}`) => hashes.reduce(nextInputHead, before) }
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

/** A later commit of the same block may have moved the head on: follow them from this one to the proven head. */
async function requireLater(
  connection: Connection,
  input: VerifiedInput,
  commitment: Commitment,
  log: CommitLog,
  proven: `0x${string}`,
): Promise<void> {
  const logs = await getLogs(connection.client, {
    address: connection.network.enigma,
    blockHash: log.blockHash,
  })
  let { stateHeadAfter: head, lastIndex } = commitment.receipt
  for (const later of commitLogs(connection, logs)) {
    if (!isAddressEqual(later.contract, input.contract) || later.firstIndex !== lastIndex + 1n) continue
    const next = await commitmentOf(connection, input.contract, later)
    if (next.receipt.stateHeadBefore !== head) break
    checkFields(connection, next, `A later commit of ${input.contract}`)
    ;({ stateHeadAfter: head, lastIndex } = next.receipt)
  }
  if (head !== proven)
    throw new DroppedTaskError({
      hash: input.transaction,
      why: `The RPC shows a commit that block ${log.block} does not have.`,
    })
}
