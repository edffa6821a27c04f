import { enigmaActions, type Network } from 'enigma-js'
import { connect } from 'enigma-js/relay'
import { createWalletClient, http, type LocalAccount, parseAbi, publicActions } from 'viem'

declare const pinned: Network
const clientOf = (from: LocalAccount) =>
  createWalletClient({ account: from, transport: http() }).extend(publicActions).extend(enigmaActions(pinned))

const token = parseAbi([
  'function balanceOf(address account) view returns (uint256)',
  'function transfer(address to, uint256 amount) returns (bool)',
])

type Call = { to: `0x${string}`; data: `0x${string}`; value: bigint }

declare global {
  const client: ReturnType<typeof clientOf>
  const network: Network
  const connection: ReturnType<typeof connect>
  const address: `0x${string}`
  const relayer: `0x${string}`
  const sender: `0x${string}`
  const abi: typeof token
  const wallet: { address: `0x${string}`; execute(call: Call): Promise<`0x${string}`> }
}
