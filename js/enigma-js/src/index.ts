export {
  type DeploySecretContractParameters,
  type DeploySecretContractReturnType,
  deploySecretContract,
} from './actions/deploySecretContract.js'
export { type GetCreditsParameters, getCredits } from './actions/getCredits.js'
export { type Epoch, getEpoch } from './actions/getEpoch.js'
export {
  type GetOutboundCallsParameters,
  getOutboundCalls,
  type OutboundCall,
} from './actions/getOutboundCalls.js'
export { type GetSecretLogsParameters, getSecretLogs, type SecretLogEntry } from './actions/getSecretLogs.js'
export { type GetTaskParameters, getTask, type Task } from './actions/getTask.js'
export { type IsSecretContractParameters, isSecretContract } from './actions/isSecretContract.js'
export { type LockParameters, lock } from './actions/lock.js'
export {
  type CallSecretContractParameters,
  callSecretContract,
  type ReadOptions,
  type ReadSecretContractParameters,
  readSecretContract,
} from './actions/readSecretContract.js'
export { type UnlockParameters, unlock } from './actions/unlock.js'
export { type WaitForTaskParameters, waitForTask } from './actions/waitForTask.js'
export { type TaskNotice, type WatchTasksParameters, watchTasks } from './actions/watchTasks.js'
export { type WithdrawParameters, withdraw } from './actions/withdraw.js'
export {
  type SendSecretTransactionParameters,
  sendSecretTransaction,
  type WriteSecretContractParameters,
  writeSecretContract,
} from './actions/writeSecretContract.js'
export { type Connection, connect, type EnigmaOptions } from './connection.js'
export { type EnigmaActions, enigmaActions } from './decorator.js'
export * from './errors/index.js'
export {
  type DefineNetworkOptions,
  defineNetwork,
  type FetchNetworkOptions,
  fetchNetwork,
  type Network,
  type NetworkJson,
} from './network.js'
export * from './provider/index.js'
export type { DecodedSecretLog, TaskResult } from './result.js'
export type { OnStage, Stage, StageDetails, TaskHandle } from './stage.js'
