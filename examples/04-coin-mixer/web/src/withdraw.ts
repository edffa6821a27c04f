// Taking out: a fresh account signs, the connected one sends and pays.
import { authoriseTask, connect, relayTask, waitForSealedTask } from 'enigma-js/relay'
import {
  type Abi,
  type Address,
  createWalletClient,
  custom,
  type EIP1193Provider,
  type Hex,
  type PrivateKeyAccount,
  publicActions,
} from 'viem'
import type { Client } from '../../../web/client'
import { chain, network } from '../../../web/network'

/** Gas of two transfers, to the fresh account and to the relayer. */
const OUTBOUND = 150_000n

/** Spends `note` for `fresh` by a task that `relayer` sends; resolves when it is committed, throws if it failed. */
export async function withdraw(
  relayer: Client,
  fresh: PrivateKeyAccount,
  { address, abi, note }: { address: Address; abi: Abi; note: Hex },
): Promise<void> {
  const transport = custom({ request: relayer.request } as EIP1193Provider)
  const author = createWalletClient({ account: fresh, chain, transport }).extend(publicActions)
  const authors = connect(author, network)
  const { relayed, task } = await authoriseTask(authors, {
    address,
    abi,
    functionName: 'withdraw',
    args: [note],
    relayer: relayer.account.address,
    outbound: OUTBOUND,
  })
  const hash = await relayTask(connect(relayer, network), relayed)
  await waitForSealedTask(authors, { hash, task, abi, functionName: 'withdraw' })
}
