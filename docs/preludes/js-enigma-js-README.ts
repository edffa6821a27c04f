import { enigmaActions, type Network, type TaskHandle } from 'enigma-js'
import {
  type Chain,
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

const counter = parseAbi([
  'function add(uint256 amount) returns (uint256)',
  'function mine() view returns (uint256)',
  'event Added(uint256 amount)',
])

declare global {
  const client: ReturnType<typeof connect>
  const network: Network
  const account: LocalAccount
  const chain: Chain
  const address: `0x${string}`
  const abi: typeof counter
  const task: TaskHandle
  const relayer: `0x${string}`
  const wallet: `0x${string}`
  interface Window {
    ethereum: EIP1193Provider
  }
}
