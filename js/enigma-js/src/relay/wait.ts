import {
  type Abi,
  type Account,
  type Address,
  type ContractFunctionName,
  type Hash,
  isAddressEqual,
  keccak256,
} from 'viem'
import { parseAccount } from 'viem/utils'
import { type ResultOf, type WaitForTaskParameters, waitForTask } from '../actions/waitForTask.js'
import type { Connection } from '../connection.js'
import { NotYoursError } from '../errors/task.js'
import type { TaskResult } from '../result.js'
import { replyKeyOf } from '../session/view.js'
import type { SealedTask } from './types.js'

type Mutability = 'pure' | 'view' | 'nonpayable' | 'payable'

export type WaitForSealedTaskParameters<
  abi extends Abi | readonly unknown[] = Abi,
  functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
> = Omit<WaitForTaskParameters<abi, functionName>, 'hash' | 'task'> & {
  /** Of the transaction that carried it, whoever sent that. */
  hash: Hash
  /** What authoriseTask or prepareTask returned. */
  task: SealedTask
  /** Whose view key it was made with. Default: the client's, if it is the one. */
  account?: Account | Address
}

/**
 * Follows a task that somebody else sent to its end and decrypts what came out: `waitForTask` for the author of a relayed
 * task, or for the owner of the wallet that sent it. Throws as that does, and `TaskUnauthorisedError`.
 */
export async function waitForSealedTask<
  const abi extends Abi | readonly unknown[] = Abi,
  functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
>(
  connection: Connection,
  parameters: WaitForSealedTaskParameters<abi, functionName>,
): Promise<TaskResult<ResultOf<abi, functionName>>> {
  const { hash, task, account, ...rest } = parameters
  const { client, cache, options } = connection
  const reader = parseAccount(account ?? client.account ?? task.account)
  const own = isAddressEqual(reader.address, task.account) ? reader : undefined
  const id = keccak256(task.envelope)
  // As long as it takes: `lock` must leave nothing that can be derived again.
  const known = cache.replyKeys.has(id)
  const replyKey = await replyKeyOf(connection, task.contract, own, task.envelope)
  if (!replyKey) throw new NotYoursError({ task: { contract: task.contract, hash }, sender: task.account })
  cache.replyKeys.set(id, replyKey)
  try {
    return await waitForTask(connection, { ...rest, task: { ...task, hash } } as WaitForTaskParameters<
      abi,
      functionName
    >)
  } finally {
    if (!known && options.replyKeys === 'recoverable') cache.replyKeys.delete(id)
  }
}
