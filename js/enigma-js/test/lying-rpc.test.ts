// What an RPC can say that is not so, and which error says that it was noticed. Each lie has its control: the same
// transport without it succeeds.
import {
  type AbiParameter,
  decodeEventLog,
  encodeAbiParameters,
  encodeEventTopics,
  encodeFunctionData,
  type Hex,
  keccak256,
  numberToHex,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enigmaAbi, inputCreatedEvent } from '../src/abi.js'
import {
  DroppedTaskError,
  defineNetwork,
  EnigmaError,
  ForeignContractError,
  ForgedInputError,
  ForgedReplyError,
  ProofError,
  StaleStateError,
  WrongNetworkError,
  WrongPublicKeyError,
} from '../src/index.js'
import { layout } from '../src/protocol/layout.js'
import { networkId } from '../src/protocol/network.js'
import type { Commitment } from '../src/protocol/packed.js'
import { domainOf, receiptDigest } from '../src/protocol/receipt.js'
import { forgedBlock, forgedState } from './forge.js'
import { commitmentOf, showing, showingCalldata } from './forged-commit.js'
import { flip, type Lie, lyingTransport } from './liar.js'
import { account } from './local-network.js'
import { pack } from './packing.js'
import { probeAbi as abi } from './probe-abi.js'
import { refuses } from './refusal.js'
import {
  createWorld,
  deceived,
  type RawLog,
  reread,
  rewrite,
  storage,
  together,
  type World,
} from './world.js'

let world: World

beforeAll(async () => {
  world = await createWorld()
})

afterAll(() => world?.local.stop())

test('without a lie, the same transport succeeds', async () => {
  expect(await reread(world)).toEqual(world.mine.done)
  expect((await reread(world)).result).toBe(12n)
  expect(await deceived(world).isSecretContract({ address: world.mine.address })).toBe(true)
})

describe('another key or network', () => {
  /** Shows a forged newest block whose state holds the words of the real one, but for `changes`. */
  async function forgedChain(changes: Record<Hex, bigint>): Promise<Lie> {
    const slots = [layout.network, layout.compressedKeyHash, layout.epoch, layout.parameters]
    const words = new Map<Hex, bigint>()
    for (const slot of slots) words.set(slot, changes[slot] ?? (await storage(world, slot)))
    for (const [slot, word] of words) if (word === 0n) words.delete(slot)
    const { stateRoot, answer } = forgedState(world.enigma, words)
    return together(
      rewrite<object>('eth_getBlockByNumber', (block, { params }) =>
        params[0] === 'latest' ? forgedBlock(block, stateRoot) : block,
      ),
      ({ method, params }) => (method === 'eth_getProof' ? answer(params[1] as Hex[]) : undefined),
    )
  }
  const send = (lie?: Lie) =>
    deceived(world, lie).writeSecretContract({
      address: world.mine.address,
      abi,
      functionName: 'add',
      args: [1n],
    })

  test('a forged chain that names another key', async () => {
    const lie = await forgedChain({ [layout.compressedKeyHash]: 1n })
    await refuses(deceived(world, lie).getCredits(), WrongPublicKeyError, 'another network key')
    await refuses(send(lie), WrongPublicKeyError, 'Nothing was sent')
  })

  test('a forged chain that names another network, or none', async () => {
    await refuses(send(await forgedChain({ [layout.network]: 1n })), WrongNetworkError, 'found 0x0')
    await refuses(send(await forgedChain({ [layout.network]: 0n })), WrongNetworkError, 'found 0x0')
  })

  test('a forged chain that says what the descriptor says is noticed by nobody: the limit of a dev network', async () => {
    const client = deceived(world, await forgedChain({}))
    expect(await client.isSecretContract({ address: world.mine.address })).toBe(false)
  })

  test('a descriptor with another key', async () => {
    const { json } = world.local
    const other = flip(`0x${json.publicKey.replace(/^0x/, '')}`, 95)
    expect(() => defineNetwork({ ...json, publicKey: other }, { allowSimulated: true })).toThrow(
      WrongNetworkError,
    )
    const made = { ...world.local.network, publicKey: other as Hex }
    const network = { ...made, network: networkId(made) }
    const client = world.local.client(0, { network, transport: lyingTransport(world.rpc) })
    await refuses(
      client.getEpoch().then(() => client.getCredits()),
      WrongPublicKeyError,
      'pinned one',
    )
  })

  test('a descriptor with other rules of admission', async () => {
    const made = { ...world.local.network, attestationRoot: numberToHex(1, { size: 32 }) }
    const network = { ...made, network: networkId(made) }
    const client = world.local.client(0, { network, transport: lyingTransport(world.rpc) })
    await refuses(client.getCredits(), WrongNetworkError, 'Expected the network')
  })

  test('another chain', async () => {
    await refuses(send(rewrite('eth_chainId', () => '0x1')), WrongNetworkError, 'chain 1')
    const { checkpointNumber } = world.local.network
    const otherStart: Lie = async ({ method, params }, tell) =>
      method === 'eth_getBlockByNumber' && params[0] === numberToHex(checkpointNumber)
        ? forgedBlock((await tell({ method, params })) as object, numberToHex(7, { size: 32 }))
        : undefined
    await refuses(send(otherStart), WrongNetworkError, 'checkpoint')
  })
})

describe('another contract', () => {
  test('its task in the place of mine', async () => {
    const { mine, theirs } = world
    const lie: Lie = async ({ method, params }, tell) => {
      if (method !== 'eth_getTransactionReceipt' || params[0] !== mine.task.hash) return undefined
      const receipt = (await tell({ method, params: [theirs.task.hash] })) as { logs: RawLog[] }
      const logs = receipt.logs.map((log) => ({ ...log, transactionHash: mine.task.hash }))
      return { ...receipt, transactionHash: mine.task.hash, logs }
    }
    await refuses(reread(world, lie), ForeignContractError, mine.address)
  })

  test('its commit in the place of mine', async () => {
    const { mine, theirs } = world
    const lie = rewrite<RawLog[]>('eth_getLogs', (logs) =>
      logs.map((log) =>
        log.transactionHash === mine.done.commit.transaction
          ? { ...log, transactionHash: theirs.done.commit.transaction }
          : log,
      ),
    )
    await refuses(reread(world, lie), ForeignContractError, 'commits nothing of it')
  })

  test('its storage in the place of mine', async () => {
    const { mine, theirs } = world
    const lie: Lie = ({ method, params }, tell) => {
      if (method !== 'eth_getProof') return undefined
      const record = (address: Hex) => [0, 1].map((offset) => layout.secretContract(address, offset))
      const slots = (params[1] as Hex[]).map((slot) => {
        const offset = record(mine.address).indexOf(slot)
        return offset < 0 ? slot : record(theirs.address)[offset]
      })
      return tell({ method, params: [params[0], slots, params[2]] })
    }
    await refuses(deceived(world, lie).isSecretContract({ address: mine.address }), ProofError, 'record')
  })
})

describe('a stale head', () => {
  const back =
    (blocks: bigint): Lie =>
    async ({ method, params }, tell) => {
      if (method !== 'eth_getBlockByNumber' || params[0] !== 'latest') return undefined
      const newest = BigInt((await tell({ method: 'eth_blockNumber', params: [] })) as Hex)
      return tell({ method, params: [numberToHex(newest - blocks), false] })
    }

  test('an old block as the newest', async () => {
    let lie: Lie | undefined
    const client = deceived(world, (...asked) => lie?.(...asked))
    await client.getEpoch()
    lie = back(9n)
    await refuses(client.getEpoch(), StaleStateError, 'which the RPC calls its newest')
    lie = back(2n)
    expect((await client.getEpoch()).epoch).toBeGreaterThan(0)
  })

  test('an old state in the place of the newest', async () => {
    const lie: Lie = ({ method, params }, tell) =>
      method === 'eth_getProof' ? tell({ method, params: [params[0], params[1], '0x4'] }) : undefined
    await refuses(deceived(world, lie).getEpoch(), ProofError, 'cannot prove the network')
  })
})

describe('a dropped task', () => {
  test('the transaction vanishes after it was broadcast', async () => {
    let swallow = true
    const client = deceived(world, ({ method, params }) =>
      swallow && method === 'eth_sendRawTransaction' ? keccak256(params[0] as Hex) : undefined,
    )
    const send = () =>
      client.writeSecretContract({
        address: world.mine.address,
        abi,
        functionName: 'add',
        args: [0n],
      })
    await refuses(
      client.waitForTask({ task: await send() }),
      DroppedTaskError,
      'does not know the transaction',
    )
    swallow = false
    expect((await client.waitForTask({ task: await send() })).data).not.toBe('0x')
  })

  test('the commit is hidden', async () => {
    await refuses(
      reread(
        world,
        rewrite('eth_getLogs', () => []),
      ),
      DroppedTaskError,
      'does not show it',
    )
  })

  test('the commit is announced in a block that does not have it', async () => {
    const { chain, mine } = world
    const receipt = (await chain('eth_getTransactionReceipt', mine.task.hash)) as RawLog
    const { blockHash, blockNumber } = receipt
    expect(BigInt(blockNumber)).toBeLessThan(mine.done.commit.block)
    const lie = rewrite<RawLog[]>('eth_getLogs', (logs) =>
      logs.map((log) =>
        log.transactionHash === mine.done.commit.transaction ? { ...log, blockHash, blockNumber } : log,
      ),
    )
    await refuses(reread(world, lie), DroppedTaskError, 'does not have')
  })

  test('the commit’s transaction is hidden', async () => {
    const lie: Lie = ({ method, params }) =>
      method === 'eth_getTransactionByHash' && params[0] === world.mine.done.commit.transaction
        ? null
        : undefined
    await refuses(reread(world, lie), DroppedTaskError, 'not the transaction')
  })
})

describe('a forged commit', () => {
  let real: Commitment
  const other = numberToHex(1, { size: 32 })

  beforeAll(async () => {
    real = await commitmentOf(world)
  })

  test('the real one in a transaction of somebody else is as good', async () => {
    expect((await reread(world, await showing(world, real))).result).toBe(12n)
  })

  test('calldata that does not hash to the transaction', async () => {
    const lie = rewrite<{ input: Hex; hash: Hex } | null>('eth_getTransactionByHash', (transaction) =>
      transaction?.hash === world.mine.done.commit.transaction
        ? { ...transaction, input: flip(transaction.input, -40) }
        : transaction,
    )
    await refuses(reread(world, lie), ProofError, 'cannot prove transaction')
  })

  test('calldata that is no commit', async () => {
    await refuses(reread(world, await showingCalldata(world, '0xdeadbeef')), ProofError, 'is a commit')
  })

  const receiptChanges: [string, Partial<Commitment['receipt']>, RegExp][] = [
    ['epoch', { epoch: 999n }, /epoch 999/],
    ['inputHead', { inputHead: other }, /lottery/],
    ['stateHeadBefore', { stateHeadBefore: other }, /lottery/],
    ['anchorNumber', { anchorNumber: 1n }, /lottery/],
    ['anchorHash', { anchorHash: other }, /lottery/],
    ['snapshotHash', { snapshotHash: other }, /lottery/],
  ]
  test.each(receiptChanges)('its receipt with another %s', async (_, change, word) => {
    const commitment = { ...real, receipt: { ...real.receipt, ...change } }
    await refuses(reread(world, await showing(world, commitment)), ForgedReplyError, word)
  })

  test.each(['secretContract', 'firstIndex'] as const)('its receipt with another %s', async (field) => {
    const value = field === 'secretContract' ? world.theirs.address : real.receipt[field] + 1n
    const commitment = { ...real, receipt: { ...real.receipt, [field]: value } }
    await refuses(reread(world, await showing(world, commitment)), ForeignContractError, 'commits nothing')
  })

  type Task = Commitment['tasks'][number]
  const taskChanges: [string, (task: Task) => Partial<Task>, RegExp][] = [
    ['status', ({ result }) => ({ result: { ...result, status: 1 } }), /lottery/],
    ['gasCharged', ({ result }) => ({ result: { ...result, gasCharged: 1n } }), /lottery/],
    ['output', ({ output }) => ({ output: flip(output, 3) }), /lottery/],
    ['delta', ({ delta }) => ({ delta: flip(delta, 3) }), /lottery/],
    ['kind', () => ({ kind: 2 }), /another input/],
    ...Array.from({ length: 15 }, (_, bit): [string, (task: Task) => Partial<Task>, RegExp] => [
      `field ${bit} of its input`,
      ({ fields }) => ({ fields: fields.map((field, i) => (i === bit ? field + 1n : field)) }),
      /another input/,
    ]),
  ]
  test.each(taskChanges)('with another %s', async (_, change, word) => {
    const commitment = { ...real, tasks: real.tasks.map((task) => ({ ...task, ...change(task) })) }
    await refuses(reread(world, await showing(world, commitment)), ForgedReplyError, word)
  })

  test.each([
    ['no task', ({ tasks: _, ...rest }: Commitment) => ({ ...rest, tasks: [] })],
    ['a task more', (it: Commitment) => ({ ...it, tasks: [...it.tasks, ...it.tasks] })],
  ])('with %s', async (_, change) => {
    await refuses(reread(world, await showing(world, change(real))), ForeignContractError, 'commits nothing')
  })

  test('with a byte more, or less', async () => {
    const packed = pack(real)
    for (const other of [`${packed}00`, packed.slice(0, -2)] as Hex[]) {
      const data = encodeFunctionData({ abi: enigmaAbi, functionName: 'commit', args: [[other]] })
      await refuses(
        reread(world, await showingCalldata(world, data)),
        ForeignContractError,
        'commits nothing',
      )
    }
  })

  test('with a call that was not signed', async () => {
    const index = real.receipt.firstIndex
    const call = { index, kind: 1, target: world.enigma, value: 1n, gas: 0n, data: '0x' } as const
    const commitment = { ...real, outbound: [call] }
    await refuses(reread(world, await showing(world, commitment)), ForgedReplyError, /lottery/)
  })

  const partChanges: [
    string,
    (commitment: Commitment) => Partial<Commitment> | Promise<Partial<Commitment>>,
    RegExp,
  ][] = [
    [
      'a signature’s byte flipped',
      ({ signatures }) => ({ signatures: signatures.map((it) => flip(it, 40)) }),
      /lottery|malformed/,
    ],
    ['no signature', () => ({ signatures: [] }), /0 signatures/],
    [
      'a signature twice',
      ({ signatures }) => ({ signatures: [...signatures, ...signatures] }),
      /signed it twice/,
    ],
    [
      'the signature of a stranger',
      async ({ receipt }) => {
        const hash = receiptDigest(domainOf(31_337, world.enigma), receipt)
        return { signatures: [await account(9).sign({ hash })] }
      },
      /lottery/,
    ],
  ]
  test.each(partChanges)('with %s', async (_, change, word) => {
    const commitment = { ...real, ...(await change(real)) }
    await refuses(reread(world, await showing(world, commitment)), ForgedReplyError, word)
  })
})

describe('a forged input', () => {
  type Fields = Record<string, unknown>

  /** The receipt of the task with its announcement changed. */
  function announcing(change: (fields: Fields) => Fields): Lie {
    return rewrite<{ logs: RawLog[] } | null>('eth_getTransactionReceipt', (receipt) =>
      receipt ? { ...receipt, logs: receipt.logs.map((log) => edit(log, change)) } : receipt,
    )
  }

  function edit(log: RawLog, change: (fields: Fields) => Fields): RawLog {
    const { args } = decodeEventLog({ abi: [inputCreatedEvent], topics: log.topics, data: log.data })
    const fields = change({ ...args })
    const plain = inputCreatedEvent.inputs.filter(({ indexed }) => !indexed) as AbiParameter[]
    const topics = encodeEventTopics({ abi: [inputCreatedEvent], args: fields as typeof args })
    const data = encodeAbiParameters(
      plain,
      plain.map(({ name }) => fields[name ?? '']),
    )
    return { ...log, topics: topics as RawLog['topics'], data }
  }

  test('announced as it is, it is believed', async () => {
    expect(
      (
        await reread(
          world,
          announcing((fields) => fields),
        )
      ).result,
    ).toBe(12n)
  })

  const changes: [string, Fields][] = [
    ['index', { index: 0n }],
    ['index', { index: 77n }],
    ['sender', { sender: account(7).address }],
    ['kind', { kind: 2 }],
    ['inputHead', { inputHead: numberToHex(1, { size: 32 }) }],
    ['onBehalfOf', { onBehalfOf: numberToHex(1, { size: 32 }) }],
    ['value', { value: 1n }],
    ['gasLimit', { gasLimit: 1n }],
    ['commitGas', { commitGas: 1n }],
    ['priceCap', { priceCap: 1n }],
    ['tip', { tip: 1n }],
    ['epoch', { epoch: 1 }],
    ['inclusionEpoch', { inclusionEpoch: 1 }],
    ['inflow', { inflow: 1n }],
    ['envelope', { envelope: '0x00' }],
  ]
  test.each(changes)('with another %s', async (_, change) => {
    await refuses(
      reread(
        world,
        announcing((fields) => ({ ...fields, ...change })),
      ),
      ForgedInputError,
      'chain recorded',
    )
  })

  test('with an envelope whose byte was flipped', async () => {
    const lie = announcing((fields) => ({ ...fields, envelope: flip(fields.envelope as Hex, -1) }))
    await refuses(reread(world, lie), ForgedInputError, 'chain recorded')
  })

  test('of another contract', async () => {
    const lie = announcing((fields) => ({ ...fields, secretContract: world.theirs.address }))
    await refuses(reread(world, lie), EnigmaError, /a task of the former|chain recorded/)
  })
})

describe('a wrong proof', () => {
  type Proof = { accountProof: Hex[]; storageProof: { proof: Hex[] }[] }
  const read = (lie?: Lie) => deceived(world, lie).getEpoch()
  const proofs = (change: (proof: Proof) => Proof) => rewrite<Proof>('eth_getProof', change)

  test('each node with a byte flipped', async () => {
    let nodes = 0
    await read(
      proofs((proof) => {
        nodes = Math.max(nodes, all(proof).length)
        return proof
      }),
    )
    expect(nodes).toBeGreaterThan(3)
    for (let at = 0; at < nodes; at += 1)
      for (const byte of [0, 5, -1]) {
        const lie = proofs((proof) => each(proof, (node, i) => (i === at ? flip(node, byte) : node)))
        await refuses(read(lie), ProofError, 'cannot prove')
      }
  })

  test('a node too few, a node too many, no proof', async () => {
    const changed = (change: (nodes: Hex[]) => Hex[]) =>
      proofs((proof) => ({ ...proof, accountProof: change(proof.accountProof) }))
    await refuses(read(changed((nodes) => nodes.slice(0, -1))), ProofError, 'cannot prove')
    await refuses(read(changed((nodes) => [...nodes, '0x80'])), ProofError, 'cannot prove')
    await refuses(read(rewrite('eth_getProof', () => ({}))), ProofError, 'cannot prove')
    await refuses(read(rewrite('eth_getProof', () => null)), ProofError, 'cannot prove')
  })

  test('a header with another state', async () => {
    const lie = rewrite<{ stateRoot: Hex }>('eth_getBlockByNumber', (block) => ({
      ...block,
      stateRoot: flip(block.stateRoot, 3),
    }))
    await refuses(read(lie), ProofError, 'block header')
  })

  function all({ accountProof, storageProof }: Proof): Hex[] {
    return [...accountProof, ...storageProof.flatMap(({ proof }) => proof)]
  }

  function each(proof: Proof, change: (node: Hex, index: number) => Hex): Proof {
    let index = 0
    const next = (node: Hex) => change(node, index++)
    const accountProof = proof.accountProof.map(next)
    return {
      accountProof,
      storageProof: proof.storageProof.map((slot) => ({ ...slot, proof: slot.proof.map(next) })),
    }
  }
})
