// What the page needs of an ERC-20; `ethers.ts` and `viem.ts` each give it in their library's own way.
import type { Address, Hex } from 'viem'

/** One Transfer event, in the smallest unit. */
export type Transfer = { from: Address; to: Address; value: bigint; transaction: Hex }

/** A token, seen by one account. Amounts are in the smallest unit. */
export type Token = {
  account: Address
  name: string
  symbol: string
  decimals: number
  balanceOf(holder: Address): Promise<bigint>
  /** Resolves when sent; `wait` when the transfer has happened, and throws if it has not. */
  transfer(to: Address, value: bigint): Promise<{ hash: Hex; wait(): Promise<void> }>
  /** Past transfers, oldest first. */
  transfers(): Promise<Transfer[]>
}

/** Connects the browser's wallet to the token at an address. */
export type Connect = (address: Address) => Promise<Token>
