import type { Address } from 'viem'
import type { Connection } from '../connection.js'
import { layout } from '../protocol/layout.js'
import { unpackSecretContract } from '../protocol/words.js'
import { blockAt, type VerifiedBlock } from './block.js'
import { prove } from './storage.js'

/** What the chain knows of a secret contract, by proof; undefined if none lives there. */
export async function recordOf(
  connection: Connection,
  contract: Address,
  block?: VerifiedBlock,
): Promise<ReturnType<typeof unpackSecretContract> | undefined> {
  const at = block ?? (await blockAt(connection, 'latest'))
  const slots = [layout.secretContract(contract, 0), layout.secretContract(contract, 1)]
  const [head = 0n, counts = 0n] = await prove(connection, at, slots, `the record of ${contract}`)
  const record = unpackSecretContract([head, counts])
  return record.signers === 0 ? undefined : record
}

/** What the Enigma contract owes an account, wei, by proof. */
export async function creditsAt(
  connection: Connection,
  block: VerifiedBlock,
  address: Address,
): Promise<bigint> {
  const [word = 0n] = await prove(connection, block, [layout.ledger(address)], `the credits of ${address}`)
  return BigInt.asUintN(128, word)
}
