import type { Abi, Account, Address, Hash } from 'viem'
import type { Connection } from '../connection.js'
import { isTaskFailure, NotYoursError } from '../errors/task.js'
import { findTask, type TaskReference } from '../find.js'
import { finish } from '../finish.js'
import { NotOpenedError } from '../protocol/errors.js'
import type { TaskResult } from '../result.js'
import type { Stage } from '../stage.js'
import { recordOf } from '../verify/contract.js'

export type GetTaskParameters = TaskReference & {
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
  const { input, end } = await findTask(connection, parameters)
  if (!input) return { hash: parameters.hash as Hash, stage: 'submitted' }
  const { contract, index, kind, sender, block, transaction } = input
  const task = { hash: transaction, contract, index, kind, sender, value: BigInt(input.terms.value), block }
  if (!end) {
    const record = await recordOf(connection, contract)
    return { ...task, stage: record && record.cursor >= index ? 'executing' : 'waiting' }
  }
  const { abi, functionName, account = connection.client.account } = parameters
  try {
    const result = await finish(connection, account, input, end, { abi, functionName })
    return { ...task, stage: 'committed', result }
  } catch (error) {
    // Another account's, or one that this account has relayed for another.
    if (error instanceof NotYoursError || (error as Error).cause instanceof NotOpenedError)
      return { ...task, stage: 'committed' }
    if (isTaskFailure(error)) return { ...task, stage: 'failed', error: error as Error }
    throw error
  }
}
