import type { Network } from 'enigma-js'
import { type Chain, type EIP1193Provider, parseAbi } from 'viem'

const token = parseAbi(['function transfer(address to, uint256 amount) returns (bool)'])

declare global {
  const network: Network
  const chain: Chain
  const address: `0x${string}`
  const abi: typeof token
  interface Window {
    ethereum: EIP1193Provider
  }
}
