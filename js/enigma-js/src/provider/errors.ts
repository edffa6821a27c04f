// What a dApp sees when a request fails: EIP-1193 and JSON-RPC codes, so that ethers and viem decode them.
import { type Address, encodeErrorResult, type Hex } from 'viem'
import { EnigmaError } from '../errors/base.js'
import {
  NodesUnreachableError,
  RefusedByContractError,
  TaskHaltedError,
  TaskRevertedError,
} from '../errors/index.js'

/** Codes in use. -32603 is avoided: viem repeats a request that fails with it. */
export const Code = {
  /** The contract reverted; `data` is the revert data. */
  reverted: 3,
  invalidInput: -32000,
  unavailable: -32002,
  transactionRejected: -32003,
  invalidParams: -32602,
  userRejected: 4001,
  unauthorized: 4100,
  unsupported: 4200,
  chainDisconnected: 4901,
} as const

/**
 * An error as EIP-1193 wants it, with a code. As one of viem's own errors viem takes it for what it says; any other with
 * code 3 it would not know, and repeat the request three times.
 */
export class ProviderRpcError extends EnigmaError {
  override name = 'ProviderRpcError'
  readonly code: number
  readonly data: unknown
  constructor(
    code: number,
    shortMessage: string,
    parameters: { metaMessages?: readonly string[]; data?: unknown; cause?: unknown } = {},
  ) {
    const { data, ...rest } = parameters
    super(shortMessage, rest)
    this.code = code
    this.data = data
    // dApps show this to users: no versions and layers below.
    this.message = [shortMessage, ...(rest.metaMessages ?? [])].join('\n')
  }
}

/** A request that would show plaintext calldata of a secret contract, or that a secret contract cannot answer. */
export function refused(
  method: string,
  contract: Address | undefined,
  why: string,
  instead: string,
): ProviderRpcError {
  const what = contract ? `the secret contract ${contract}` : 'a secret deployment'
  return new ProviderRpcError(Code.unsupported, `${method} is refused for ${what}.`, {
    metaMessages: [why, instead],
  })
}

/** Parameters that no provider could make sense of. */
export function invalidParams(method: string, expected: string): ProviderRpcError {
  return new ProviderRpcError(Code.invalidParams, `${method}: expected ${expected}.`)
}

/** A revert that both libraries decode: code 3, revert data. */
export function reverted(text: string, data: Hex, cause?: unknown): ProviderRpcError {
  // ethers recognises a revert by this word.
  return new ProviderRpcError(Code.reverted, `execution reverted: ${text}`, { data, cause })
}

/**
 * ethers tells of a failed `eth_call` or `eth_estimateGas` nothing but its revert reason: so the message is one too, where
 * ethers looks for it and viem does not. A user's no stays what it is: dApps look for its code, which ethers drops beside
 * a reason.
 */
export function withReason(error: unknown): unknown {
  if (!(error instanceof ProviderRpcError) || error.data !== undefined || error.code === Code.userRejected)
    return error
  const text = [error.shortMessage, ...(error.metaMessages ?? [])].join(' ')
  const data = { message: 'reverted', data: reasonData(`enigma: ${text}`) }
  const { code, shortMessage, metaMessages, cause } = error
  return new ProviderRpcError(code, shortMessage, { ...(metaMessages ? { metaMessages } : {}), data, cause })
}

function reasonData(text: string): Hex {
  return encodeErrorResult({
    abi: [{ type: 'error', name: 'Error', inputs: [{ name: 'message', type: 'string' }] }],
    errorName: 'Error',
    args: [text],
  })
}

/** The halt code of a write in a static call. */
const STATIC_WRITE = 6
const WRITE_IN_QUERY =
  'enigma: this function writes, and a read of a secret contract cannot: nothing can be simulated before it is sent. Send it as a transaction (viem: writeContract without simulateContract; ethers: no staticCall)'

/** A simulated write: a revert whose reason says what to do, which both libraries show. */
export function writeInQuery(cause?: unknown): ProviderRpcError {
  return reverted(WRITE_IN_QUERY, reasonData(WRITE_IN_QUERY), cause)
}

/** What a failed query is to a dApp. */
export function queryFailure(error: unknown): ProviderRpcError {
  const halted = find(error, (cause) => cause instanceof TaskHaltedError)
  if (halted instanceof TaskHaltedError && halted.code === STATIC_WRITE) return writeInQuery(error)
  return failure(error)
}

/** What any error of the layers below is to a dApp. */
export function failure(error: unknown): ProviderRpcError {
  const revert = find(error, (cause) => cause instanceof TaskRevertedError)
  if (revert instanceof TaskRevertedError) return reverted(revert.reason, revert.data, error)
  const told = find(error, (cause) => cause instanceof ProviderRpcError)
  if (told instanceof ProviderRpcError) return told
  // The wallet's own codes come through, 4001 first of all.
  const coded = find(error, (cause) => typeof codeOf(cause) === 'number' && codeOf(cause) !== -1)
  const code = codeOf(coded) ?? ownCode(error)
  const { shortMessage, metaMessages } = describe(error)
  return new ProviderRpcError(code, shortMessage, { metaMessages, data: dataOf(coded), cause: error })
}

/** Whether the user said no in the wallet. */
export function isUserRejection(error: unknown): boolean {
  return find(error, (cause) => codeOf(cause) === Code.userRejected) !== undefined
}

function ownCode(error: unknown): number {
  if (find(error, (cause) => cause instanceof NodesUnreachableError)) return Code.unavailable
  if (find(error, (cause) => cause instanceof RefusedByContractError)) return Code.transactionRejected
  return Code.invalidInput
}

/** The sentences of an error, without the frame that viem puts around them. */
function describe(error: unknown): { shortMessage: string; metaMessages: readonly string[] } {
  if (!(error instanceof EnigmaError)) {
    const { shortMessage, message } = error as { shortMessage?: unknown; message?: unknown }
    return { shortMessage: String(shortMessage ?? message ?? error), metaMessages: [] }
  }
  const { shortMessage, metaMessages = [] } = error
  return { shortMessage, metaMessages: metaMessages.filter((line) => !line.startsWith('Docs: ')) }
}

function codeOf(error: unknown): number | undefined {
  // Other errors of enigma-js have codes of the enclave, which mean something else.
  if (error instanceof EnigmaError && !(error instanceof ProviderRpcError)) return undefined
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'number' ? code : undefined
}

function dataOf(error: unknown): unknown {
  return (error as { data?: unknown } | undefined)?.data
}

/** The first error down the chain of causes that `match` accepts. */
function find(error: unknown, match: (error: unknown) => boolean): unknown {
  for (let cause = error, depth = 0; cause !== undefined && cause !== null && depth < 16; depth += 1) {
    if (match(cause)) return cause
    cause = (cause as { cause?: unknown }).cause
  }
  return undefined
}
