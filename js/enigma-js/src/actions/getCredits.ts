import type { Account, Address } from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { creditsAt } from '../verify/contract.js'
import { newestBlock } from '../verify/network.js'

export type GetCreditsParameters = { /** Default: the client's. */ account?: Account | Address }

/** What the Enigma contract owes an account, wei: fees that were not used, values that came back. By Merkle proof. */
export async function getCredits(
  connection: Connection,
  parameters: GetCreditsParameters = {},
): Promise<bigint> {
  const { address } = accountOf(connection, 'Asking for credits', parameters.account)
  return creditsAt(connection, await newestBlock(connection), address)
}
