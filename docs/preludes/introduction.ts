import { enigmaActions, type Network } from 'enigma-js'
import { type Account, createWalletClient, http, publicActions } from 'viem'

declare const pinned: Network
const connect = (account: Account) =>
  createWalletClient({ account, transport: http() }).extend(publicActions).extend(enigmaActions(pinned))

declare global {
  const client: ReturnType<typeof connect>
  const address: `0x${string}`
}
