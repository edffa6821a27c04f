import type { Hash } from 'viem'
import type { Connection } from '../connection.js'
import { ProofError, StaleStateError } from '../errors/trust.js'
import { type Header, verifyHeader } from '../protocol/header.js'
import { quantity, request } from './rpc.js'

/** A block whose header hashes to its hash. */
export type VerifiedBlock = Header

/** The header of a block: the newest, one by number, or one by hash. Throws {@link ProofError} if it does not hash. */
export async function blockAt(
  connection: Connection,
  which: 'latest' | bigint | Hash,
): Promise<VerifiedBlock> {
  const block = await findBlock(connection, which)
  if (!block) throw new ProofError({ what: `the block ${which}` })
  return block
}

/** The same; undefined if the RPC does not have it (yet). */
export async function findBlock(
  connection: Connection,
  which: 'latest' | bigint | Hash,
): Promise<VerifiedBlock | undefined> {
  const byHash = typeof which === 'string' && which !== 'latest'
  const [method, name] = byHash
    ? (['eth_getBlockByHash', which] as const)
    : (['eth_getBlockByNumber', which === 'latest' ? which : quantity(which)] as const)
  const json = await request(connection, method, [name, false])
  if (typeof json !== 'object' || json === null) return undefined
  const block = check(json, byHash ? which : (json as { hash?: Hash }).hash)
  if (typeof which === 'bigint' && block.number !== which)
    throw new ProofError({ what: `block ${which}: it sent block ${block.number}` })
  if (which === 'latest') requireRecent(connection, block)
  return block
}

function check(json: object, hash: Hash | undefined): VerifiedBlock {
  try {
    return verifyHeader(json, hash)
  } catch (cause) {
    throw new ProofError({ what: 'a block header', cause })
  }
}

/** The newest block never lies far behind one that was seen before. */
function requireRecent({ cache, options }: Connection, { number }: VerifiedBlock): void {
  if (number + BigInt(options.maxBlockAge) < cache.newest)
    throw new StaleStateError({
      what: `Block ${number}, which the RPC calls its newest,`,
      why: `It showed block ${cache.newest} before.`,
    })
  if (number > cache.newest) cache.newest = number
}
