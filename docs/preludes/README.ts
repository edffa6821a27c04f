import { enigmaActions, type Network } from 'enigma-js'
import { createWalletClient, http, type LocalAccount, parseAbi, publicActions } from 'viem'

declare const pinned: Network
const connect = (account: LocalAccount) =>
  createWalletClient({ account, transport: http() }).extend(publicActions).extend(enigmaActions(pinned))

const guestbook = parseAbi([
  'function sign(string text) returns (uint256 number)',
  'function mine() view returns (string)',
])

declare global {
  const client: ReturnType<typeof connect>
  const address: `0x${string}`
  const abi: typeof guestbook
}
