// Calldata inside calldata: what a smart account, a relayer or Multicall3 would call in its turn.
import { type Address, type Hex, hexToBytes, size, slice } from 'viem'

/** A selector; less is no call. */
const SELECTOR = 4
const WORD = 32

/** Whether `data` holds a byte string with the form of a call: its length in a word, selector, whole words. */
export function holdsCall(data: Hex): boolean {
  const bytes = hexToBytes(data)
  let zeros = 0
  for (let at = 0; at + 4 <= bytes.length; at += 1) {
    // `at` is where the low four bytes of a length would begin.
    if (zeros >= WORD - 4) {
      const length =
        ((bytes[at] ?? 0) << 24) |
        ((bytes[at + 1] ?? 0) << 16) |
        ((bytes[at + 2] ?? 0) << 8) |
        (bytes[at + 3] ?? 0)
      if (length >= SELECTOR && length % WORD === SELECTOR && at + 4 + length <= bytes.length) return true
    }
    zeros = bytes[at] === 0 ? zeros + 1 : 0
  }
  return false
}

/** The addresses that stand in `data` as ABI words, wherever it begins. */
export function wordAddresses(data: Hex): Address[] {
  const digits = data.slice(2).toLowerCase()
  const found = new Set<Address>()
  const padding = '0'.repeat(24)
  for (
    let at = digits.indexOf(padding);
    at !== -1 && at + 64 <= digits.length;
    at = digits.indexOf(padding, at + 1)
  ) {
    if (at % 2 !== 0) continue
    const address = digits.slice(at + 24, at + 64)
    // Small numbers, offsets and lengths are no addresses that anybody could have.
    if (!address.startsWith('00000000')) found.add(`0x${address}`)
  }
  return [...found]
}

/** Whether the address's bytes stand anywhere in `data`. */
export function mentions(data: Hex, address: Address): boolean {
  const digits = data.slice(2).toLowerCase()
  const wanted = address.slice(2).toLowerCase()
  for (let at = digits.indexOf(wanted); at !== -1; at = digits.indexOf(wanted, at + 1))
    if (at % 2 === 0) return true
  return false
}

/** The selector of a call, undefined if the data is too short for one. */
export function selectorOf(data: Hex): Hex | undefined {
  return size(data) < SELECTOR ? undefined : slice(data, 0, SELECTOR)
}
