import { type Account, type Address, hexToBigInt, size } from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { ForgedReplyError } from '../errors/trust.js'
import { query } from '../query.js'
import { requireSuccess } from '../result.js'

/** Milliseconds that it may take. */
const TIMEOUT = 15_000

export type GetAccountNonceParameters = {
  /** The secret contract. */
  address: Address
  /** Whose nonce; its wallet signs as for a private read. Default: the client's. */
  account?: Account | Address
  /** Milliseconds. Default: 15,000. */
  timeout?: number
  signal?: AbortSignal
}

/**
 * The nonce of the account's next relayed task in a secret contract: how many it has had executed there. Asked of a node,
 * like a private read, so that nobody else learns whose it is.
 */
export async function getAccountNonce(
  connection: Connection,
  { address: contract, account: given, timeout = TIMEOUT, signal }: GetAccountNonceParameters,
): Promise<bigint> {
  const account = accountOf(connection, 'Asking for a nonce', given)
  const output = await query(connection, { contract, body: '0x', account, timeout, signal, flag: 2 })
  requireSuccess(output, { contract }, undefined)
  if (size(output.data) !== 32)
    throw new ForgedReplyError({ what: 'The answer to a question for a nonce', why: 'It is not a number.' })
  return hexToBigInt(output.data)
}
