import { enigmaActions, type Network } from 'enigma-js'
import {
  createWalletClient,
  type EIP1193Provider,
  http,
  type LocalAccount,
  parseAbi,
  publicActions,
} from 'viem'

declare const pinned: Network
const connect = (from: LocalAccount) =>
  createWalletClient({ account: from, transport: http() }).extend(publicActions).extend(enigmaActions(pinned))

const token = parseAbi([
  'function balanceOf(address account) view returns (uint256)',
  'function totalSupply() view returns (uint256)',
  'function transfer(address to, uint256 amount) returns (bool)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
])

declare global {
  const client: ReturnType<typeof connect>
  const account: LocalAccount
  const address: `0x${string}`
  const abi: typeof token
  const bytecode: `0x${string}`
  interface Window {
    ethereum: EIP1193Provider
  }
}
