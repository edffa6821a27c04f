import type { Address, Hash, Hex } from 'viem'

/**
 * Where a task is: `submitted` (broadcast), `waiting` (in the chain, behind other inputs or not deep enough),
 * `executing` (next in its contract's queue), `committed` (its result is in the chain), `failed` (committed, but it
 * reverted, was halted, or came to nothing; or skipped).
 */
export type Stage = 'submitted' | 'waiting' | 'executing' | 'committed' | 'failed'

/** What is known of a task when it reaches a stage. */
export type StageDetails = { hash: Hash; contract: Address; index?: bigint; block?: bigint }

export type OnStage = (stage: Stage, details: StageDetails) => void

/** A task that was sent: plain data without secrets, enough to wait for it or to read it again later. */
export type TaskHandle = {
  hash: Hash
  contract: Address
  account: Address
  kind: 'task' | 'deploy'
  /** Tells it from others of the same contract in one transaction, as bundlers make them. */
  envelope?: Hex
}
