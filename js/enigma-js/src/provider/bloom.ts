// The filter of a receipt's logs (yellow paper, 4.3.1): three bits for each address and topic.
import { bytesToHex, type Hex, hexToBytes, keccak256 } from 'viem'
import type { SealedLog } from './types.js'

const SIZE = 256

/** The 256-byte filter of the logs. */
export function logsBloom(logs: readonly SealedLog[]): Hex {
  const bloom = new Uint8Array(SIZE)
  for (const { address, topics } of logs) for (const item of [address, ...topics]) add(bloom, item)
  return bytesToHex(bloom)
}

function add(bloom: Uint8Array, item: Hex): void {
  const hash = keccak256(hexToBytes(item), 'bytes')
  for (const pair of [0, 2, 4]) {
    const bit = (((hash[pair] ?? 0) << 8) | (hash[pair + 1] ?? 0)) % (8 * SIZE)
    const at = SIZE - 1 - (bit >> 3)
    bloom[at] = (bloom[at] ?? 0) | (1 << (bit & 7))
  }
}
