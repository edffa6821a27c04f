import {
  type Account,
  type Address,
  BaseError,
  decodeErrorResult,
  type Hash,
  type Hex,
  hexToBigInt,
  isHex,
  numberToHex,
} from 'viem'
import { estimateMaxPriorityFeePerGas, getTransactionCount, sendTransaction } from 'viem/actions'
import { enigmaAbi } from './abi.js'
import type { Connection } from './connection.js'
import { RefusedByContractError, UnknownContractError } from './errors/task.js'
import { commitGasFor, maxFee } from './protocol/fees.js'
import type { VerifiedBlock } from './verify/block.js'
import { creditsAt } from './verify/contract.js'
import { epochNow } from './verify/epoch.js'
import { newestBlock } from './verify/network.js'
import { request } from './verify/rpc.js'

/** Over the base fee, wei per gas: what a worker gets for its transaction's priority. */
const TIP = 1_000_000_000n

/** What a task may use. */
export type Limits = {
  /** Gas inside the sealed world, at most 16,777,216. */
  gas: bigint
  /** Bytes of encrypted output and sealed state change together. */
  bytes: number
  /** Gas of outbound calls by the schedule: 75,000 for plain ether; 90,000, its own gas and 45 a byte for a call. */
  outbound: bigint
}

/** A call of the Enigma contract. */
type Call = {
  data: Hex
  /** Wei that it has to bring. */
  value: bigint
  /** Whether the account's credit brings what it can. */
  credit?: boolean | undefined
  contract?: Address
  nonce?: number | undefined
}

/** The chain as a new task meets it. */
export type Now = { block: VerifiedBlock; epoch: number }

/** The newest block and its epoch, of a chain that was checked to be the pinned network's. */
export async function now(connection: Connection): Promise<Now> {
  const block = await newestBlock(connection)
  return { block, epoch: await epochNow(connection, block) }
}

/** The terms of a task at today's price of gas, and what it pays ahead: what is not used comes back as credit. */
export function termsOf({ block }: Now, limits: Limits, value: bigint, cap?: bigint) {
  const commitGas = commitGasFor(limits.bytes, limits.outbound)
  const priceCap = cap ?? 4n * block.baseFeePerGas + 2n * TIP
  const parameters = {
    onBehalfOf: numberToHex(0, { size: 32 }),
    value,
    gasLimit: limits.gas,
    commitGas,
    priceCap,
    tip: TIP,
  } as const
  return { parameters, payment: value + maxFee({ commitGas, gasLimit: limits.gas, priceCap }) }
}

/**
 * Sends a transaction to the Enigma contract; resolves when it is broadcast. Throws what the contract would refuse it
 * for, before anything is sent.
 */
export async function submit(
  connection: Connection,
  account: Account,
  call: Call,
  block: VerifiedBlock,
): Promise<Hash> {
  const { client, network } = connection
  const to = network.enigma
  const { data } = call
  const owed = call.credit ? await creditsAt(connection, block, account.address) : 0n
  const value = call.value > owed ? call.value - owed : 0n
  const estimate = estimateGas(connection, account, { ...call, value })
  const chain = client.chain ?? null
  if (account.type !== 'local') {
    const given = call.nonce === undefined ? {} : { nonce: call.nonce }
    return sendTransaction(client, { account, chain, to, data, value, gas: await estimate, ...given })
  }
  const price = estimateMaxPriorityFeePerGas(client).catch(() => TIP)
  // It may fail before its turn comes.
  estimate.catch(() => undefined)
  return inTurn(connection, account, async () => {
    const [gas, priority, nonce] = await Promise.all([
      estimate,
      price,
      call.nonce ?? nextNonce(connection, account),
    ])
    return sendTransaction(client, {
      // With it, and all the rest given, viem has nothing to ask before it signs.
      chainId: network.chainId,
      account,
      chain,
      to,
      data,
      value,
      gas,
      ...(nonce === undefined ? {} : { nonce }),
      type: 'eip1559',
      maxFeePerGas: 2n * block.baseFeePerGas + priority,
      maxPriorityFeePerGas: priority,
    })
  })
}

/** The account's next nonce; nothing if it manages nonces itself, and so knows more than the chain. */
async function nextNonce({ client }: Connection, account: Account): Promise<number | undefined> {
  if (account.nonceManager) return undefined
  return getTransactionCount(client, { address: account.address, blockTag: 'pending' })
}

/** One send after the other for each account, or two would take the same nonce. */
async function inTurn<T>({ cache }: Connection, { address }: Account, send: () => Promise<T>): Promise<T> {
  const before = cache.sends.get(address)
  const sent = before ? before.then(send, send) : send()
  cache.sends.set(address, sent)
  try {
    return await sent
  } finally {
    if (cache.sends.get(address) === sent) cache.sends.delete(address)
  }
}

async function estimateGas(
  connection: Connection,
  account: Account,
  { data, value, contract }: Call,
): Promise<bigint> {
  const call = { from: account.address, to: connection.network.enigma, data, value: numberToHex(value) }
  try {
    const estimate = hexToBigInt((await request(connection, 'eth_estimateGas', [call])) as Hex)
    // A block later the same call may touch a colder slot.
    return estimate + estimate / 5n
  } catch (error) {
    throw refusalIn(error, contract)
  }
}

/** The contract's own reason for a refusal, where the RPC passes it on; else the error as it came. */
function refusalIn(cause: unknown, contract: Address | undefined): unknown {
  const data = revertDataIn(cause)
  if (data === undefined) return cause
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: enigmaAbi, data })
    if (errorName === 'UnknownContract' && contract) return new UnknownContractError({ contract })
    return new RefusedByContractError({ errorName, args: args as readonly unknown[], cause })
  } catch {
    return cause
  }
}

function revertDataIn(error: unknown): Hex | undefined {
  if (!(error instanceof BaseError)) return undefined
  let data: Hex | undefined
  error.walk((inner) => {
    const found = (inner as { data?: unknown } | null)?.data
    const hex = typeof found === 'object' && found !== null ? (found as { data?: unknown }).data : found
    if (isHex(hex) && hex.length >= 10) data = hex
    return data !== undefined
  })
  return data
}
