import type { Account, Address } from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { layout } from '../protocol/layout.js'
import { blockAt } from '../verify/block.js'
import { verifyNetwork } from '../verify/network.js'
import { prove } from '../verify/storage.js'

export type GetCreditsParameters = { /** Default: the client's. */ account?: Account | Address }

/** What the Enigma contract owes an account, wei: fees that were not used, values that came back. By Merkle proof. */
export async function getCredits(
  connection: Connection,
  parameters: GetCreditsParameters = {},
): Promise<bigint> {
  const { address } = accountOf(connection, 'Asking for credits', parameters.account)
  const [block] = await Promise.all([blockAt(connection, 'latest'), verifyNetwork(connection)])
  const [word = 0n] = await prove(connection, block, [layout.ledger(address)], `the credits of ${address}`)
  return BigInt.asUintN(128, word)
}
