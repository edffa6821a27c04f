// Block headers: from the JSON of `eth_getBlockByNumber` to the bytes that hash to the block's hash.
import { bytesToHex, type Hex, hexToBytes, keccak256, toRlp } from 'viem'
import { bytesToInteger, integerToBytes, toBytes } from './bytes.js'
import { InvalidProofError, MalformedBytesError } from './errors.js'

/** What a hash vouches for. */
export type Header = {
  number: bigint
  hash: Hex
  stateRoot: Hex
  receiptsRoot: Hex
  /** Unix seconds. */
  timestamp: bigint
  /** Wei per gas; 0 before EIP-1559. */
  baseFeePerGas: bigint
}

/** Longest header, bytes. */
const MAX_HEADER = 4_096

type Field = readonly [name: string, size: number | 'quantity' | 'bytes']

/** The fields in their order; those from `baseFeePerGas` on came with forks. */
const FIELDS: readonly Field[] = [
  ['parentHash', 32],
  ['sha3Uncles', 32],
  ['miner', 20],
  ['stateRoot', 32],
  ['transactionsRoot', 32],
  ['receiptsRoot', 32],
  ['logsBloom', 256],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'bytes'],
  ['mixHash', 32],
  ['nonce', 8],
]
const FORK_FIELDS: readonly Field[] = [
  ['baseFeePerGas', 'quantity'],
  ['withdrawalsRoot', 32],
  ['blobGasUsed', 'quantity'],
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 32],
  ['requestsHash', 32],
]

/** The RLP of a block's header. Takes the JSON of an RPC, or what viem makes of it. */
export function encodeHeader(block: object): Uint8Array {
  return toRlp(
    fieldsOf(block).map((value) => bytesToHex(value)),
    'bytes',
  )
}

/** The hash of a block, from its header. */
export function headerHash(block: object): Hex {
  return keccak256(encodeHeader(block))
}

/**
 * The header of `block` and its hash, computed from the fields and not believed. With `hash` it must be that one. Throws
 * {@link InvalidProofError}.
 */
export function verifyHeader(block: object, hash?: Hex): Header {
  const values = fieldsOf(block)
  const encoded = toRlp(
    values.map((value) => bytesToHex(value)),
    'bytes',
  )
  if (encoded.length > MAX_HEADER) throw new MalformedBytesError('header', `at most ${MAX_HEADER} bytes`)
  const computed = keccak256(encoded)
  if (hash !== undefined && computed !== hash.toLowerCase())
    throw new InvalidProofError('a block', `its header hashes to ${computed}, not to ${hash}`)
  const field = (name: string): Uint8Array =>
    values[[...FIELDS, ...FORK_FIELDS].findIndex((f) => f[0] === name)] ?? new Uint8Array()
  return {
    number: bytesToInteger(field('number')),
    hash: computed,
    stateRoot: bytesToHex(field('stateRoot')),
    receiptsRoot: bytesToHex(field('receiptsRoot')),
    timestamp: bytesToInteger(field('timestamp')),
    baseFeePerGas: bytesToInteger(field('baseFeePerGas')),
  }
}

function fieldsOf(block: object): Uint8Array[] {
  const json = block as Readonly<Record<string, unknown>>
  const given = (field: Field): boolean => json[field[0]] !== undefined && json[field[0]] !== null
  // A gap among the forks' fields makes one of these missing, and is refused.
  const forks = FORK_FIELDS.filter(given).length
  return [...FIELDS, ...FORK_FIELDS.slice(0, forks)].map((field) => encodeField(json[field[0]], field))
}

function encodeField(value: unknown, [name, size]: Field): Uint8Array {
  try {
    if (size === 'quantity') return quantity(value)
    if (typeof value !== 'string' || value.length > 2 * MAX_HEADER) throw new Error('not hex')
    return toBytes(value as Hex, name, size === 'bytes' ? undefined : size)
  } catch {
    throw new MalformedBytesError(
      `header field ${name}`,
      size === 'quantity' ? 'a quantity' : `${size} bytes of hex`,
    )
  }
}

/** A quantity as RLP holds it: big-endian without leading zeros; zero is empty. */
export function quantity(value: unknown): Uint8Array {
  if (typeof value === 'string' && !/^0x[0-9a-f]{1,64}$/i.test(value)) throw new Error('not a quantity')
  if (typeof value !== 'string' && typeof value !== 'bigint' && typeof value !== 'number')
    throw new Error('nothing')
  const bytes = integerToBytes(typeof value === 'string' ? BigInt(value) : value, 32)
  const start = bytes.findIndex((byte) => byte !== 0)
  return start === -1 ? hexToBytes('0x') : bytes.subarray(start)
}
