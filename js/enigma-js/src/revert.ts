import { type Abi, decodeErrorResult, type Hex } from 'viem'
import type { RevertReason } from './errors/task.js'

/** What the border of a sealed world answers to a call that would leave it. */
const OUTSIDE_CALL = [
  { type: 'error', name: 'OutsideCall', inputs: [{ name: 'target', type: 'address' }] },
] as const

const PANICS: Record<string, string> = {
  '1': 'an `assert` failed',
  '17': 'an arithmetic operation over- or underflowed',
  '18': 'a division by zero',
  '33': 'a value that its enum does not have',
  '34': 'a storage array is encoded wrongly',
  '49': '`pop` on an empty array',
  '50': 'an index out of bounds',
  '65': 'too much memory was allocated',
  '81': 'a call of an uninitialised function',
}

/** Takes revert data apart: the border's own error, `Error(string)`, `Panic(uint256)`, then the ABI's errors. */
export function decodeRevert(abi: Abi | readonly unknown[] | undefined, data: Hex): RevertReason {
  if (data === '0x') return { text: 'it gave no reason', errorName: undefined, args: undefined, data }
  try {
    const errors = (abi as Abi | undefined)?.filter((item) => item.type === 'error') ?? []
    const decoded = decodeErrorResult({ abi: [...OUTSIDE_CALL, ...errors] as Abi, data })
    const args = decoded.args ?? []
    const { errorName } = decoded
    if (errorName === 'Error') return { text: String(args[0]), errorName, args, data }
    const text = `${errorName}(${args.map(String).join(', ')})`
    if (errorName === 'Panic') return withHint({ text, errorName, args, data }, PANICS[String(args[0])])
    if (errorName === 'OutsideCall')
      return withHint({ text, errorName, args, data }, 'Order calls of others by `Ethereum.call`.')
    return { text, errorName, args, data }
  } catch {
    const text = `it gave bytes that no error of the ABI explains (${data.length > 74 ? `${data.slice(0, 74)}…` : data})`
    return { text, errorName: undefined, args: undefined, data }
  }
}

function withHint(reason: RevertReason, hint: string | undefined): RevertReason {
  return hint
    ? { ...reason, hint: `${hint.charAt(0).toUpperCase()}${hint.slice(1)}`.replace(/\.?$/, '.') }
    : reason
}
