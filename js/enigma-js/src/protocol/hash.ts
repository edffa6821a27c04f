// `H(tag, a, b, …)`: Keccak-256 over the tag's word and static ABI words.
import { type Hex, keccak256 } from 'viem'
import { type Bytes, type Integer, integerToBytes, toBytes } from './bytes.js'
import { InvalidArgumentError } from './errors.js'
import { type HashTag, tagBytes } from './tags.js'

/** One argument of {@link H}: an unsigned integer, a bytes32, or an address. Anything dynamic enters by its hash. */
export type Word = Integer | Bytes

/** Keccak-256 over the word of `tag` and `words`, as `abi.encode` lays static values out. */
export function H(tag: HashTag, ...words: readonly Word[]): Hex {
  const encoded = new Uint8Array(32 * (words.length + 1))
  encoded.set(keccak256(tagBytes(tag), 'bytes'))
  words.forEach((word, i) => {
    encoded.set(wordBytes(word), 32 * (i + 1))
  })
  return keccak256(encoded)
}

/** The 32 bytes of a static ABI value. */
export function wordBytes(word: Word): Uint8Array {
  if (typeof word === 'number' || typeof word === 'bigint') return integerToBytes(word, 32)
  const bytes = toBytes(word, 'word')
  if (bytes.length === 32) return bytes
  if (bytes.length !== 20) throw new InvalidArgumentError('word', '32 bytes, or the 20 of an address')
  const padded = new Uint8Array(32)
  padded.set(bytes, 12)
  return padded
}

/** Keccak-256 of bytes. */
export function hashBytes(bytes: Bytes): Hex {
  return keccak256(toBytes(bytes))
}
