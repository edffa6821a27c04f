// Multicall3's aggregate3, the form in which viem and wagmi bundle reads: the calls of secret contracts are taken out
// and become queries, the others go on together.
import {
  type Address,
  decodeFunctionData,
  decodeFunctionResult,
  encodeFunctionData,
  encodeFunctionResult,
  type Hex,
  parseAbi,
} from 'viem'
import { type Context, PASS, requireChain } from './context.js'
import { Code, isUserRejection, ProviderRpcError, refused } from './errors.js'
import { guard } from './guard.js'
import { selectorOf } from './nested.js'
import { query, requireNewest } from './query.js'
import { isObject, type Json } from './transaction.js'

const AGGREGATE3: Hex = '0x82ad56cb'
const abi = parseAbi([
  'struct Call { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call[] calls) view returns (Result[] results)',
])

type Call = { target: Address; allowFailure: boolean; callData: Hex }
type Result = { success: boolean; returnData: Hex }

/** Splits an `eth_call` of `aggregate3`; PASS if it is none, or touches no secret contract. */
export async function multicall(
  context: Context,
  transaction: Json,
  data: Hex,
  rest: readonly unknown[],
): Promise<unknown> {
  const calls = decode(data)
  if (!calls) return PASS
  const secret = await Promise.all(calls.map(({ target }) => context.secrets.has(target)))
  const first = calls[secret.indexOf(true)]
  if (!first) return PASS
  await requireChain(context)
  if (rest.slice(1).some((override) => isObject(override) && Object.keys(override).length > 0))
    throw refused(
      'eth_call',
      first.target,
      'State and block overrides cannot reach into it.',
      'Leave the overrides out.',
    )
  requireNewest(rest[0], first.target)

  const open = aggregate(
    context,
    transaction,
    calls.filter((_, i) => !secret[i]),
    rest,
  )
  const results = await Promise.all(calls.map((call, i) => (secret[i] ? one(context, call) : undefined)))
  const passed = [...(await open)]
  return encodeFunctionResult({
    abi,
    functionName: 'aggregate3',
    result: results.map((result) => result ?? (passed.shift() as Result)),
  })
}

/** As on a chain, `msg.sender` is not the account: here it is zero. */
async function one(context: Context, { target, allowFailure, callData }: Call): Promise<Result> {
  try {
    return { success: true, returnData: await query(context, target, undefined, callData) }
  } catch (error) {
    if (
      !allowFailure ||
      !(error instanceof ProviderRpcError) ||
      error.code !== Code.reverted ||
      isUserRejection(error)
    )
      throw error
    return { success: false, returnData: typeof error.data === 'string' ? (error.data as Hex) : '0x' }
  }
}

async function aggregate(
  context: Context,
  transaction: Json,
  calls: readonly Call[],
  rest: readonly unknown[],
): Promise<readonly Result[]> {
  if (calls.length === 0) return []
  const data = encodeFunctionData({ abi, functionName: 'aggregate3', args: [calls] })
  const { input: _, ...terms } = transaction
  const params = [{ ...terms, data }, ...rest]
  await guard(context, 'eth_call', params)
  const answer = await context.wallet.ask('eth_call', params)
  const results = decodeFunctionResult({
    abi,
    functionName: 'aggregate3',
    data: answer as Hex,
  })
  if (results.length !== calls.length)
    throw new ProviderRpcError(
      Code.unavailable,
      `Multicall3 answered ${results.length} of ${calls.length} calls.`,
    )
  return results
}

function decode(data: Hex): readonly Call[] | undefined {
  if (selectorOf(data) !== AGGREGATE3) return undefined
  try {
    return decodeFunctionData({ abi, data }).args[0]
  } catch {
    return undefined
  }
}
