// eth_getLogs: for secret contracts the account's own logs, decrypted; for the other addresses of a list the chain's.
import { type Address, isHex } from 'viem'
import { type Context, PASS, requireChain } from './context.js'
import { Code, failure, invalidParams, ProviderRpcError } from './errors.js'
import { placed, type RpcLog } from './place.js'
import { asAddress, isObject, type Json } from './transaction.js'

/** A filter that touches secret contracts. */
export type SecretFilter = { secret: readonly Address[]; open: readonly Address[]; filter: Json }

/** eth_getLogs. */
export async function getLogs(context: Context, params: readonly unknown[]): Promise<unknown> {
  const split = await splitFilter(context, 'eth_getLogs', params[0])
  if (!split) return PASS
  await requireChain(context)
  const { blockHash, fromBlock, toBlock } = split.filter
  const [from, to] = await Promise.all(
    (blockHash ? [blockHash, blockHash] : [fromBlock, toBlock]).map((block) =>
      context.wallet.blockNumber(block),
    ),
  )
  if (from === undefined || to === undefined)
    throw new ProviderRpcError(Code.invalidInput, 'eth_getLogs: unknown block.')
  return collect(context, split, from, to, split.filter)
}

/** Takes a filter apart; undefined if it has no secret address. A filter without addresses speaks of the chain alone. */
export async function splitFilter(
  context: Context,
  method: string,
  filter: unknown,
): Promise<SecretFilter | undefined> {
  if (!isObject(filter) || filter.address === undefined || filter.address === null) return undefined
  const wanted: readonly unknown[] = Array.isArray(filter.address) ? filter.address : [filter.address]
  const addresses = wanted.map((address) => asAddress(address) ?? fail(method))
  const flags = await Promise.all(addresses.map((address) => context.secrets.has(address)))
  const secret = addresses.filter((_, i) => flags[i])
  if (secret.length === 0) return undefined
  return { secret, open: addresses.filter((_, i) => !flags[i]), filter }
}

function fail(method: string): never {
  throw invalidParams(method, 'addresses as `address`')
}

/** All logs of the blocks; `range` is how the chain is asked for its part. */
export async function collect(
  context: Context,
  { secret, open, filter }: SecretFilter,
  from: bigint,
  to: bigint,
  range: Json,
): Promise<RpcLog[]> {
  const { topics } = filter
  const { blockHash, fromBlock, toBlock } = range
  const asked =
    open.length === 0
      ? []
      : context.wallet.ask('eth_getLogs', [
          {
            address: open,
            ...(topics ? { topics } : {}),
            ...(blockHash ? { blockHash } : { fromBlock, toBlock }),
          },
        ])
  const own = await Promise.all(secret.map((contract) => ownLogs(context, contract, from, to)))
  const mine = own.flat().filter((log) => matches(log, secret, topics))
  const others = await asked
  return [...(Array.isArray(others) ? (others as RpcLog[]) : []), ...mine].sort(byPlace)
}

/** Logs of the active account, and of every other that has sent something to the contract from here. */
async function ownLogs(context: Context, contract: Address, from: bigint, to: bigint): Promise<RpcLog[]> {
  const active = (await context.wallet.accounts())[0]
  const accounts = new Set([...(active ? [active] : []), ...context.own.senders(contract)])
  try {
    const found = await Promise.all(
      [...accounts].map((account) => context.backend.logs({ contract, account, from, to })),
    )
    return placed(context, found.flat())
  } catch (error) {
    throw failure(error)
  }
}

/** As `eth_getLogs` matches topics: null is any, a list is one of them. */
function matches(log: RpcLog, addresses: readonly Address[], topics: unknown): boolean {
  if (!addresses.some((address) => address.toLowerCase() === log.address)) return false
  if (!Array.isArray(topics)) return true
  return topics.every((wanted: unknown, i) => {
    if (wanted === null || wanted === undefined) return true
    const topic = log.topics[i]?.toLowerCase()
    const choices: readonly unknown[] = Array.isArray(wanted) ? wanted : [wanted]
    if (topic === undefined) return false
    return choices.length === 0 || choices.some((choice) => isHex(choice) && choice.toLowerCase() === topic)
  })
}

function byPlace(a: RpcLog, b: RpcLog): number {
  const blocks = Number(BigInt(a.blockNumber) - BigInt(b.blockNumber))
  return blocks !== 0 ? blocks : Number(BigInt(a.logIndex) - BigInt(b.logIndex))
}
