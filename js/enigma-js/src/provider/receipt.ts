// eth_getTransactionReceipt and eth_getTransactionByHash: an own task is pending until it is committed, and then looks
// like a transaction to the secret contract that was mined in the commit's block.
import { type Address, type Hash, isAddressEqual, isHash } from 'viem'
import { logsBloom } from './bloom.js'
import { type Context, PASS } from './context.js'
import { failure } from './errors.js'
import { ordinaryAddress, type Sent } from './own.js'
import { placeOf, rpcLogs } from './place.js'
import { asAddress, type Json } from './transaction.js'
import type { TaskView } from './types.js'
import { quantity, toQuantity } from './wallet.js'

/** eth_getTransactionReceipt. */
export async function getTransactionReceipt(context: Context, params: readonly unknown[]): Promise<unknown> {
  const hash = hashOf(params)
  if (!hash) return PASS
  const real = await context.wallet.receipt(hash)
  if (!real) return null
  const sent = context.own.get(hash)
  if (!sent && !isToEnigma(context, real)) return real
  // The Enigma contract itself refused: there is no task.
  if (real.status === '0x0') return sent ? { ...real, to: sent.to ? lower(sent.to) : null } : real
  const view = await viewOf(context, hash, sent, real)
  if (!view) return real
  const { outcome } = view
  if (!outcome) return null
  const place = await placeOf(context, view.contract, outcome)
  if (!place) return null
  if (sent && outcome.failure) sent.failure = outcome.failure
  const { blockHash, blockNumber, transactionIndex } = place
  const { blockTimestamp: _, ...rest } = real
  return {
    ...rest,
    blockHash,
    blockNumber,
    transactionIndex,
    status: outcome.failure ? '0x0' : '0x1',
    to: view.kind === 'deploy' ? null : lower(view.contract),
    contractAddress: view.kind === 'deploy' && !outcome.failure ? lower(view.contract) : null,
    logs: rpcLogs(hash, outcome.logs, place),
    logsBloom: logsBloom(outcome.logs),
  }
}

/** eth_getTransactionByHash. */
export async function getTransactionByHash(context: Context, params: readonly unknown[]): Promise<unknown> {
  const hash = hashOf(params)
  if (!hash) return PASS
  const real = await context.wallet.transaction(hash)
  if (!real) return null
  const sent = context.own.get(hash)
  if (!sent && !isToEnigma(context, real)) return real
  if (sent?.created)
    context.secrets.mistake(ordinaryAddress(sent.from, quantity(real.nonce, 'nonce')), sent.created)
  const view = await viewOf(context, hash, sent, real)
  // Not a task (yet): the account's own is still shown as it was meant.
  if (!view) return sent ? { ...meant(real, sent, undefined), ...PENDING } : real
  const outcome = view.outcome
  const place = outcome && (await placeOf(context, view.contract, outcome))
  if (!place) return { ...meant(real, sent, view), ...PENDING }
  const { blockHash, blockNumber, transactionIndex } = place
  return { ...meant(real, sent, view), blockHash, blockNumber, transactionIndex }
}

const PENDING = { blockHash: null, blockNumber: null, transactionIndex: null }

/** The transaction as the dApp sent it; after a reload the calldata is not known any more. */
function meant(real: Json, sent: Sent | undefined, view: TaskView | undefined): Json {
  const { blockTimestamp: _, ...rest } = real
  const isDeploy = sent ? sent.created !== undefined : view?.kind === 'deploy'
  return {
    ...rest,
    to: isDeploy ? null : lower((sent?.to ?? view?.contract) as Address),
    input: sent?.input ?? '0x',
    value: toQuantity(sent?.value ?? view?.value ?? 0n),
    gas: toQuantity(sent?.gas ?? view?.gas ?? 0n),
  }
}

async function viewOf(
  context: Context,
  hash: Hash,
  sent: Sent | undefined,
  real: Json,
): Promise<TaskView | undefined> {
  const accounts = sent ? [sent.from] : await context.wallet.accounts()
  const from = asAddress(real.from)
  if (!from || !accounts.some((account) => isAddressEqual(account, from))) return undefined
  try {
    return await context.backend.task(hash, accounts)
  } catch (error) {
    throw failure(error)
  }
}

/** As JSON-RPC writes addresses. */
function lower(address: Address): string {
  return address.toLowerCase()
}

function isToEnigma({ network }: Context, { to }: Json): boolean {
  const target: Address | undefined = asAddress(to)
  return target !== undefined && isAddressEqual(target, network.enigma)
}

function hashOf([hash]: readonly unknown[]): Hash | undefined {
  return typeof hash === 'string' && isHash(hash) ? hash : undefined
}
