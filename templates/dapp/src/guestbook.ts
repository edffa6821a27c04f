// The contract, from this side: a connected client and one function for each thing that one can do with it.
import { defineNetwork, enigmaActions, type NetworkJson } from 'enigma-js'
import { type Account, type Address, createClient, defineChain, http, parseAbi } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'

export const abi = parseAbi([
  'function sign(string text) returns (uint256 number)',
  'function count() view returns (uint256)',
  'function mine() view returns (string)',
  'struct Entry { address author; string text; }',
  'function all() view returns (Entry[])',
  'event Signed(uint256 number)',
  'error OnlyTheOwner()',
  'error SignedAlready()',
  'error WriteSomething()',
])

/** What scripts/deploy.mjs writes. */
export type Deployment = { address: Address; network: NetworkJson & { rpc: string } }

/** Accounts of a local network: everybody knows their keys. The contract was deployed by number 0. */
export const localAccount = (index: number): Account =>
  mnemonicToAccount('test test test test test test test test test test test junk', { addressIndex: index })

/** The guestbook as one account sees it. With a browser's wallet, give its account and `custom(window.ethereum)`. */
export function connect({ address, network: json }: Deployment, account: Account) {
  // Simulated enclaves keep secrets from nobody who owns their machine: for development alone.
  const network = defineNetwork(json, { allowSimulated: true })
  const chain = defineChain({
    id: network.chainId,
    name: 'Local',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [json.rpc] } },
  })
  const client = createClient({ account, chain, transport: http() }).extend(enigmaActions(network))
  const contract = { address, abi } as const

  return {
    /** Signs the book; resolves when Ethereum has accepted the result. */
    async sign(text: string, onStage?: (stage: string) => void): Promise<bigint> {
      const task = await client.writeSecretContract({ ...contract, functionName: 'sign', args: [text], onStage })
      const { result } = await client.waitForTask({ task, abi, functionName: 'sign', onStage })
      return result
    },
    count: () => client.readSecretContract({ ...contract, functionName: 'count', anonymous: true }),
    mine: () => client.readSecretContract({ ...contract, functionName: 'mine' }),
    all: () => client.readSecretContract({ ...contract, functionName: 'all' }),
  }
}
