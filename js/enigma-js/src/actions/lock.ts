import type { Account, Address } from 'viem'
import { accountOf, type Connection } from '../connection.js'

export type LockParameters = { account?: Account | Address }

/** Forgets what the account has signed: view keys and read sessions of all contracts. */
export function lock(connection: Connection, parameters: LockParameters = {}): void {
  const { viewKeys, readers } = connection.cache
  const { address } = accountOf(connection, 'Locking', parameters.account)
  const end = `:${address}`.toLowerCase()
  for (const kept of [viewKeys, readers])
    for (const key of kept.keys()) if (key.endsWith(end)) kept.delete(key)
}
