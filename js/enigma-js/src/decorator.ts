import type {
  Abi,
  Account,
  Chain,
  Client,
  ContractFunctionArgs,
  ContractFunctionName,
  ContractFunctionReturnType,
  Hash,
  Hex,
  Transport,
} from 'viem'
import {
  type DeploySecretContractParameters,
  type DeploySecretContractReturnType,
  deploySecretContract,
} from './actions/deploySecretContract.js'
import { type GetCreditsParameters, getCredits } from './actions/getCredits.js'
import { type Epoch, getEpoch } from './actions/getEpoch.js'
import {
  type GetOutboundCallsParameters,
  getOutboundCalls,
  type OutboundCall,
} from './actions/getOutboundCalls.js'
import { type GetSecretLogsParameters, getSecretLogs, type SecretLogEntry } from './actions/getSecretLogs.js'
import { type GetTaskParameters, getTask, type Task } from './actions/getTask.js'
import { type IsSecretContractParameters, isSecretContract } from './actions/isSecretContract.js'
import { type LockParameters, lock } from './actions/lock.js'
import {
  type CallSecretContractParameters,
  callSecretContract,
  type ReadSecretContractParameters,
  readSecretContract,
} from './actions/readSecretContract.js'
import { type UnlockParameters, unlock } from './actions/unlock.js'
import { type ResultOf, type WaitForTaskParameters, waitForTask } from './actions/waitForTask.js'
import { type WatchTasksParameters, watchTasks } from './actions/watchTasks.js'
import { type WithdrawParameters, withdraw } from './actions/withdraw.js'
import {
  type SendSecretTransactionParameters,
  sendSecretTransaction,
  type WriteSecretContractParameters,
  writeSecretContract,
} from './actions/writeSecretContract.js'
import { connect, type EnigmaOptions } from './connection.js'
import type { Network } from './network.js'
import type { TaskResult } from './result.js'
import type { TaskHandle } from './stage.js'

type Mutability = 'pure' | 'view' | 'nonpayable' | 'payable'

/** What `enigmaActions` adds to a client; each is described where it is implemented, in `actions/`. */
export type EnigmaActions = {
  callSecretContract(parameters: CallSecretContractParameters): Promise<Hex>
  deploySecretContract<const abi extends Abi | readonly unknown[]>(
    parameters: DeploySecretContractParameters<abi>,
  ): Promise<DeploySecretContractReturnType>
  getCredits(parameters?: GetCreditsParameters): Promise<bigint>
  getEpoch(): Promise<Epoch>
  getOutboundCalls(parameters: GetOutboundCallsParameters): Promise<OutboundCall[] | undefined>
  getSecretLogs<const abi extends Abi | readonly unknown[]>(
    parameters: GetSecretLogsParameters<abi>,
  ): Promise<SecretLogEntry[]>
  getTask(parameters: GetTaskParameters): Promise<Task>
  isSecretContract(parameters: IsSecretContractParameters): Promise<boolean>
  lock(parameters?: LockParameters): void
  readSecretContract<
    const abi extends Abi | readonly unknown[],
    functionName extends ContractFunctionName<abi, Mutability>,
    const args extends ContractFunctionArgs<abi, Mutability, functionName>,
  >(
    parameters: ReadSecretContractParameters<abi, functionName, args>,
  ): Promise<ContractFunctionReturnType<abi, Mutability, functionName, args>>
  sendSecretTransaction(parameters: SendSecretTransactionParameters): Promise<TaskHandle>
  unlock(parameters: UnlockParameters): Promise<void>
  waitForTask<
    const abi extends Abi | readonly unknown[] = Abi,
    functionName extends ContractFunctionName<abi, Mutability> = ContractFunctionName<abi, Mutability>,
  >(parameters: WaitForTaskParameters<abi, functionName>): Promise<TaskResult<ResultOf<abi, functionName>>>
  watchTasks(parameters: WatchTasksParameters): () => void
  withdraw(parameters?: WithdrawParameters): Promise<Hash>
  writeSecretContract<
    const abi extends Abi | readonly unknown[],
    functionName extends ContractFunctionName<abi, Mutability>,
    const args extends ContractFunctionArgs<abi, Mutability, functionName>,
  >(parameters: WriteSecretContractParameters<abi, functionName, args>): Promise<TaskHandle>
}

/**
 * Secret contracts for a viem client: `createWalletClient(…).extend(enigmaActions(network))`. All actions at once; a bundle
 * that needs few imports those, and `connect`.
 */
export function enigmaActions(network: Network, options: EnigmaOptions = {}) {
  return (client: Client<Transport, Chain | undefined, Account | undefined>): EnigmaActions => {
    const connection = connect(client, network, options)
    return {
      callSecretContract: (parameters) => callSecretContract(connection, parameters),
      deploySecretContract: (parameters) => deploySecretContract(connection, parameters),
      getCredits: (parameters) => getCredits(connection, parameters),
      getEpoch: () => getEpoch(connection),
      getOutboundCalls: (parameters) => getOutboundCalls(connection, parameters),
      getSecretLogs: (parameters) => getSecretLogs(connection, parameters),
      getTask: (parameters) => getTask(connection, parameters),
      isSecretContract: (parameters) => isSecretContract(connection, parameters),
      lock: (parameters) => lock(connection, parameters),
      readSecretContract: (parameters) => readSecretContract(connection, parameters),
      sendSecretTransaction: (parameters) => sendSecretTransaction(connection, parameters),
      unlock: (parameters) => unlock(connection, parameters),
      waitForTask: (parameters) => waitForTask(connection, parameters),
      watchTasks: (parameters) => watchTasks(connection, parameters),
      withdraw: (parameters) => withdraw(connection, parameters),
      writeSecretContract: (parameters) => writeSecretContract(connection, parameters),
    }
  }
}
