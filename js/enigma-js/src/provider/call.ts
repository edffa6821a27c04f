// eth_call: a read of a secret contract becomes an encrypted query.
import type { Address } from 'viem'
import { type Context, PASS, requireChain } from './context.js'
import { failure, type ProviderRpcError, refused, writeInQuery } from './errors.js'
import { multicall } from './multicall.js'
import { isNewest, query, requireNewest } from './query.js'
import { addressAt, calldataOf, isObject, quantityAt } from './transaction.js'

const METHOD = 'eth_call'

/** eth_call. */
export async function call(context: Context, params: readonly unknown[]): Promise<unknown> {
  const [transaction, block, ...overrides] = params
  if (!isObject(transaction)) return PASS
  const to = addressAt(transaction, 'to', METHOD)
  const data = calldataOf(transaction, METHOD)
  if (!to) {
    if (context.options.deploy === 'secret' && data !== '0x') throw deploySimulation()
    return PASS
  }
  if (!(await context.secrets.has(to))) return multicall(context, transaction, data, params.slice(1))
  await requireChain(context)
  if (overrides.some((override) => isObject(override) && Object.keys(override).length > 0))
    throw overridesRefused(to)

  const from = addressAt(transaction, 'from', METHOD)
  const value = quantityAt(transaction, 'value', METHOD) ?? 0n
  if (!isNewest(block) || (transaction.nonce ?? undefined) !== undefined) {
    const failed = context.own.failed({ from, to, data, value })
    if (failed?.failure) throw failure(failed.failure)
  }
  requireNewest(block, to)
  if (value > 0n) throw writeInQuery()
  return query(context, to, from, data)
}

function overridesRefused(contract: Address): ProviderRpcError {
  return refused(
    METHOD,
    contract,
    'State and block overrides would change a state that nobody outside can see.',
    'Leave the overrides out.',
  )
}

function deploySimulation(): ProviderRpcError {
  return refused(
    METHOD,
    undefined,
    'It would show the init code and its arguments to the wallet’s RPC.',
    'Send the deployment without trying it first.',
  )
}
