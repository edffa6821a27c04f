// Padding classes: lengths and gas are rounded up, so that they say little about what is inside.
import { Reader, Writer } from './bytes.js'

/** Smallest padded plaintext of an envelope, output or delta, bytes. */
export const SMALLEST_CLASS = 128
/** Length of an authentication tag, bytes. */
export const TAG_SIZE = 16
/** Smallest gas class. */
export const MIN_GAS_CLASS = 32_768n

/** The padded size in bytes for `length` bytes: `min` doubled until it fits. */
export function sizeClass(length: number, min: number = SMALLEST_CLASS): number {
  let size = Math.max(min, 1)
  while (size < length) size *= 2
  return size
}

/** Gas charged for `gas` used: the next power of two, at least 32,768. */
export function gasClass(gas: bigint): bigint {
  let size = MIN_GAS_CLASS
  while (size < gas) size *= 2n
  return size
}

/** `bytes` and zeros, as long as their class. */
export function zeroFill(bytes: Uint8Array, min: number = SMALLEST_CLASS): Uint8Array {
  const filled = new Uint8Array(sizeClass(bytes.length, min))
  filled.set(bytes)
  return filled
}

/** `length ‖ bytes ‖ zeros`, as long as its class. */
export function pad(bytes: Uint8Array, min: number = SMALLEST_CLASS): Uint8Array {
  return zeroFill(new Writer().bytes(bytes).finish(), min)
}

/** The bytes inside what {@link pad} made; throws if the padding is not all zeros. */
export function unpad(padded: Uint8Array): Uint8Array {
  const reader = new Reader(padded, 'padded bytes')
  const bytes = reader.bytes(padded.length)
  reader.zeros()
  return bytes
}

/** Bytes of a sealed delta or snapshot of `length` bytes. */
export function sealedLength(length: number): number {
  return sizeClass(length + 4) + TAG_SIZE
}
