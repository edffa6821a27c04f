// Decrypted bytes in words: revert reasons, and with an ABI return values and events. The contract that wrote them may
// be hostile, and an ABI may be of another contract: what does not decode to the byte is shown as bytes.
import type { Abi, AbiEvent, AbiFunction, AbiParameter } from 'viem'
import { decodeAbiParameters, decodeErrorResult, decodeEventLog, encodeAbiParameters } from 'viem/utils'
import type { Hex } from '../model/schema'
import type { SecretLog } from './protocol'

const MAX_ABI_TEXT = 4_000_000
const MAX_ITEMS = 4_000
const KINDS = new Set(['function', 'event', 'error', 'constructor', 'fallback', 'receive'])

/** The text is no ABI. */
export class InvalidAbiError extends Error {
  override name = 'InvalidAbiError'
}

/** Reads an ABI, or the artefact of a compiler that has one at `abi`. Throws {@link InvalidAbiError}. */
export function parseAbiText(text: string): Abi {
  if (text.length > MAX_ABI_TEXT) throw new InvalidAbiError('An ABI has at most 4 MB.')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new InvalidAbiError('This is not JSON. Paste an ABI, or a compiler’s artefact with an “abi” in it.')
  }
  const items = Array.isArray(value) ? value : (value as { abi?: unknown } | null)?.abi
  if (!Array.isArray(items) || items.length > MAX_ITEMS || !items.every(isItem))
    throw new InvalidAbiError(
      'This JSON is no ABI: expected a list of functions, events and errors, or an object with one at “abi”.',
    )
  return items as Abi
}

function isItem(item: unknown): boolean {
  if (typeof item !== 'object' || item === null) return false
  const { type, name, inputs, outputs } = item as Record<string, unknown>
  const named = type === 'function' || type === 'event' || type === 'error'
  return (
    KINDS.has(String(type)) &&
    (!named || typeof name === 'string') &&
    (inputs === undefined ? !named : isParameters(inputs, 0)) &&
    (outputs === undefined ? type !== 'function' : isParameters(outputs, 0))
  )
}

function isParameters(list: unknown, depth: number): boolean {
  return (
    Array.isArray(list) &&
    depth < 16 &&
    list.every((parameter) => {
      if (typeof parameter !== 'object' || parameter === null) return false
      const { type, components } = parameter as Record<string, unknown>
      if (typeof type !== 'string' || type.length > 64) return false
      return type.startsWith('tuple')
        ? isParameters(components, depth + 1)
        : components === undefined || Array.isArray(components)
    })
  )
}

const MAX_SHOWN = 2_000

/** A decoded value in one line. */
export function show(value: unknown): string {
  const text = written(value)
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

function written(value: unknown): string {
  if (typeof value === 'string') return /^0x[0-9a-fA-F]*$/.test(value) ? value : `“${printable(value)}”`
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value === 'object' && value !== null)
    return `{ ${Object.entries(value)
      .map(([name, part]) => `${printable(name)}: ${written(part)}`)
      .join(', ')} }`
  return String(value)
}

/** Without characters that hide or turn text. */
const printable = (text: string) => text.slice(0, MAX_SHOWN).replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}')

export type Named = { readonly name: string; readonly value: string }

const names = (parameters: readonly AbiParameter[], values: readonly unknown[]): readonly Named[] =>
  parameters.map((parameter, i) => ({
    name: printable(parameter.name || parameter.type),
    value: show(values[i]),
  }))

const signature = (item: { readonly name: string; readonly inputs: readonly AbiParameter[] }) =>
  printable(`${item.name}(${item.inputs.map((input) => input.type).join(',')})`)

/** One reading of return data, and the functions that could have returned it. */
export type Reading = { readonly functions: readonly string[]; readonly values: readonly Named[] }

/**
 * How return data may be read. The function that was called is encrypted for the enclave alone, so every function
 * counts whose outputs decode to exactly these bytes; those that return the same types read the same.
 */
export function readings(abi: Abi, data: Hex): readonly Reading[] {
  const found = new Map<string, { functions: string[]; values: readonly Named[] }>()
  for (const item of abi) {
    if (item.type !== 'function' || item.outputs.length === 0) continue
    const { outputs } = item as AbiFunction
    try {
      const values = decodeAbiParameters(outputs, data) as readonly unknown[]
      if (encodeAbiParameters(outputs, values) !== data) continue
      const types = JSON.stringify(outputs.map(({ type, name }) => [type, name]))
      const known = found.get(types)
      if (known) known.functions.push(signature(item))
      else found.set(types, { functions: [signature(item)], values: names(outputs, values) })
    } catch {
      // of another type
    }
  }
  return [...found.values()]
}

/** What Enigma's own world reverts with. */
const worldErrors = [
  { type: 'error', name: 'OutsideCall', inputs: [{ type: 'address', name: 'target' }] },
] as const

const PANICS: { readonly [code: string]: string } = {
  1: 'an assertion failed',
  17: 'arithmetic overflow or underflow',
  18: 'division by zero',
  33: 'no such value of an enum',
  34: 'broken bytes in storage',
  49: 'pop of an empty array',
  50: 'index out of bounds',
  65: 'too much memory',
  81: 'a call of an unset function',
}

/** Revert data in words: `Error(string)`, `Panic(uint256)`, the ABI's errors; undefined if none fits. */
export function revertReason(data: Hex, abi: Abi = []): string | undefined {
  if (data === '0x') return 'without a reason'
  try {
    const { errorName, args, abiItem } = decodeErrorResult({ abi: [...abi, ...worldErrors] as Abi, data })
    const values = (args ?? []) as readonly unknown[]
    if (errorName === 'Error') return show(values[0])
    if (errorName === 'Panic')
      return `panic ${show(values[0])}: ${PANICS[String(values[0])] ?? 'unknown reason'}`
    const inputs = abiItem?.type === 'error' ? abiItem.inputs : []
    return `${printable(errorName)}(${names(inputs, values)
      .map(({ name, value }) => `${name}: ${value}`)
      .join(', ')})`
  } catch {
    return undefined
  }
}

export type ReadLog = { readonly event: string; readonly values: readonly Named[] }

/** An event in words; undefined if the ABI has none that fits. */
export function readLog(abi: Abi, log: SecretLog): ReadLog | undefined {
  try {
    const topics = log.topics as [Hex, ...Hex[]]
    const { eventName, args } = decodeEventLog({ abi, topics, data: log.data, strict: true })
    const item = abi.find(
      (entry): entry is AbiEvent =>
        entry.type === 'event' &&
        entry.name === eventName &&
        entry.inputs.length === Object.keys(args ?? {}).length,
    )
    const values = item
      ? item.inputs.map((input, i) => ({
          name: printable(input.name || input.type),
          value: show((args as unknown as Record<string, unknown>)[input.name || i]),
        }))
      : Object.entries(args ?? {}).map(([name, value]) => ({ name: printable(name), value: show(value) }))
    return { event: printable(String(eventName)), values }
  } catch {
    return undefined
  }
}
