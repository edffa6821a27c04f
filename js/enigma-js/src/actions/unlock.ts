import type { Account, Address } from 'viem'
import { accountOf, type Connection } from '../connection.js'
import { viewKeyOf } from '../session/view.js'

export type UnlockParameters = { /** The secret contract. */ contract: Address; account?: Account | Address }

/**
 * Asks the account's wallet for its view key of a contract: the one signature by which results are read again. Writing and
 * reading ask for it when they need it; this chooses the moment. Kept in memory until `lock`.
 */
export async function unlock(connection: Connection, { contract, account }: UnlockParameters): Promise<void> {
  await viewKeyOf(connection, contract, accountOf(connection, 'Unlocking', account))
}
