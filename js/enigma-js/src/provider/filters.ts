// Filters over secret contracts live here and not in the wallet: eth_newFilter and what belongs to it.
import { bytesToHex, type Hex } from 'viem'
import { type Context, type Handler, PASS, requireChain } from './context.js'
import { collect, getLogs, type SecretFilter, splitFilter } from './logs.js'
import type { RpcLog } from './place.js'
import { toQuantity } from './wallet.js'

/** Filters that nobody asks for any more go first. */
const MAX_FILTERS = 256

type Filter = SecretFilter & { next: bigint }

/** A name that no wallet gives. */
export function newId(): Hex {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[0] = 0xe0
  return bytesToHex(bytes)
}

/** The handlers of one wrapped provider. */
export function filters(): Record<string, Handler> {
  const open = new Map<unknown, Filter>()

  return {
    async eth_newFilter(context, params) {
      const split = await splitFilter(context, 'eth_newFilter', params[0])
      if (!split) return PASS
      await requireChain(context)
      const id = newId()
      open.set(id, { ...split, next: (await context.wallet.height()) + 1n })
      for (const oldest of open.keys()) {
        if (open.size <= MAX_FILTERS) break
        open.delete(oldest)
      }
      return id
    },

    async eth_getFilterChanges(context, params) {
      const filter = open.get(params[0])
      if (!filter) return PASS
      // Asked for again: the last to go.
      open.delete(params[0])
      open.set(params[0], filter)
      return newLogs(context, filter)
    },

    async eth_getFilterLogs(context, params) {
      const filter = open.get(params[0])
      return filter ? getLogs(context, [filter.filter]) : PASS
    },

    async eth_uninstallFilter(_context, params) {
      return open.has(params[0]) ? open.delete(params[0]) : PASS
    },
  }
}

/** The logs of the blocks that came since the last time; moves `next`. */
export async function newLogs(context: Context, filter: SecretFilter & { next: bigint }): Promise<RpcLog[]> {
  await requireChain(context)
  const from = filter.next
  const to = await context.wallet.height()
  if (to < from) return []
  filter.next = to + 1n
  try {
    return await collect(context, filter, from, to, { fromBlock: toQuantity(from), toBlock: toQuantity(to) })
  } catch (error) {
    // Nothing is skipped: the next time asks for these blocks again.
    filter.next = from
    throw error
  }
}
