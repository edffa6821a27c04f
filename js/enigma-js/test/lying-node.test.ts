// What a node can answer to a private read that is not so, and which error says that it was noticed.
import { type Hex, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  ForgedReplyError,
  fetchNetwork,
  NodesUnreachableError,
  QueryRefusedError,
  StaleStateError,
  WrongNetworkError,
} from '../src/index.js'
import { queryContext, queryReplyDigest } from '../src/protocol/query.js'
import { flip, type Lie, lyingNode } from './liar.js'
import { account } from './local-network.js'
import { probeAbi as abi } from './probe-abi.js'
import { refuses } from './refusal.js'
import { createWorld, deceived, rewrite, type World } from './world.js'

type Reply = {
  epoch: number
  stateHead: Hex
  blockNumber: number
  blockHash: Hex
  salt: Hex
  output: Hex
  signature: Hex
}

let world: World
let real: string
let node: { url: string; close(): Promise<void> }
let lie: Lie | undefined

beforeAll(async () => {
  world = await createWorld()
  real = world.local.network.nodes[0] as string
  node = await lyingNode(real, (...asked) => lie?.(...asked))
})

afterAll(async () => {
  await node?.close()
  await world?.local.stop()
})

/** Reads through the node, which lies like this. */
function read(
  how: Lie | undefined,
  { client = deceived(world, undefined, [node.url]), address = world.mine.address, timeout = 10_000 } = {},
) {
  lie = how
  return client.readSecretContract({ address, abi, functionName: 'total', anonymous: true, timeout })
}

const changed = (change: (reply: Reply) => object | Promise<object>) =>
  rewrite<Reply>('enigma_query', async (reply) => ({ ...reply, ...(await change(reply)) }))

test('without a lie, the same node is believed', async () => {
  expect(await read(undefined)).toBe(12n)
  expect(await read(changed(() => ({ beside: 'the point' })))).toBe(12n)
})

describe('a forged reply', () => {
  const changes: [string, (reply: Reply) => object, RegExp][] = [
    ['later epoch', ({ epoch }) => ({ epoch: epoch + 1 }), /not that of its block/],
    ['earlier epoch', ({ epoch }) => ({ epoch: epoch - 1 }), /not that of its block/],
    ['state head', ({ stateHead }) => ({ stateHead: flip(stateHead, 0) }), /lottery/],
    ['later block number', ({ blockNumber }) => ({ blockNumber: blockNumber + 1 }), /another number/],
    ['earlier block number', ({ blockNumber }) => ({ blockNumber: blockNumber - 1 }), /another number/],
    ['block hash', ({ blockHash }) => ({ blockHash: flip(blockHash, 0) }), /is no worker/],
    ['salt', ({ salt }) => ({ salt: flip(salt, 0) }), /lottery/],
    ['output', ({ output }) => ({ output: flip(output, 0) }), /lottery/],
    ['shorter output', ({ output }) => ({ output: output.slice(0, -2) }), /lottery/],
    ['signature', ({ signature }) => ({ signature: flip(signature, 40) }), /lottery|malformed/],
    [
      'shorter signature',
      ({ signature }) => ({ signature: signature.slice(0, -2) }),
      /`signature` is malformed/,
    ],
    ['sort of epoch', () => ({ epoch: '2' }), /`epoch` is malformed/],
    ['sort of block number', () => ({ blockNumber: -1 }), /`blockNumber` is malformed/],
    ['sort of output', () => ({ output: 'the total is 12' }), /`output` is malformed/],
  ]
  test.each(changes)('with another %s', async (_, change, word) => {
    await refuses(read(changed(change)), ForgedReplyError, word)
  })

  test('that says nothing', async () => {
    await refuses(read(rewrite('enigma_query', () => null)), ForgedReplyError, 'malformed')
  })

  test('signed by a stranger', async () => {
    const sign: Lie = async (request, tell) => {
      if (request.method !== 'enigma_query') return undefined
      const reply = (await tell(request)) as Reply
      const [contract, envelope] = request.params as [Hex, Hex]
      const ctx = queryContext(world.local.network.network, contract, envelope, reply)
      return { ...reply, signature: await account(9).sign({ hash: queryReplyDigest(ctx, reply) }) }
    }
    await refuses(read(sign), ForgedReplyError, account(9).address)
  })

  test('to another query, or of another contract', async () => {
    let earlier: Reply | undefined
    const keep = changed((reply) => {
      earlier = reply
      return {}
    })
    await read(keep)
    await refuses(read(changed(() => earlier ?? {})), ForgedReplyError, 'lottery')
    await read(keep, { address: world.theirs.address })
    await refuses(read(changed(() => earlier ?? {})), ForgedReplyError, 'lottery')
  })

  test('does not spoil what is read after it', async () => {
    const client = deceived(world, undefined, [node.url])
    for (const by of [1, -1])
      await refuses(
        read(
          changed(({ epoch }) => ({ epoch: epoch + by })),
          { client },
        ),
        ForgedReplyError,
        'epoch',
      )
    expect(await read(undefined, { client })).toBe(12n)
  })

  test('is not the last word if another node is honest', async () => {
    const client = deceived(world, undefined, [node.url, real])
    expect(
      await read(
        changed(() => ({ epoch: 1 })),
        { client, timeout: 10_000 },
      ),
    ).toBe(12n)
  })
})

describe('a stale reply', () => {
  test('held back until its block is old', async () => {
    const held: Lie = async (request, tell) => {
      if (request.method !== 'enigma_query') return undefined
      const reply = await tell(request)
      await world.chain('anvil_mine', numberToHex(9))
      return reply
    }
    await refuses(read(held, { timeout: 2_000 }), StaleStateError, /behind the newest/)
    expect(await read(undefined, { timeout: 10_000 })).toBe(12n)
  })

  test('from before a commit that this client has seen', async () => {
    const address = world.mine.address
    const client = deceived(world, undefined, [node.url])
    const held: Lie = async (request, tell) => {
      if (request.method !== 'enigma_query') return undefined
      const reply = await tell(request)
      const task = await client.writeSecretContract({ address, abi, functionName: 'add', args: [0n] })
      await client.waitForTask({ task })
      return reply
    }
    await refuses(read(held, { client, timeout: 2_000 }), StaleStateError, 'was seen already')
  })

  test('of a block that the RPC does not have', async () => {
    const hides: Lie = ({ method, params }, tell) =>
      method === 'eth_getBlockByHash' && params[0] !== world.local.network.checkpointHash
        ? null
        : tell({ method, params })
    const client = deceived(world, hides, [node.url])
    await refuses(read(undefined, { client, timeout: 2_000 }), StaleStateError, 'does not know its block')
  })
})

describe('nodes', () => {
  test('that are dead are passed over', async () => {
    const client = deceived(world, undefined, ['http://127.0.0.1:9', 'not a url', real])
    expect(await read(undefined, { client })).toBe(12n)
  })

  test('that are all dead are named', async () => {
    const client = deceived(world, undefined, ['http://127.0.0.1:9'])
    await refuses(read(undefined, { client }), NodesUnreachableError, 'http://127.0.0.1:9')
    await refuses(
      read(undefined, { client: deceived(world, undefined, []) }),
      NodesUnreachableError,
      'pass `nodes`',
    )
  })

  test('that refuse say why', async () => {
    const refuse: Lie = ({ method }) => {
      if (method === 'enigma_query')
        throw Object.assign(new Error('no'), { code: -32_001, data: { code: 15 } })
    }
    await refuses(read(refuse), QueryRefusedError, 'does not serve this contract')
  })
})

describe('a descriptor from a node', () => {
  const pinned = (how?: Lie) => {
    lie = how
    return fetchNetwork(node.url, { pin: world.local.network.network, allowSimulated: true })
  }

  test('is believed if it is the pinned one', async () => {
    const { nodes, ...network } = world.local.network
    expect(await pinned()).toEqual({ ...network, nodes: [node.url] })
    expect(nodes.length).toBeGreaterThan(1)
  })

  test('with another key is refused', async () => {
    const other = rewrite<{ publicKey: Hex }>('enigma_network', (told) => ({
      ...told,
      publicKey: flip(told.publicKey, told.publicKey.startsWith('0x') ? 40 : 41),
    }))
    await refuses(pinned(other), WrongNetworkError, 'in its own descriptor')
  })
})
