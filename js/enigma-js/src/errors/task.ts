import type { Address, Hash, Hex } from 'viem'
import { haltReason } from '../protocol/halt.js'
import { EnigmaError } from './base.js'

const docsPath = 'js/enigma-js/README.md#how-a-task-can-end'

/** Which task an error speaks of; a query has a contract alone. */
export type TaskPlace = { contract: Address; index?: bigint; hash?: Hash }

function named({ contract, index }: TaskPlace): string {
  return index === undefined ? `The call of ${contract}` : `Task ${index} of ${contract}`
}

/** A revert, taken apart. */
export type RevertReason = {
  /** As one would write it in Solidity: `TooMuch(5, 3)`. */
  text: string
  /** `Error`, `Panic`, `OutsideCall`, the name of a custom error, or undefined if the ABI knows none. */
  errorName: string | undefined
  args: readonly unknown[] | undefined
  /** The bytes. */
  data: Hex
  /** What it means, where that is known. */
  hint?: string
}

export class UnknownContractError extends EnigmaError {
  override name = 'UnknownContractError'
  constructor({ contract, why }: { contract: Address; why?: string }) {
    super(`No secret contract lives at ${contract}.`, {
      docsPath,
      metaMessages: [why ?? 'Check the address and the network.'],
    })
  }
}

export class TaskRevertedError extends EnigmaError {
  override name = 'TaskRevertedError'
  readonly reason: string
  readonly errorName: string | undefined
  readonly args: readonly unknown[] | undefined
  readonly data: Hex
  constructor({ task, reason }: { task: TaskPlace; reason: RevertReason }) {
    super(`${named(task)} reverted: ${reason.text}`, {
      docsPath,
      metaMessages: reason.hint ? [reason.hint] : [],
    })
    this.reason = reason.text
    this.errorName = reason.errorName
    this.args = reason.args
    this.data = reason.data
  }
}

export class TaskHaltedError extends EnigmaError {
  override name = 'TaskHaltedError'
  readonly code: number
  constructor({ task, code }: { task: TaskPlace; code: number }) {
    super(`${named(task)} was halted: ${haltReason(code)}.`, { docsPath })
    this.code = code
  }
}

export class TaskExpiredError extends EnigmaError {
  override name = 'TaskExpiredError'
  constructor({ task }: { task: TaskPlace }) {
    super(`${named(task)} expired before it was included.`, {
      docsPath,
      metaMessages: ['It did nothing; its value was returned. Send it again.'],
    })
  }
}

export class TaskTooLargeError extends EnigmaError {
  override name = 'TaskTooLargeError'
  constructor({ task }: { task: TaskPlace }) {
    super(`${named(task)} has a larger result than it pays for.`, {
      docsPath,
      metaMessages: [
        'Output, state change and outbound calls exceed its `commitGas`. It did nothing. Send it with more `bytes` or `outbound`.',
      ],
    })
  }
}

export class TaskUnauthorisedError extends EnigmaError {
  override name = 'TaskUnauthorisedError'
  readonly reason: 'signature' | 'value' | 'gas' | 'nonce'
  /** The nonce that is due, if the reason is `nonce`. */
  readonly expected: bigint | undefined
  constructor({ task, data }: { task: TaskPlace; data: Hex }) {
    const reason = (['signature', 'value', 'gas'] as const)[Number(data.slice(0, 4)) - 1] ?? 'nonce'
    super(`${named(task)} is not authorised: wrong ${reason}.`, {
      docsPath,
      metaMessages: ['It did nothing. Authorise it anew.'],
    })
    this.reason = reason
    this.expected = reason === 'nonce' ? BigInt(`0x${data.slice(4)}`) : undefined
  }
}

export class TaskUnopenedError extends EnigmaError {
  override name = 'TaskUnopenedError'
  constructor({ task }: { task: TaskPlace }) {
    super(`${named(task)} could not be opened by the enclave.`, {
      docsPath,
      metaMessages: [
        'Its envelope was damaged, made for another sender, or outlived its window of epochs.',
        'It did nothing; its value was returned. Send it again.',
      ],
    })
  }
}

export class TaskSkippedError extends EnigmaError {
  override name = 'TaskSkippedError'
  /** Wei that the Enigma contract credited to the sender: fee and value. */
  readonly refund: bigint
  constructor({ task, refund }: { task: TaskPlace; refund: bigint }) {
    super(`${named(task)} was skipped: nobody executed it in time.`, {
      docsPath,
      metaMessages: [
        `Its fee and value, ${refund} wei, are credit of its sender: \`withdraw\`. Send it again.`,
      ],
    })
    this.refund = refund
  }
}

export class TaskTimeoutError extends EnigmaError {
  override name = 'TaskTimeoutError'
  readonly stage: string
  constructor({ hash, stage, timeout }: { hash: Hash; stage: string; timeout: number }) {
    super(`The task of transaction ${hash} is still ${stage} after ${timeout} ms.`, {
      docsPath,
      metaMessages: ['It stays pending: wait again with the same hash.'],
    })
    this.stage = stage
  }
}

export class TransactionRevertedError extends EnigmaError {
  override name = 'TransactionRevertedError'
  constructor({ hash }: { hash: Hash }) {
    super(`Transaction ${hash} was refused by the Enigma contract: it created no task.`, {
      docsPath,
      metaMessages: ['Its epoch or price cap may be too old by now. Send it again.'],
    })
  }
}

export class NoTaskError extends EnigmaError {
  override name = 'NoTaskError'
  constructor({ what }: { what: string }) {
    super(`${what} created no task of this network.`, {
      docsPath,
      metaMessages: ['Check the hash.'],
    })
  }
}

export class NotYoursError extends EnigmaError {
  override name = 'NotYoursError'
  constructor({ task, sender }: { task: TaskPlace; sender: Address }) {
    super(`${named(task)} belongs to ${sender}: its result cannot be decrypted here.`, {
      docsPath,
      metaMessages: [
        'Only its account can read it again, with `recoverable` replyKeys; with `ephemeral` only the client that sent it.',
      ],
    })
  }
}

export class AbortedError extends EnigmaError {
  override name = 'AbortedError'
  constructor({ what, cause }: { what: string; cause?: unknown }) {
    super(`${what} was aborted.`, { cause, metaMessages: ['What was sent stays on its way.'] })
  }
}

export class AccountMissingError extends EnigmaError {
  override name = 'AccountMissingError'
  constructor({ what }: { what: string }) {
    super(`${what} needs an account.`, {
      docsPath,
      metaMessages: [
        'Create the client with an `account`, or pass one. Only reads can be `anonymous: true`.',
      ],
    })
  }
}

export class RefusedByContractError extends EnigmaError {
  override name = 'RefusedByContractError'
  readonly errorName: string
  constructor({ errorName, args, cause }: { errorName: string; args: readonly unknown[]; cause: unknown }) {
    super(`The Enigma contract refuses the transaction: ${errorName}(${args.map(String).join(', ')}).`, {
      cause,
      docsPath,
      metaMessages: [REFUSALS[errorName] ?? 'Nothing was sent.'],
    })
    this.errorName = errorName
  }
}

const REFUSALS: Record<string, string> = {
  AlreadyDeployed: 'This account has used this salt: pass another `salt`.',
  CodeTooLarge: 'Clear code has at most 49,152 bytes.',
  EpochOutsideWindow: 'The RPC told an epoch that is not the current one.',
  GasLimitTooHigh: '`gas` is at most 16,777,216.',
  InvalidCommitGas: '`bytes` is outside what a commit can carry.',
  InvalidEnvelopeSize: 'Calldata is too long: an envelope has at most 65,536 bytes.',
  NotStarted: 'The network has no lottery yet: wait for its second epoch.',
  NothingToWithdraw: 'The Enigma contract owes this account nothing.',
  PriceCapTooLow: 'Try again, with a higher `priceCap`.',
  TooManyPending: '255 inputs of this contract are pending: try again after the next commit.',
  WithdrawalFailed: 'The recipient did not take the money.',
}

/** Whether an error says how a task ended, rather than that it could not be followed. */
export function isTaskFailure(error: unknown): boolean {
  return [
    TaskRevertedError,
    TaskHaltedError,
    TaskExpiredError,
    TaskTooLargeError,
    TaskUnauthorisedError,
    TaskUnopenedError,
    TaskSkippedError,
    UnknownContractError,
  ].some((kind) => error instanceof kind)
}
