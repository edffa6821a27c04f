// Which method goes where. What no handler takes passes through, behind the guard.
import { call } from './call.js'
import { type Context, type Handler, PASS } from './context.js'
import { withReason } from './errors.js'
import { filters } from './filters.js'
import { guard } from './guard.js'
import { getLogs } from './logs.js'
import { getTransactionByHash, getTransactionReceipt } from './receipt.js'
import { estimateGas, sendTransaction } from './send.js'
import { type Emit, subscriptions } from './subscribe.js'

/** After these the chain may hold a secret contract that was none before. */
const SENDS = ['eth_sendTransaction', 'eth_sendRawTransaction', 'wallet_sendCalls']

type Request = { method: string; params?: unknown }

/** Answers requests. */
export function router(context: Context, emit: Emit): (request: Request) => Promise<unknown> {
  const handlers = new Map<string, Handler>(
    Object.entries({
      eth_call: call,
      eth_estimateGas: estimateGas,
      eth_sendTransaction: sendTransaction,
      eth_getTransactionReceipt: getTransactionReceipt,
      eth_getTransactionByHash: getTransactionByHash,
      eth_getLogs: getLogs,
      ...filters(),
      ...subscriptions(emit),
    }),
  )

  async function request({ method, params }: Request): Promise<unknown> {
    const list: readonly unknown[] = Array.isArray(params)
      ? params
      : params === undefined || params === null
        ? []
        : [params]
    const answer = await handlers.get(method)?.(context, list)
    if (answer !== undefined && answer !== PASS) return answer
    await guard(context, method, params)
    const passed = await context.wallet.provider.request(
      params === undefined ? { method } : { method, params },
    )
    if (SENDS.includes(method)) context.secrets.dropPublic()
    return passed
  }

  return async (asked) => {
    try {
      return await request(asked)
    } catch (error) {
      throw asked.method === 'eth_call' || asked.method === 'eth_estimateGas' ? withReason(error) : error
    }
  }
}
