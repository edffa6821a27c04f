// eth_sendTransaction and eth_estimateGas: a transaction to a secret contract becomes a task.
import type { Address, Hash } from 'viem'
import { type Context, PASS, requireChain } from './context.js'
import { Code, failure, invalidParams, ProviderRpcError, refused } from './errors.js'
import { addressAt, calldataOf, isObject, type Json, quantityAt } from './transaction.js'
import { toQuantity } from './wallet.js'

const SEND = 'eth_sendTransaction'
const ESTIMATE = 'eth_estimateGas'

/**
 * eth_estimateGas: the gas inside, which nobody can measure beforehand without showing the call. What is not used is
 * paid back.
 */
export async function estimateGas(context: Context, params: readonly unknown[]): Promise<unknown> {
  const [transaction] = params
  if (!isObject(transaction)) return PASS
  const to = addressAt(transaction, 'to', ESTIMATE)
  const { deploy, deployGas, gas } = context.options
  if (!to) return deploy === 'secret' ? toQuantity(deployGas) : PASS
  if (!(await context.secrets.has(to))) return PASS
  await requireChain(context)
  return toQuantity(gas)
}

/** eth_sendTransaction: the hash of the real transaction, which carries the envelope. */
export async function sendTransaction(context: Context, params: readonly unknown[]): Promise<unknown> {
  const [transaction] = params
  if (!isObject(transaction)) return PASS
  const to = addressAt(transaction, 'to', SEND)
  if (!to && context.options.deploy !== 'secret') return PASS
  if (to && !(await context.secrets.has(to))) return PASS
  await requireChain(context)
  refuseExtras(context, transaction, to)
  const terms = await termsOf(context, transaction, to)
  context.own.use(terms.from)
  try {
    return to ? await sendTask(context, terms, to) : await deploy(context, terms)
  } catch (error) {
    throw failure(error)
  }
}

type Terms = Awaited<ReturnType<typeof termsOf>>

async function sendTask({ backend, own }: Context, terms: Terms, to: Address): Promise<Hash> {
  const hash = await backend.send({ ...terms, to })
  own.add(hash, { from: terms.from, to, input: terms.data, value: terms.value, gas: terms.gas })
  return hash
}

async function deploy({ backend, own, secrets }: Context, terms: Terms): Promise<Hash> {
  const { hash, address } = await backend.deploy(terms)
  secrets.add(address)
  own.add(hash, { from: terms.from, created: address, input: terms.data, value: terms.value, gas: terms.gas })
  return hash
}

async function termsOf({ options, wallet }: Context, transaction: Json, to: Address | undefined) {
  const from = addressAt(transaction, 'from', SEND) ?? (await wallet.accounts())[0]
  if (!from)
    throw new ProviderRpcError(Code.unauthorized, 'No account is connected.', {
      metaMessages: ['Ask for one: eth_requestAccounts.'],
    })
  const data = calldataOf(transaction, SEND)
  if (!to && data === '0x') throw invalidParams(SEND, 'init code as `data`, or `to`')
  const price = quantityAt(transaction, 'maxFeePerGas', SEND) ?? quantityAt(transaction, 'gasPrice', SEND)
  const nonce = quantityAt(transaction, 'nonce', SEND)
  return {
    from,
    data,
    value: quantityAt(transaction, 'value', SEND) ?? 0n,
    gas:
      quantityAt(transaction, 'gas', SEND) ??
      quantityAt(transaction, 'gasLimit', SEND) ??
      (to ? options.gas : options.deployGas),
    ...(price === undefined ? {} : { price }),
    ...(nonce === undefined ? {} : { nonce: Number(nonce) }),
  }
}

function refuseExtras({ network }: Context, transaction: Json, to: Address | undefined): void {
  const extra = ['authorizationList', 'blobs', 'blobVersionedHashes', 'sidecars'].find((key) => {
    const value = transaction[key]
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== null
  })
  if (extra)
    throw refused(
      SEND,
      to,
      `A task cannot carry \`${extra}\`.`,
      'Leave it out, or send it as a transaction of its own.',
    )
  const chainId = quantityAt(transaction, 'chainId', SEND)
  if (chainId !== undefined && Number(chainId) !== network.chainId)
    throw new ProviderRpcError(
      Code.chainDisconnected,
      `The transaction is for chain ${chainId}, the secret contract on chain ${network.chainId}.`,
    )
}
