// A network with something in it, for the browser.
import { privateKeyToAccount } from 'viem/accounts'
import type { Hex } from '../src/model/schema'
import { account, aTask, committed, MockNode } from './mock'
import { NETWORK } from './sealed'

export const USER = privateKeyToAccount('0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d')
export const TOKEN = account(0x501)
export const VAULT = account(0x502)

/** Four key nodes and three workers, two contracts, some tasks. */
export async function scene(dist: string, port = 0): Promise<MockNode> {
  const node = await MockNode.start(dist, port)
  node.network = { ...node.network, ...NETWORK }
  node.mesh(4, 3)
  node.addContract(TOKEN, { inputs: 6, committed: 4 })
  node.addContract(VAULT, { inputs: 1, committed: 1, createdBlock: 700, balance: '0' })
  node.create(committed(aTask(VAULT, 0, { sender: account(7) })), false)
  for (const index of [0, 1, 2, 3])
    node.create(committed(aTask(TOKEN, index, { sender: account(index % 2 ? 1 : 9) })), false)
  node.create(aTask(TOKEN, 4), false)
  node.create(aTask(TOKEN, 5, { stage: 'waiting', ahead: 1 }), false)
  return node
}

export const lower = (address: string) => address.toLowerCase() as Hex
