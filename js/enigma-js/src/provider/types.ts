// The shapes that all files of the wrapper share.
import type { Address, Hash, Hex } from 'viem'

/** What the wrapper needs of a wallet: EIP-1193. */
export type Eip1193Provider = {
  request(args: { method: string; params?: unknown }): Promise<unknown>
  on?(event: string, listener: (...args: unknown[]) => void): unknown
  removeListener?(event: string, listener: (...args: unknown[]) => void): unknown
}

/** What the wrapper gives back: an EIP-1193 provider that always has events. */
export type WrappedProvider = {
  request(args: { method: string; params?: unknown }): Promise<unknown>
  on(event: string, listener: (...args: unknown[]) => void): WrappedProvider
  removeListener(event: string, listener: (...args: unknown[]) => void): WrappedProvider
}

/** What of a pinned network the router itself needs. */
export type NetworkPlace = { chainId: number; enigma: Address }

/** How the router behaves. */
export type RouterOptions = {
  /**
   * What a transaction without `to` is: `public` (default) passes it to the wallet as it is, `secret` makes it the
   * deployment of a secret contract.
   */
  deploy?: 'public' | 'secret'
  /**
   * Contracts that are secret whatever the wallet's RPC says. Others are looked up on the chain, so an RPC that lies
   * about an address which is not named here could be shown plaintext: name the contracts of your dApp.
   */
  contracts?: readonly Address[]
  /** Gas inside for a call, and what `eth_estimateGas` answers. Default 5,000,000. */
  gas?: bigint
  /** Gas inside for a secret deployment. Default 12,000,000. */
  deployGas?: bigint
  /** Milliseconds between two looks for new logs of an `eth_subscribe`. Default 1,000. */
  pollingInterval?: number
}

/** A call of a secret contract as a read. Without `from`, `msg.sender` is zero. */
export type Query = { to: Address; from?: Address; data: Hex }

/** A call of a secret contract as a task. `price`: most wei for a unit of gas. */
export type Task = {
  from: Address
  to: Address
  data: Hex
  value: bigint
  gas: bigint
  price?: bigint
  nonce?: number
}

/** A log of the sealed world, decrypted. */
export type SealedLog = { address: Address; topics: readonly Hex[]; data: Hex }

/** Where a committed task landed. */
export type Commit = { transaction: Hash; block: bigint }

/** What became of a committed task. */
export type Outcome = {
  /** Its place in the contract's input log. */
  index: bigint
  commit: Commit
  logs: readonly SealedLog[]
  /** Why it failed, decoded as far as it can be; absent if it succeeded. */
  failure?: Error
}

/** A task of a connected account. */
export type TaskView = {
  contract: Address
  kind: 'task' | 'deploy'
  value: bigint
  gas: bigint
  /** Absent until the task is committed. */
  outcome?: Outcome
}

/** The logs of one committed task, for `eth_getLogs`. */
export type TaskLogs = Pick<Outcome, 'index' | 'commit' | 'logs'> & { hash: Hash; contract: Address }

/**
 * The network as the router sees it: all bytes are plain, and encryption, sessions and verification are behind it.
 * Everything throws the errors of enigma-js, or those of the wallet.
 */
export type Backend = {
  /** Whether a secret contract lives at the address. Throws if nobody can tell. */
  isSecret(address: Address): Promise<boolean>
  /** Return data of a private read. */
  query(query: Query): Promise<Hex>
  /** Sends a task; its transaction's hash. */
  send(task: Task): Promise<Hash>
  /** Deploys a secret contract from init code. */
  deploy(deployment: Omit<Task, 'to'>): Promise<{ hash: Hash; address: Address }>
  /** The task that this transaction created, if an account of `accounts` sent it. */
  task(hash: Hash, accounts: readonly Address[]): Promise<TaskView | undefined>
  /** Logs of the account's tasks of `contract` that were committed in the blocks from `from` to `to`. */
  logs(range: { contract: Address; account: Address; from: bigint; to: bigint }): Promise<readonly TaskLogs[]>
  /** Drops all that was kept for the account: sessions, view keys. */
  forget(account: Address): void
}
