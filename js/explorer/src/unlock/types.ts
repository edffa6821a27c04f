// What the page knows of a wallet and of opened results. No secret is in here: those stay in `session.ts`.
import type { Abi } from 'viem'
import type { Hex } from '../model/schema'
import type { Output } from './protocol'

export type Wallet = { readonly id: string; readonly name: string }

export type LoadedAbi = { readonly name: string; readonly abi: Abi }

export type WalletState = {
  /** What announced itself (EIP-6963), or stands at `window.ethereum`. */
  readonly wallets: readonly Wallet[]
  /** Name of the connected one. */
  readonly connected: string | null
  readonly account: Hex | null
  readonly chainId: number | null
  readonly busy: boolean
  readonly problem: string | null
  /** Contracts whose view key was asked for, or is here. */
  readonly unlocked: ReadonlyMap<string, 'asking' | 'open'>
  readonly abis: ReadonlyMap<string, LoadedAbi>
  /** What is wrong with the ABI that was offered, by contract. */
  readonly abiProblems: ReadonlyMap<string, string>
}

export const noWallet: WalletState = {
  wallets: [],
  connected: null,
  account: null,
  chainId: null,
  busy: false,
  problem: null,
  unlocked: new Map(),
  abis: new Map(),
  abiProblems: new Map(),
}

export type Opened =
  | { readonly state: 'opening' }
  | { readonly state: 'open'; readonly output: Output }
  | { readonly state: 'closed'; readonly reason: string }
