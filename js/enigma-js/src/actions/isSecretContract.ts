import type { Address } from 'viem'
import type { Connection } from '../connection.js'
import { recordOf } from '../verify/contract.js'
import { verifyNetwork } from '../verify/network.js'

export type IsSecretContractParameters = { address: Address }

/** Whether a secret contract of this network lives at an address, by Merkle proof. */
export async function isSecretContract(
  connection: Connection,
  { address }: IsSecretContractParameters,
): Promise<boolean> {
  await verifyNetwork(connection)
  return (await recordOf(connection, address)) !== undefined
}
