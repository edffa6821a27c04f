// One private read, and what it must not ask for.
import type { Address, Hex } from 'viem'
import type { Context } from './context.js'
import { Code, invalidParams, ProviderRpcError, queryFailure } from './errors.js'
import { isObject } from './transaction.js'

const METHOD = 'eth_call'
/** A query always speaks of the last committed state. */
const NEWEST = ['latest', 'pending', 'safe', 'finalized']

/** One private read; errors come out as a dApp expects them. */
export async function query(
  context: Context,
  to: Address,
  from: Address | undefined,
  data: Hex,
): Promise<Hex> {
  if (from) context.own.use(from)
  try {
    return await context.backend.query(from ? { to, from, data } : { to, data })
  } catch (error) {
    throw queryFailure(error)
  }
}

/** Whether the block parameter means the newest state; `{blockNumber}` of EIP-1898 does not. */
export function isNewest(block: unknown): boolean {
  return block === undefined || block === null || (typeof block === 'string' && NEWEST.includes(block))
}

/** Throws unless the read is of the newest state. */
export function requireNewest(block: unknown, contract: Address): void {
  if (isNewest(block)) return
  if (typeof block !== 'string' && !isObject(block))
    throw invalidParams(METHOD, 'a block as second parameter')
  throw new ProviderRpcError(
    Code.invalidInput,
    `The secret contract ${contract} cannot be read at an old block.`,
    {
      metaMessages: [
        'Workers hold the last committed state alone; older ones are gone.',
        'Leave the block out, or say `latest`.',
      ],
    },
  )
}
