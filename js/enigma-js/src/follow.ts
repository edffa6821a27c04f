import { type Address, type Hash, type Hex, isAddressEqual, type TransactionReceipt } from 'viem'
import { getTransactionCount, getTransactionReceipt } from 'viem/actions'
import type { Connection } from './connection.js'
import { NoTaskError, TaskTimeoutError, TransactionRevertedError } from './errors/task.js'
import { DroppedTaskError, ForgedInputError } from './errors/trust.js'
import type { FeedReader } from './feed/feed.js'
import { createInbox } from './feed/inbox.js'
import { layout } from './protocol/layout.js'
import { unpackSecretContract } from './protocol/words.js'
import type { Stage } from './stage.js'
import { blockAt } from './verify/block.js'
import { type CommitLog, commitLogs, covers, endLogs } from './verify/commit.js'
import { type InputLog, inputLogs, type VerifiedInput } from './verify/input.js'
import { quantity } from './verify/rpc.js'
import { prove } from './verify/storage.js'
import { transactionAt } from './verify/transaction.js'

/** Milliseconds between looks that do not wait for an event: subscriptions may lose one. */
const HEARTBEAT = 1_000
/** Milliseconds after which a transaction that nobody knows, or a commit that nobody shows, counts as dropped. */
const PATIENCE = 5_000
/** Milliseconds until a task that moved is looked for again. */
const PAUSE = 250

/** Which input of a transaction is meant; whatever is absent, any. */
type Wanted = { contract?: Address | undefined; envelope?: Hex | undefined }

/** What bounds a wait. */
export type Bounds = { hash: Hash; deadline: number; timeout: number; signal?: AbortSignal | undefined }

/** Waits until the transaction is in a block; the input that it created there, `task` if it created several. */
export async function followInclusion(
  connection: Connection,
  feed: FeedReader,
  bounds: Bounds,
  task?: Wanted,
): Promise<InputLog> {
  const { hash } = bounds
  for (let missing: number | undefined, asked = Date.now(); ; ) {
    const receipt = await findReceipt(connection, hash)
    if (receipt) return announced(connection, receipt, task)
    // Whatever happened, a block or a log, is a reason to look; silence is one too, more slowly.
    const event = await next(feed, bounds, 'submitted')
    const told = event?.type === 'log' ? inputLogs(connection, [event.log]) : []
    const ours = told.find((log) => log.transaction === hash && isFor(log, task))
    if (ours) return ours
    if (Date.now() < asked + HEARTBEAT) continue
    asked = Date.now()
    missing = (await isPending(connection, hash)) ? undefined : (missing ?? asked)
    if (isOverdue(missing))
      throw new DroppedTaskError({ hash, why: 'The RPC does not know the transaction any more.' })
  }
}

/**
 * Waits until a commit or skip covers the input. `onTurn` is called when the inputs before it are done. Meanwhile the input is
 * being `verified`: throws as soon as that fails.
 */
export async function followCommit(
  connection: Connection,
  feed: FeedReader,
  bounds: Bounds,
  input: InputLog,
  verified: Promise<VerifiedInput>,
  onTurn: () => void,
): Promise<CommitLog> {
  let stage: Stage = 'waiting'
  let failed = false
  const turn = () => {
    if (stage === 'waiting') onTurn()
    stage = 'executing'
  }
  verified.then(
    ({ cursor, index }) => cursor >= index && turn(),
    () => {
      failed = true
      feed.push({ type: 'block', number: input.block })
    },
  )
  const find = (logs: readonly CommitLog[]): CommitLog | undefined => {
    const commits = logs.filter((log) => isAddressEqual(log.contract, input.contract))
    if (commits.some((log) => log.lastIndex + 1n === input.index)) turn()
    return commits.find((log) => covers(log, input))
  }
  for (let looks = 0, hidden: number | undefined; ; looks += 1) {
    const caughtUp = find(await commitsSince(connection, input))
    if (caughtUp) return caughtUp
    if (failed) await verified
    if (looks > 0) hidden = (await isCommitted(connection, input)) ? (hidden ?? Date.now()) : undefined
    if (isOverdue(hidden))
      throw new DroppedTaskError({
        hash: bounds.hash,
        why: 'The chain has its commit, but the RPC does not show it.',
      })
    // Blocks may come faster than the heart beats: they do not put the next look off.
    for (const again = Date.now() + HEARTBEAT; Date.now() < again; ) {
      const event = await next(feed, bounds, stage)
      if (failed) await verified
      if (!event) break
      if (event.type !== 'log') continue
      // A log that was taken back is a reorganisation: the caller begins again.
      if (event.log.removed && event.log.transactionHash === bounds.hash) throw new Reorganised()
      const found = find(commitLogs(connection, [event.log]))
      if (found) return found
    }
  }
}

/** The block of the input, or of its commit, is not in the chain any more. */
export class Reorganised extends Error {
  override name = 'Reorganised'
}

function isOverdue(since: number | undefined): boolean {
  return since !== undefined && Date.now() - since >= PATIENCE
}

async function next(feed: FeedReader, bounds: Bounds, stage: Stage) {
  return feed.next(Math.min(HEARTBEAT, left(bounds, stage)), bounds.signal)
}

/** Lets some time pass before all begins again. Throws {@link TaskTimeoutError}, or at the signal. */
export async function pause(bounds: Bounds): Promise<void> {
  await createInbox<never>().next(Math.min(PAUSE, left(bounds, 'submitted')), bounds.signal)
}

function left({ hash, deadline, timeout }: Bounds, stage: Stage): number {
  const milliseconds = deadline - Date.now()
  if (milliseconds <= 0) throw new TaskTimeoutError({ hash, stage, timeout })
  return milliseconds
}

/** The receipt of a transaction; undefined while there is none. */
export async function findReceipt(
  { client }: Connection,
  hash: Hash,
): Promise<TransactionReceipt | undefined> {
  try {
    return await getTransactionReceipt(client, { hash })
  } catch (error) {
    if ((error as Error).name === 'TransactionReceiptNotFoundError') return undefined
    throw error
  }
}

/** The input that a receipt announces. */
export function announced(connection: Connection, receipt: TransactionReceipt, task?: Wanted): InputLog {
  const { transactionHash: hash } = receipt
  if (receipt.status === 'reverted') throw new TransactionRevertedError({ hash })
  const found = inputLogs(connection, receipt.logs).find((log) => isFor(log, task))
  if (!found) throw new NoTaskError({ what: `Transaction ${hash}` })
  const { contract: where, index, blockHash } = found
  if (blockHash !== receipt.blockHash)
    throw new ForgedInputError({ contract: where, index, why: 'Its block is not that of its transaction.' })
  return found
}

function isFor(log: InputLog, { contract, envelope }: Wanted = {}): boolean {
  return (!contract || isAddressEqual(log.contract, contract)) && (!envelope || envelope === log.envelope)
}

/** Whether the transaction may still be included. */
async function isPending(connection: Connection, hash: Hash): Promise<boolean> {
  const transaction = await transactionAt(connection, hash)
  if (!transaction) return false
  if (!transaction.from) return true
  const mined = await getTransactionCount(connection.client, { address: transaction.from })
  return mined <= transaction.nonce
}

/** The commits and skips of the input's contract since its block, as the RPC tells them. */
export async function commitsSince(
  connection: Connection,
  { contract, block }: InputLog,
): Promise<CommitLog[]> {
  return commitLogs(connection, await endLogs(connection, contract, quantity(block)))
}

/** Whether the contract's cursor has passed the input, by proof. */
async function isCommitted(connection: Connection, { contract, index }: InputLog): Promise<boolean> {
  const block = await blockAt(connection, 'latest')
  const [counts = 0n] = await prove(connection, block, [layout.secretContract(contract, 1)], 'the cursor')
  return unpackSecretContract([0n, counts]).cursor > index
}
