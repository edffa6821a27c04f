// Waiting has bounds, and leaves the task as it is; what was secret shows in nothing that comes of it.
import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import {
  type Abi,
  BaseError,
  bytesToBigInt,
  decodeFunctionData,
  type Hex,
  keccak256,
  numberToHex,
  parseTransaction,
} from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enigmaAbi } from '../src/abi.js'
import {
  AbortedError,
  type EnigmaError,
  ForgedInputError,
  type Stage,
  TaskTimeoutError,
} from '../src/index.js'
import { randomBytes } from '../src/protocol/random.js'
import { type Lie, lyingNode } from './liar.js'
import { probeAbi as abi } from './probe-abi.js'
import { refuses } from './refusal.js'
import { createWorld, deceived, type RawLog, rewrite, together, type World } from './world.js'

let world: World

beforeAll(async () => {
  world = await createWorld()
})

afterAll(() => world?.local.stop())

const swallowed: Lie = ({ method, params }) =>
  method === 'eth_sendRawTransaction' ? keccak256(params[0] as Hex) : undefined
const hidden = rewrite('eth_getLogs', () => [])
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: EnigmaError) => error,
  )

describe('a wait', () => {
  const add = (client: ReturnType<typeof deceived>) =>
    client.writeSecretContract({ address: world.mine.address, abi, functionName: 'add', args: [0n] })

  test('ends in time, and says where the task is', async () => {
    const client = deceived(world, swallowed)
    const before = Date.now()
    const wait = client.waitForTask({ task: await add(client), timeout: 700 })
    await refuses(wait, TaskTimeoutError, 'still submitted after 700 ms')
    expect(Date.now() - before).toBeLessThan(5_000)
    const { task } = world.mine
    const error = await failure(deceived(world, hidden).waitForTask({ task, timeout: 700 }))
    expect(error).toBeInstanceOf(TaskTimeoutError)
    expect(error).toMatchObject({ stage: 'executing' })
    expect(error.message).toContain('wait again with the same hash')
    expect((await deceived(world).waitForTask({ task, abi, functionName: 'add' })).result).toBe(12n)
  })

  test('ends at the signal, at once, and can begin again', async () => {
    const client = deceived(world)
    const task = await add(client)
    const ended = new AbortController()
    const reason = new Error('the user left')
    const stages: Stage[] = []
    const hiding = deceived(world, hidden)
    const wait = hiding.waitForTask({
      task,
      signal: ended.signal,
      onStage: (stage) => {
        stages.push(stage)
        if (stage === 'waiting') ended.abort(reason)
      },
    })
    const error = await failure(wait)
    expect(error).toBeInstanceOf(AbortedError)
    expect(error.walk()).toBe(reason)
    expect(stages).toContain('waiting')
    expect((await client.waitForTask({ task, abi, functionName: 'add' })).result).toBe(12n)
  })

  test('finds the tasks of a transaction that created several', async () => {
    const client = deceived(world)
    const held: Hex[] = []
    const holding = deceived(world, ({ method, params }) => {
      if (method !== 'eth_sendRawTransaction') return undefined
      held.push(params[0] as Hex)
      return keccak256(params[0] as Hex)
    })
    await add(holding)
    await add(holding)
    const requests = held.map((raw) => {
      const { data = '0x', value = 0n } = parseTransaction(raw)
      const { functionName, args } = decodeFunctionData({ abi: enigmaAbi, data })
      if (functionName !== 'createTask') throw new Error('it is no task')
      const [account, epoch, envelope, task] = args
      return { value, request: { secretContract: account, epoch, envelope, parameters: task } }
    })
    const artifact = new URL('../../../contracts/artifacts/Enigma.json', import.meta.url)
    const hash = await client.writeContract({
      address: world.enigma,
      abi: (JSON.parse(readFileSync(artifact, 'utf8')) as { abi: Abi }).abi,
      functionName: 'createTasks',
      args: [requests.map(({ request }) => request)],
      value: requests.reduce((sum, { value }) => sum + value, 0n),
    })
    expect((await client.waitForTask({ hash, abi, functionName: 'add' })).result).toBe(12n)
    const other = (await world.chain('eth_getTransactionReceipt', world.mine.task.hash)) as { logs: RawLog[] }
    const elsewhere = rewrite<RawLog | null>('eth_getTransactionReceipt', (receipt, { params }) =>
      receipt && params[0] === hash
        ? { ...receipt, logs: other.logs.map((log) => ({ ...log, transactionHash: hash })) }
        : receipt,
    )
    const { blockHash, blockNumber } = other.logs[0] as RawLog
    await refuses(
      deceived(world, elsewhere).waitForTask({ hash }),
      ForgedInputError,
      'not that of its transaction',
    )
    const moved: Lie = async (request, tell) => {
      const receipt = (await elsewhere(request, tell)) as RawLog | undefined | null
      return receipt && request.method === 'eth_getTransactionReceipt' && request.params[0] === hash
        ? { ...receipt, blockHash, blockNumber }
        : undefined
    }
    await refuses(deceived(world, moved).waitForTask({ hash }), ForgedInputError, 'does not carry it')
  })

  test('ends in time if the RPC contradicts itself about where the task is', async () => {
    let turn = 0
    const { task } = world.mine
    const other = (await world.chain('eth_getBlockByNumber', '0x1', false)) as { hash: Hex }
    // A block that the task is not in, and another one each time that it is asked for.
    const restless = rewrite<{ logs: RawLog[] } | null>('eth_getTransactionReceipt', (receipt) => {
      turn += 1
      const blockHash = turn % 2 ? other.hash : world.local.network.checkpointHash
      return receipt && { ...receipt, blockHash, logs: receipt.logs.map((log) => ({ ...log, blockHash })) }
    })
    const wait = deceived(world, restless).waitForTask({ task, timeout: 2_500 })
    await refuses(wait, TaskTimeoutError, 'after 2500 ms')
    expect(turn).toBeLessThan(50)
  })

  test('by many at once shares one feed, and one who leaves ends no other’s', async () => {
    const client = deceived(world)
    const task = await add(client)
    const [gone, ...others] = await Promise.allSettled([
      client.waitForTask({ task, signal: AbortSignal.abort() }),
      client.waitForTask({ task, abi, functionName: 'add' }),
      client.waitForTask({ task, abi, functionName: 'add' }),
    ])
    expect(gone?.status).toBe('rejected')
    const signal = AbortSignal.abort()
    await refuses(client.waitForTask({ task, signal }), AbortedError, 'The wait was aborted')
    for (const other of others) expect(other).toMatchObject({ status: 'fulfilled', value: { result: 12n } })
  })
})

describe('what is secret', () => {
  const marker = bytesToBigInt(randomBytes(32))
  const traces = [numberToHex(marker).slice(2), String(marker)]

  /** Every way in which a value commonly ends up in a log. */
  function printed(value: unknown): string {
    const seen = new Set<unknown>()
    const json = JSON.stringify(value, (_, each: unknown) => {
      if (typeof each === 'bigint') return String(each)
      if (typeof each === 'object' && each !== null) {
        if (seen.has(each)) return undefined
        seen.add(each)
      }
      return each
    })
    const layers: unknown[] = []
    for (let inner: unknown = value; inner instanceof Error; inner = inner.cause)
      layers.push(
        inner.message,
        inner.stack,
        inner instanceof BaseError && [inner.details, inner.metaMessages],
      )
    return `${json}${String(value)}${inspect([value, layers], { depth: null, showHidden: true, maxStringLength: null })}`
  }

  test('calldata shows in no request, handle, client or error', async () => {
    const said: string[] = []
    const listen: Lie = (request) => {
      said.push(JSON.stringify(request))
      return undefined
    }
    const real = world.local.network.nodes[0] as string
    const node = await lyingNode(real, listen)
    try {
      const { address } = world.mine
      const call = { address, abi, functionName: 'panic', args: [marker] } as const
      const client = deceived(world, listen, [node.url])
      const task = await client.writeSecretContract(call)
      const done = await client.waitForTask({ task, abi, functionName: 'panic' })
      expect(done.result).toBe(0n)
      expect(await client.readSecretContract(call)).toBe(0n)

      const lies = (lie: Lie, nodes = [node.url]) => deceived(world, together(listen, lie), nodes)
      const forged = await lyingNode(
        real,
        rewrite('enigma_query', (reply) => ({ ...(reply as object), epoch: 1 })),
      )
      const dropped = lies(swallowed)
      const errors = await Promise.all([
        failure(client.writeSecretContract({ ...call, gas: 20_000_000n })),
        failure(client.writeSecretContract({ ...call, address: world.enigma })),
        failure(
          client
            .writeSecretContract({ ...call, gas: 21_500n })
            .then((poor) => client.waitForTask({ task: poor, abi })),
        ),
        failure(client.readSecretContract({ ...call, address: world.enigma, timeout: 500 })),
        failure(lies(() => undefined, ['http://127.0.0.1:9']).readSecretContract(call)),
        failure(lies(() => undefined, [forged.url]).readSecretContract({ ...call, timeout: 500 })),
        failure(lies(rewrite('eth_chainId', () => '0x1')).writeSecretContract(call)),
        failure(lies(rewrite('eth_getProof', () => ({}))).writeSecretContract(call)),
        failure(
          lies(rewrite('eth_estimateGas', () => Promise.reject(new Error('no')))).writeSecretContract(call),
        ),
        failure(
          lies(rewrite('eth_sendRawTransaction', () => Promise.reject(new Error('no')))).writeSecretContract(
            call,
          ),
        ),
        failure(
          dropped.writeSecretContract(call).then((sent) => dropped.waitForTask({ task: sent, timeout: 300 })),
        ),
        failure(lies(hidden).waitForTask({ task, timeout: 300 })),
      ]).finally(() => forged.close())
      expect(new Set(errors.map(({ name }) => name)).size).toBeGreaterThan(7)

      const text = [...said, ...[task, client, connectionOf(client), ...errors].map(printed)].join('\n')
      expect(text).toContain(task.hash)
      expect(text).toContain(address)
      for (const trace of traces) expect(text.includes(trace), trace).toBe(false)
      // What is looked for would be found.
      for (const trace of traces) expect(printed(new Error(`${trace}`))).toContain(trace)
    } finally {
      await node.close()
    }
  })

  /** All that hangs on a client. */
  function connectionOf(client: object): unknown {
    return Object.values(client)
  }
})
