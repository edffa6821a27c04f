// The list of who one may be.
import { type Address, isAddressEqual } from 'viem'
import { browserWallets, localAccounts, localWallet, type Wallet } from './wallet'

let locals: Address[] = []

/** Fills the list: wallets of the browser first, then the funded accounts of a local network. */
export async function listAccounts(list: HTMLSelectElement): Promise<Wallet[]> {
  locals = await localAccounts()
  const wallets = [
    ...browserWallets(),
    ...locals.map((account) => ({ name: nameOf(account), provider: localWallet(account) })),
  ]
  for (const [place, { name }] of wallets.entries()) list.add(new Option(name, String(place)))
  return wallets
}

/** An address as people tell it from others: short, and with its number if it is a local account. */
export function nameOf(account: Address): string {
  const short = `${account.slice(0, 6)}…${account.slice(-4)}`
  const place = locals.findIndex((local) => isAddressEqual(local, account))
  return place < 0 ? short : `Account ${place} (${short})`
}
