// Byte strings of the protocol: integers big-endian and of fixed width, a u32 length in front of what varies.
import { type Address, bytesToHex, concat, getAddress, type Hex, hexToBytes, numberToBytes } from 'viem'
import { InvalidArgumentError, MalformedBytesError } from './errors.js'

/** Bytes as they are, or as viem's users write them. */
export type Bytes = Uint8Array | Hex
/** A whole number that is not negative. */
export type Integer = number | bigint

/** The bytes of `value`, which must have exactly `size` of them if that is given. */
export function toBytes(value: Bytes, what = 'bytes', size?: number): Uint8Array {
  const bytes = typeof value === 'string' ? fromHex(value, what) : value
  if (!(bytes instanceof Uint8Array)) throw new InvalidArgumentError(what, 'bytes or 0x-prefixed hex')
  if (size !== undefined && bytes.length !== size) throw new InvalidArgumentError(what, `${size} bytes`)
  return bytes
}

// viem's own conversion takes an odd number of digits and does not ask for the prefix.
function fromHex(value: string, what: string): Uint8Array {
  if (!value.startsWith('0x') || value.length % 2 !== 0)
    throw new InvalidArgumentError(what, '0x-prefixed hex with two digits a byte')
  try {
    return hexToBytes(value as Hex)
  } catch {
    throw new InvalidArgumentError(what, 'hexadecimal digits')
  }
}

/** `value` as a bigint, if it is a whole number of at most `bits` bits. */
export function toInteger(value: Integer, bits: number, what = 'integer'): bigint {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value)
  const integer = whole ? BigInt(value) : -1n
  if (integer < 0n || integer >> BigInt(bits) !== 0n)
    throw new InvalidArgumentError(what, `0 … 2^${bits} − 1`)
  return integer
}

/** Joins byte strings. */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  return concat(parts)
}

/** `value` in `size` bytes, big-endian. */
export function integerToBytes(value: Integer, size: number, what?: string): Uint8Array {
  return numberToBytes(toInteger(value, 8 * size, what), { size })
}

/** Big-endian bytes as a number. */
export function bytesToInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(bytesToHex(bytes))
}

/** Collects an encoding. */
export class Writer {
  readonly #parts: Uint8Array[] = []

  /** Appends bytes as they are; `size` says how many they must be. */
  raw(value: Bytes, size?: number, what?: string): this {
    this.#parts.push(toBytes(value, what, size))
    return this
  }

  /** Appends an integer of `size` bytes. */
  int(value: Integer, size: number, what?: string): this {
    this.#parts.push(integerToBytes(value, size, what))
    return this
  }

  /** Appends a u32 length and the bytes. */
  bytes(value: Uint8Array): this {
    return this.int(value.length, 4).raw(value)
  }

  /** The encoding so far. */
  finish(): Uint8Array {
    return concatBytes(...this.#parts)
  }
}

/** Takes an encoding apart; throws {@link MalformedBytesError} where it ends too early or is out of bounds. */
export class Reader {
  readonly #bytes: Uint8Array
  readonly #what: string
  #at = 0

  constructor(bytes: Uint8Array, what = 'bytes') {
    this.#bytes = bytes
    this.#what = what
  }

  /** The next `size` bytes, a view of the input. */
  raw(size: number): Uint8Array {
    const end = this.#at + size
    if (end > this.#bytes.length) this.fail(`${size} more bytes, ${this.#bytes.length - this.#at} are left`)
    const bytes = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return bytes
  }

  /** The next bytes as hex. */
  hex(size: number): Hex {
    return bytesToHex(this.raw(size))
  }

  /** The next 20 bytes as a checksummed address. */
  address(): Address {
    return getAddress(this.hex(20))
  }

  /** The next integer of at most 6 bytes, which a number holds exactly. */
  int(size: 1 | 2 | 3 | 4 | 5 | 6): number {
    return this.raw(size).reduce((value, byte) => value * 256 + byte, 0)
  }

  /** The next 8 bytes as an integer. */
  u64(): bigint {
    return bytesToInteger(this.raw(8))
  }

  /** A u32 length and that many bytes, at most `max`. */
  bytes(max: number): Uint8Array {
    const length = this.int(4)
    if (length > max) this.fail(`at most ${max} bytes, ${length} were announced`)
    return this.raw(length)
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#at)
  }

  /** Accepts the end, and zeros before it: padding has one form. */
  zeros(): void {
    if (this.rest().some((byte) => byte !== 0)) this.fail('zeros as padding')
  }

  /** Refuses the input. */
  fail(expected: string): never {
    throw new MalformedBytesError(this.#what, expected)
  }
}
