// Taking out: a fresh account signs, the connected one sends and pays.
import { authoriseTask, connect, relayTask, type SealedTask, waitForSealedTask } from 'enigma-js/relay'
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
import type { Course } from '../../../web/send'

/** Gas of two transfers, to the fresh account and to the relayer. */
const OUTBOUND = 150_000n

/** Spends `note` for `fresh` by a task that `relayer` sends. */
export function withdrawal(
  relayer: Client,
  fresh: PrivateKeyAccount,
  { address, abi, note }: { address: Address; abi: Abi; note: Hex },
): Course {
  const transport = custom({ request: relayer.request } as EIP1193Provider)
  const author = createWalletClient({ account: fresh, chain, transport }).extend(publicActions)
  const authors = connect(author, network)
  let sent: { hash: Hex; task: SealedTask }
  return {
    title: 'withdraw(the note)',
    as: fresh.address,
    done: 'Committed: the chain sees who relayed it, and whom the contract paid.',
    async send(onStage) {
      const { relayed, task } = await authoriseTask(authors, {
        address,
        abi,
        functionName: 'withdraw',
        args: [note],
        relayer: relayer.account.address,
        outbound: OUTBOUND,
      })
      sent = { hash: await relayTask(connect(relayer, network), relayed), task }
      onStage('submitted', { hash: sent.hash, contract: address })
      return sent.hash
    },
    wait: (onStage) => waitForSealedTask(authors, { ...sent, abi, functionName: 'withdraw', onStage }),
  }
}
