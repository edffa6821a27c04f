// The one real backend: the actions of enigma-js over a client that speaks through the wrapped provider.
import { type Address, createClient, custom, defineChain, type Hash } from 'viem'
import { deploySecretContract } from '../../actions/deploySecretContract.js'
import { lock } from '../../actions/lock.js'
import { callSecretContract } from '../../actions/readSecretContract.js'
import { sendSecretTransaction } from '../../actions/writeSecretContract.js'
import { type Connection, connect, type EnigmaOptions } from '../../connection.js'
import type { Network } from '../../network.js'
import { blockAt } from '../../verify/block.js'
import type { Backend, Eip1193Provider, Task } from '../types.js'
import { taskLogs } from './logs.js'
import { Refusals } from './refusals.js'
import { isSecret } from './secret.js'
import { taskLookup } from './task.js'

/** Serves the router from the network, asking the wallet for signatures and transactions. */
export function createBackend(
  provider: Eip1193Provider,
  network: Network,
  options: EnigmaOptions = {},
): Backend {
  const connection = connect(clientOf(provider, network), network, options)
  const reads = new Refusals(30_000)
  // Pages look for receipts and logs again and again, all by themselves.
  const views = new Refusals(300_000)
  const task = taskLookup(connection)

  return {
    isSecret: (address) => isSecret(connection, address),
    query: ({ to: address, from: account, data }) =>
      account
        ? reads.unlessRefused(`${address} ${account}`, () =>
            callSecretContract(connection, { address, account, data }),
          )
        : callSecretContract(connection, { address, anonymous: true, data }),
    async send(task) {
      const { to: address, data } = task
      return (
        await sendSecretTransaction(connection, { address, data, ...(await termsOf(connection, task)) })
      ).hash
    },
    async deploy(deployment) {
      // Where code ends and arguments begin is not known here, so all of it is encrypted.
      const terms = {
        abi: [],
        bytecode: deployment.data,
        secretCode: true,
        ...(await termsOf(connection, deployment)),
      }
      const { address, task } = await deploySecretContract(connection, terms)
      return { hash: task.hash, address }
    },
    task: (hash: Hash, accounts: readonly Address[]) =>
      views.unlessRefused(`${hash} ${accounts.join()}`, () => task(hash, accounts)),
    logs: (range) =>
      views.unlessRefused(`${range.contract} ${range.account}`, () => taskLogs(connection, range)),
    forget: (account) => lock(connection, { account }),
  }
}

async function termsOf(connection: Connection, { from, value, gas, price, nonce }: Omit<Task, 'to'>) {
  return {
    account: from,
    value,
    gas,
    ...(price === undefined ? {} : { priceCap: await capOf(connection, price) }),
    ...(nonce === undefined ? {} : { nonce }),
  }
}

/**
 * The dApp's price as the cap of the task, but never less than the network takes: twice the base fee, and the base fee
 * may rise by an eighth until the transaction is in a block.
 */
async function capOf(connection: Connection, price: bigint): Promise<bigint> {
  const { baseFeePerGas } = await blockAt(connection, 'latest')
  const least = (baseFeePerGas * 9n) / 4n + 1n
  return price < least ? least : price
}

function clientOf(provider: Eip1193Provider, { chainId }: Network) {
  const chain = defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [] } },
  })
  return createClient({ chain, transport: custom({ request: (args) => provider.request(args) }) })
}
