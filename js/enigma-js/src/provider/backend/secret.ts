// Whether a secret contract lives at an address: by Merkle proof on the network's chain, by the nodes' word elsewhere.
import type { Address } from 'viem'
import { getChainId } from 'viem/actions'
import { isSecretContract } from '../../actions/isSecretContract.js'
import type { Connection } from '../../connection.js'
import { NodesUnreachableError } from '../../errors/query.js'
import { NodeRpcError, postRpc } from '../../node-rpc.js'

/** What a node answers for a contract that it does not know. */
const NOT_FOUND = -32000
/** Milliseconds that a node may take. */
const TIMEOUT = 5_000

/** Throws if nobody can tell. */
export async function isSecret(connection: Connection, address: Address): Promise<boolean> {
  const chainId = await getChainId(connection.client)
  return chainId === connection.network.chainId
    ? isSecretContract(connection, { address })
    : atNodes(connection, address)
}

/** The wallet is on another chain, which knows nothing of the network: one node that knows the contract is enough. */
async function atNodes({ options }: Connection, address: Address): Promise<boolean> {
  const ask = (node: string) => postRpc(node, 'enigma_contract', [address], { timeout: TIMEOUT })
  const answers = await Promise.allSettled(options.nodes.map(ask))
  if (answers.some(({ status }) => status === 'fulfilled')) return true
  const errors: unknown[] = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
  if (errors.some((error) => error instanceof NodeRpcError && error.code === NOT_FOUND)) return false
  throw new NodesUnreachableError({ nodes: options.nodes, cause: errors[0] })
}
