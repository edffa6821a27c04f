import type { Abi, Account, ContractFunctionName, ContractFunctionReturnType, Hash } from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { EnigmaError } from '../errors/base.js'
import { isTaskFailure, NoTaskError } from '../errors/task.js'
import { type FeedReader, openFeed } from '../feed/feed.js'
import { throwIfAborted } from '../feed/inbox.js'
import { finish } from '../finish.js'
import { type Bounds, findReceipt, followCommit, followInclusion, pause, Reorganised } from '../follow.js'
import type { Decoding, TaskResult } from '../result.js'
import type { OnStage, Stage, TaskHandle } from '../stage.js'
import { type InputLog, requireOrigin, type VerifiedInput, verifyInput } from '../verify/input.js'
import { verifyNetwork } from '../verify/network.js'

type Mutability = 'pure' | 'view' | 'nonpayable' | 'payable'

/** Milliseconds that a task may take. */
const TIMEOUT = 120_000

export type WaitForTaskParameters<
  abi extends Abi | readonly unknown[] = Abi,
  functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
> = (
  | { /** Of the transaction that created the task. */ hash: Hash; task?: undefined }
  | { /** What writeSecretContract or deploySecretContract returned. */ task: TaskHandle; hash?: undefined }
) & {
  /** Decodes revert reasons and logs, and with `functionName` the result. */
  abi?: abi
  functionName?: functionName
  onStage?: OnStage
  /** Milliseconds. Default: 120,000. The task stays pending. */
  timeout?: number
  signal?: AbortSignal
}

/** What the function returns; unknown without a name. */
export type ResultOf<
  abi extends Abi | readonly unknown[],
  functionName extends string,
> = string extends functionName
  ? unknown
  : ContractFunctionReturnType<
      abi,
      Mutability,
      functionName extends ContractFunctionName<abi, Mutability> ? functionName : never
    >

/**
 * Follows a task to its end and decrypts what came out. Waits by subscription where the transport has one. Everything is
 * checked before it is believed: see `verify`. Throws the error by which the task ended, for instance
 * {@link TaskRevertedError}; {@link TaskTimeoutError} if that does not come in time, {@link AbortedError} at the signal.
 */
export async function waitForTask<
  const abi extends Abi | readonly unknown[] = Abi,
  functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
>(
  connection: Connection,
  parameters: WaitForTaskParameters<abi, functionName>,
): Promise<TaskResult<ResultOf<abi, functionName>>> {
  const { task, timeout = TIMEOUT, signal } = parameters
  const hash = (task?.hash ?? parameters.hash)?.toLowerCase() as Hash | undefined
  if (!hash) throw new NoTaskError({ what: 'No transaction' })
  const account = accountOf(
    connection,
    'Reading a result',
    task && !connection.client.account ? task.account : undefined,
  )
  // A task that is committed already would end the wait without a look at it.
  throwIfAborted(signal)
  const stages = teller(parameters.onStage, hash)
  const bounds: Bounds = { hash, deadline: Date.now() + timeout, timeout, signal }
  const feed = await openFeed(connection)
  try {
    const [result] = await Promise.all([
      follow(connection, feed, bounds, parameters, account, stages),
      verifyNetwork(connection),
    ])
    return result as TaskResult<ResultOf<abi, functionName>>
  } catch (error) {
    if (isTaskFailure(error)) stages.failed()
    throw error
  } finally {
    feed.close()
  }
}

/** The whole way; begins again when a reorganisation has moved the task to another block. */
async function follow(
  connection: Connection,
  feed: FeedReader,
  bounds: Bounds,
  { task, abi, functionName }: Decoding & { task?: TaskHandle | undefined },
  account: Account,
  stages: Teller,
): Promise<TaskResult> {
  for (;;) {
    stages.tell('submitted', task)
    const log = await followInclusion(connection, feed, bounds, task)
    stages.tell('waiting', log)
    try {
      const verified = verifiedInput(connection, log, bounds.hash)
      const commit = await followCommit(connection, feed, bounds, log, verified, () =>
        stages.tell('executing', log),
      )
      const result = await finish(connection, account, await verified, commit, { abi, functionName })
      stages.tell('executing', log)
      stages.tell('committed', log)
      return result
    } catch (error) {
      if (!(await moved(connection, log.blockHash, bounds.hash, error))) throw error
      // An RPC that contradicts itself would have it begin again for ever.
      await pause(bounds)
    }
  }
}

async function verifiedInput(connection: Connection, log: InputLog, hash: Hash): Promise<VerifiedInput> {
  const [input] = await Promise.all([verifyInput(connection, log), requireOrigin(connection, log, hash)])
  return input
}

/** Whether what failed is explained by the transaction being in another block by now. */
async function moved(connection: Connection, blockHash: Hash, hash: Hash, error: unknown): Promise<boolean> {
  if (error instanceof Reorganised) return true
  if (!(error instanceof EnigmaError) || isTaskFailure(error)) return false
  const receipt = await findReceipt(connection, hash)
  return receipt !== undefined && receipt.blockHash !== blockHash
}

type Place = { contract: `0x${string}`; index?: bigint; block?: bigint }
type Teller = { tell(stage: Stage, place: Place | undefined): void; failed(): void }

/** Tells each stage once. */
function teller(onStage: OnStage | undefined, hash: Hash): Teller {
  const told = new Set<Stage>()
  let last: Place | undefined
  const tell = (stage: Stage, place: Place | undefined) => {
    last = place ?? last
    if (told.has(stage) || !last) return
    told.add(stage)
    const { contract, index, block } = last
    onStage?.(stage, {
      hash,
      contract,
      ...(index === undefined ? {} : { index }),
      ...(block === undefined ? {} : { block }),
    })
  }
  return { tell, failed: () => tell('failed', last) }
}
