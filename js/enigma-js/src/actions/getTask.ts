import { type Abi, type Account, type Address, type Hash, isAddressEqual } from 'viem'
import { getLogs } from 'viem/actions'
import { inputCreatedEvent } from '../abi.js'
import type { Connection } from '../connection.js'
import { isTaskFailure, NoTaskError, NotYoursError } from '../errors/task.js'
import { finish } from '../finish.js'
import { announced, commitsSince, findReceipt } from '../follow.js'
import { NotOpenedError } from '../protocol/errors.js'
import type { TaskResult } from '../result.js'
import type { Stage } from '../stage.js'
import { covers } from '../verify/commit.js'
import { recordOf } from '../verify/contract.js'
import { type InputLog, inputLogs, requireOrigin, verifyInput } from '../verify/input.js'
import { verifyNetwork } from '../verify/network.js'
import { transactionAt } from '../verify/transaction.js'

export type GetTaskParameters = (
  | { /** Of the transaction that created it. */ hash: Hash; contract?: Address; index?: undefined }
  | { contract: Address /** In the contract's log of inputs. */; index: bigint; hash?: undefined }
) & {
  /** Decodes revert reasons and logs, and with `functionName` the result. */
  abi?: Abi | readonly unknown[]
  functionName?: string
  account?: Account
}

/** A task as it is now. */
export type Task = {
  hash: Hash
  stage: Stage
  /** Absent until it is in a block. */
  contract?: Address
  index?: bigint
  kind?: 'task' | 'deploy'
  sender?: Address
  /** Wei. */
  value?: bigint
  /** Of its inclusion. */
  block?: bigint
  /** Of one's own task that ended well. */
  result?: TaskResult
  /** By which one's own task ended, if it did not. */
  error?: Error
}

/** Looks at a task without waiting, and reads it if it is the account's own. Throws {@link NoTaskError} if there is none. */
export async function getTask(connection: Connection, parameters: GetTaskParameters): Promise<Task> {
  await verifyNetwork(connection)
  const { hash, abi, functionName } = parameters
  const log = hash
    ? await byHash(connection, hash, parameters.contract)
    : await byPlace(connection, parameters)
  if (!log) return { hash: hash as Hash, stage: 'submitted' }
  const [input] = await Promise.all([
    verifyInput(connection, log),
    requireOrigin(connection, log, log.transaction),
  ])
  const { contract, index, kind, sender, block, transaction } = input
  const task = { hash: transaction, contract, index, kind, sender, value: BigInt(input.terms.value), block }
  const commit = (await commitsSince(connection, input)).find((found) => covers(found, input))
  if (!commit) {
    const record = await recordOf(connection, contract)
    return { ...task, stage: record && record.cursor >= index ? 'executing' : 'waiting' }
  }
  const account = parameters.account ?? connection.client.account
  try {
    const result = await finish(connection, account, input, commit, { abi, functionName })
    return { ...task, stage: 'committed', result }
  } catch (error) {
    // Another account's, or one that this account has relayed for another.
    if (error instanceof NotYoursError || (error as Error).cause instanceof NotOpenedError)
      return { ...task, stage: 'committed' }
    if (isTaskFailure(error)) return { ...task, stage: 'failed', error: error as Error }
    throw error
  }
}

async function byHash(connection: Connection, hash: Hash, contract?: Address): Promise<InputLog | undefined> {
  const receipt = await findReceipt(connection, hash)
  if (receipt) return announced(connection, receipt, { contract })
  if (await transactionAt(connection, hash)) return undefined
  throw new NoTaskError({ what: `Transaction ${hash}` })
}

async function byPlace(connection: Connection, { contract, index }: GetTaskParameters): Promise<InputLog> {
  const { client, network } = connection
  const logs = await getLogs(client, {
    address: network.enigma,
    event: inputCreatedEvent,
    args: { secretContract: contract, index },
    fromBlock: BigInt(network.checkpointNumber),
    toBlock: 'latest',
  })
  const ours = (log: InputLog) => isAddressEqual(log.contract, contract as Address) && log.index === index
  const found = inputLogs(connection, logs).find(ours)
  if (!found) throw new NoTaskError({ what: `Index ${index} of ${contract}` })
  return found
}
