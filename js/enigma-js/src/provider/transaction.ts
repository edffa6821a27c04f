// Reading the transaction objects of JSON-RPC, as tolerantly as the wallets that would read them otherwise.
import { type Address, getAddress, type Hex, hexToBigInt } from 'viem'
import { invalidParams } from './errors.js'

/** Something with named members. */
export type Json = { readonly [key: string]: unknown }

/** Whether it has named members. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The address that `value` spells, whatever its case and with or without its prefix; undefined if it spells none. */
export function asAddress(value: unknown): Address | undefined {
  if (typeof value !== 'string') return undefined
  const digits = /^\s*(?:0x)?([0-9a-f]{40})\s*$/i.exec(value)?.[1]
  return digits === undefined ? undefined : getAddress(`0x${digits.toLowerCase()}`)
}

/** The address in the member `key`, undefined if it is absent; throws if it is something else. */
export function addressAt(transaction: Json, key: 'to' | 'from', method: string): Address | undefined {
  const value = transaction[key]
  if (value === undefined || value === null || value === '' || value === '0x') return undefined
  const address = asAddress(value)
  if (!address) throw invalidParams(method, `an address as \`${key}\``)
  return address
}

/** The calldata, from `input` or `data`. */
export function calldataOf(transaction: Json, method: string): Hex {
  const [input, data] = [transaction.input ?? undefined, transaction.data ?? undefined]
  if (input !== undefined && data !== undefined && input !== data)
    throw invalidParams(method, '`data` and `input` to agree')
  const calldata = input ?? data ?? '0x'
  if (typeof calldata !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(calldata))
    throw invalidParams(method, 'hex as `data`')
  return calldata.toLowerCase() as Hex
}

/** The quantity in the member `key`, undefined if it is absent. */
export function quantityAt(transaction: Json, key: string, method: string): bigint | undefined {
  const value = transaction[key]
  if (value === undefined || value === null) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value)
  if (typeof value === 'bigint' && value >= 0n) return value
  if (typeof value !== 'string' || !/^0x[0-9a-f]{1,64}$/i.test(value))
    throw invalidParams(method, `a hex quantity as \`${key}\``)
  return hexToBigInt(value as Hex)
}
