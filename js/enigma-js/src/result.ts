import {
  type Abi,
  type Account,
  type Address,
  type DecodeFunctionResultParameters,
  decodeEventLog,
  decodeFunctionResult,
  type Hash,
  type Hex,
  isAddressEqual,
} from 'viem'
import type { Connection } from './connection.js'
import {
  NotYoursError,
  TaskExpiredError,
  TaskHaltedError,
  type TaskPlace,
  TaskRevertedError,
  TaskTooLargeError,
  TaskUnauthorisedError,
  TaskUnopenedError,
  UnknownContractError,
} from './errors/task.js'
import { ForgedReplyError } from './errors/trust.js'
import { decryptOutput, type Output, type SecretLog } from './protocol/output.js'
import { PUBLIC_STATUS } from './protocol/receipt.js'
import { decodeRevert } from './revert.js'
import { replyKeyOf } from './session/view.js'
import type { VerifiedCommit } from './verify/commit.js'
import type { VerifiedInput } from './verify/input.js'

/** A log of the sealed world that the reader may see; named if the ABI knows it. */
export type DecodedSecretLog = SecretLog & { eventName?: string; args?: unknown }

/** How a task ended well. */
export type TaskResult<result = unknown> = {
  contract: Address
  index: bigint
  kind: 'task' | 'deploy'
  /** What the function returned, as the ABI types it; undefined without an ABI and for a deployment. */
  result: result
  /** The same, encoded. */
  data: Hex
  logs: readonly DecodedSecretLog[]
  /** Exact gas used inside. */
  gasUsed: bigint
  /** Wei that the task cost; the rest of what was paid ahead is credit (`getCredits`, `withdraw`). */
  paid: bigint
  commit: { transaction: Hash; block: bigint }
  /** The worker that executed it. */
  worker: { id: number; signer: Address; operator: Address }
}

/** By what the result is decoded. */
export type Decoding = { abi?: Abi | readonly unknown[] | undefined; functionName?: string | undefined }

/**
 * Decrypts and decodes what a verified commit says of a verified input. Throws the error by which the task ended, or
 * {@link NotYoursError}, or {@link ForgedReplyError} if it is not the answer to this input.
 */
export async function resultOf(
  connection: Connection,
  account: Account | undefined,
  input: VerifiedInput,
  commit: VerifiedCommit,
  decoding: Decoding,
): Promise<TaskResult> {
  const task: TaskPlace = { contract: input.contract, index: input.index, hash: input.transaction }
  if (PUBLIC_STATUS[commit.status] === 'unopened') throw new TaskUnopenedError({ task })
  const output = await openedOutput(connection, account, input, commit, task)
  requireSuccess(output, task, decoding.abi)
  const { id, signer, operator } = commit.worker
  return {
    contract: input.contract,
    index: input.index,
    kind: input.kind,
    result: input.kind === 'deploy' ? undefined : decodeResult(output.data, decoding),
    data: output.data,
    logs: decodeLogs(output.logs, decoding.abi),
    gasUsed: output.gasUsed,
    paid: commit.paid,
    commit: { transaction: commit.transaction, block: commit.at.number },
    worker: { id, signer, operator },
  }
}

async function openedOutput(
  connection: Connection,
  account: Account | undefined,
  input: VerifiedInput,
  commit: VerifiedCommit,
  task: TaskPlace,
): Promise<Output> {
  const { contract, sender, envelope } = input
  const own = account && isAddressEqual(account.address, sender) ? account : undefined
  const replyKey = await replyKeyOf(connection, contract, own, envelope)
  if (!replyKey) throw new NotYoursError({ task, sender })
  try {
    return decryptOutput(replyKey, input.ctx, commit.output)
  } catch (cause) {
    const what = `The output of task ${input.index} of ${input.contract}`
    const why =
      'It does not decrypt under the reply key of this task’s envelope (relayed, or sent with other replyKeys, perhaps).'
    throw new ForgedReplyError({ what, why, cause })
  }
}

/** Throws the error by which an execution ended, if it did not end well. */
export function requireSuccess(output: Output, task: TaskPlace, abi: Decoding['abi']): void {
  switch (output.status) {
    case 'success':
      return
    case 'reverted':
      throw new TaskRevertedError({ task, reason: decodeRevert(abi, output.data) })
    case 'halted':
      throw new TaskHaltedError({ task, code: Number.parseInt(output.data.slice(2, 4) || '0', 16) })
    case 'expired':
      throw new TaskExpiredError({ task })
    case 'tooLarge':
      throw new TaskTooLargeError({ task })
    case 'notAuthorised':
      throw new TaskUnauthorisedError({ task, data: output.data })
    case 'notDeployed':
      throw new UnknownContractError({
        contract: task.contract,
        why: 'It has an address, but its deployment failed: nothing is deployed there.',
      })
  }
}

/** Return data as the ABI types it. */
export function decodeResult(data: Hex, { abi, functionName }: Decoding): unknown {
  if (!abi || !functionName) return undefined
  return decodeFunctionResult({ abi, functionName, data } as DecodeFunctionResultParameters)
}

/** Names the logs that the ABI knows and leaves the others as they are. */
export function decodeLogs(logs: readonly SecretLog[], abi: Decoding['abi']): DecodedSecretLog[] {
  return logs.map((log) => {
    if (!abi) return log
    try {
      const { eventName, args } = decodeEventLog({
        abi: abi as Abi,
        topics: log.topics as [Hex, ...Hex[]],
        data: log.data,
      })
      return {
        ...log,
        ...(eventName === undefined ? {} : { eventName }),
        ...(args === undefined ? {} : { args }),
      }
    } catch {
      return log
    }
  })
}
