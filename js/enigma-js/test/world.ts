// What the tests of lies look at: two secret contracts, and a committed task of each.
import { type Address, type Hash, type Hex, hexToBigInt } from 'viem'
import type { TaskHandle, TaskResult } from '../src/index.js'
import { compile } from './compile.js'
import { ask, type Lie, lyingTransport, type Request } from './liar.js'
import { type LocalNetwork, startNetwork } from './local-network.js'
import { probeAbi as abi } from './probe-abi.js'

export type World = {
  local: LocalNetwork
  rpc: string
  enigma: Address
  mine: { address: Address; task: TaskHandle; done: TaskResult }
  theirs: { address: Address; task: TaskHandle; done: TaskResult }
  chain(method: string, ...params: readonly unknown[]): Promise<unknown>
}

export async function createWorld(): Promise<World> {
  const local = await startNetwork()
  const { rpc } = local.json
  const { bytecode } = compile('fixtures/Probe.sol', 'Probe')
  const [mine, theirs] = await Promise.all([begin(local, 0, bytecode), begin(local, 1, bytecode)])
  const chain: World['chain'] = (method, ...params) => ask(rpc, { method, params })
  return { local, rpc, enigma: local.network.enigma, mine, theirs, chain }
}

async function begin(local: LocalNetwork, index: number, bytecode: Hex) {
  const client = local.client(index)
  const { address, task: deployment } = await client.deploySecretContract({ abi, bytecode, args: [7n] })
  await client.waitForTask({ task: deployment })
  const task = await client.writeSecretContract({ address, abi, functionName: 'add', args: [5n] })
  const done = await client.waitForTask({ task, abi, functionName: 'add' })
  return { address, task, done: done as TaskResult }
}

/** A client of the account that owns `mine`, whose RPC lies. */
export function deceived({ local, rpc }: World, lie?: Lie, nodes: readonly string[] = local.network.nodes) {
  return local.client(0, { transport: lyingTransport(rpc, lie), nodes })
}

/** Reads the committed task of `mine` again, all of it, through an RPC that lies. */
export function reread(world: World, lie?: Lie) {
  return deceived(world, lie).waitForTask({
    hash: world.mine.task.hash,
    abi,
    functionName: 'add',
    timeout: 15_000,
  })
}

/** Changes the answers to one method. */
export function rewrite<T>(method: string, change: (answer: T, request: Request) => unknown): Lie {
  return async (request, tell) =>
    request.method === method ? change((await tell(request)) as T, request) : undefined
}

/** Several lies at once; the first that has an answer. */
export function together(...lies: readonly Lie[]): Lie {
  return async (request, tell) => {
    for (const lie of lies) {
      const said = await lie(request, tell)
      if (said !== undefined) return said
    }
    return undefined
  }
}

/** A log as an RPC tells it. */
export type RawLog = {
  address: Address
  topics: [Hex, ...Hex[]]
  data: Hex
  transactionHash: Hash
  blockHash: Hash
  blockNumber: Hex
}

export async function storage({ chain, enigma }: World, slot: Hex): Promise<bigint> {
  return hexToBigInt((await chain('eth_getStorageAt', enigma, slot, 'latest')) as Hex)
}
