// eth_subscribe of a secret contract's logs: looks for them at each new height and emits EIP-1193 `message` events.
import type { Hex } from 'viem'
import { type Context, type Handler, PASS, requireChain } from './context.js'
import { newId, newLogs } from './filters.js'
import { type SecretFilter, splitFilter } from './logs.js'

type Subscription = SecretFilter & { next: bigint }
/** Hands a `message` event to those who listen to the wrapped provider. */
export type Emit = (message: {
  type: 'eth_subscription'
  data: { subscription: Hex; result: unknown }
}) => void

/** The handlers of one wrapped provider. */
export function subscriptions(emit: Emit): Record<string, Handler> {
  const open = new Map<unknown, Subscription>()
  let running = false

  async function run(context: Context): Promise<void> {
    running = true
    while (open.size > 0) {
      await pause(context.options.pollingInterval)
      await Promise.all([...open].map(([id, subscription]) => deliver(context, id as Hex, subscription)))
    }
    running = false
  }

  async function deliver(context: Context, id: Hex, subscription: Subscription): Promise<void> {
    // A wallet that does not answer is asked again: a subscription has nobody to tell.
    const logs = await newLogs(context, subscription).catch(() => [])
    for (const result of logs)
      if (open.has(id)) emit({ type: 'eth_subscription', data: { subscription: id, result } })
  }

  return {
    async eth_subscribe(context, params) {
      if (params[0] !== 'logs') return PASS
      const split = await splitFilter(context, 'eth_subscribe', params[1])
      if (!split) return PASS
      await requireChain(context)
      const id = newId()
      open.set(id, { ...split, next: (await context.wallet.height()) + 1n })
      if (!running) void run(context)
      return id
    },

    async eth_unsubscribe(_context, params) {
      return open.has(params[0]) ? open.delete(params[0]) : PASS
    },
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer: unknown = setTimeout(resolve, milliseconds)
    // In Node a subscription alone keeps no process alive.
    ;(timer as { unref?: () => void }).unref?.()
  })
}
