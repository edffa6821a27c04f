// The actions against a real local network, over HTTP (polling) and WebSocket (subscriptions).
import { type Address, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  NotYoursError,
  type Stage,
  TaskHaltedError,
  TaskRevertedError,
  TaskTooLargeError,
  UnknownContractError,
} from '../src/index.js'
import { compile } from './compile.js'
import { dueOf } from './due.js'
import { account, type LocalNetwork, socketOf, startNetwork } from './local-network.js'
import { probeAbi as abi } from './probe-abi.js'

let local: LocalNetwork
let alice: ReturnType<LocalNetwork['client']>
let socket: ReturnType<typeof socketOf>
let address: Address
const { bytecode } = compile('fixtures/Probe.sol', 'Probe')

beforeAll(async () => {
  local = await startNetwork()
  socket = socketOf(local.json.rpc)
  alice = local.client(0, { transport: socket.transport })
  const deployed = await alice.deploySecretContract({ abi, bytecode, args: [7n] })
  address = deployed.address
  await alice.waitForTask({ task: deployed.task })
})

afterAll(async () => {
  await socket?.close()
  await local?.stop()
})

/** Sends a call and waits for its end. */
async function call(functionName: 'add' | 'panic' | 'fill', args: readonly [bigint], from = alice) {
  const task = await from.writeSecretContract({ address, abi, functionName, args })
  return from.waitForTask({ task, abi, functionName })
}

/** The error by which a promise ends. */
async function failure(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: Error) => error,
  )
}

/** Writes down what is told of tasks; resolves at the first commit. */
function noticed(seen: string[]) {
  let unwatch = () => {}
  const promise = new Promise<void>((resolve, reject) => {
    unwatch = alice.watchTasks({
      contract: address,
      onTask({ stage, sender }) {
        seen.push(sender ? `${stage} ${sender}` : stage)
        if (stage === 'committed') resolve()
      },
      onError: reject,
    })
  })
  return { promise, unwatch: () => unwatch() }
}

describe('tasks', () => {
  test('return what the function returns, typed, with logs, gas and the commit', async () => {
    const stages: Stage[] = []
    const before = await local.client(0).getBlockNumber()
    const task = await alice.writeSecretContract({
      address,
      abi,
      functionName: 'add',
      args: [5n],
      onStage: (stage) => stages.push(stage),
    })
    expect(task).toEqual({ hash: task.hash, contract: address, account: account(0).address, kind: 'task' })
    const done = await alice.waitForTask({
      task,
      abi,
      functionName: 'add',
      onStage: (stage) => stages.push(stage),
    })
    const total: bigint = done.result
    expect(total).toBe(12n)
    expect(stages).toEqual(['submitted', 'submitted', 'waiting', 'executing', 'committed'])
    expect(done.logs).toMatchObject([
      { address, eventName: 'Added', args: { by: account(0).address, amount: 5n, note: 'added' } },
    ])
    expect(done.gasUsed).toBeGreaterThan(21_000n)
    expect(done.paid).toBeGreaterThan(0n)
    expect(done.commit.block).toBeGreaterThan(before)
    const receipt = await alice.getTransactionReceipt({ hash: done.commit.transaction })
    expect(receipt.blockNumber).toBe(done.commit.block)
    expect(receipt.from.toLowerCase()).toBe(done.worker.operator.toLowerCase())
  })

  test('work over HTTP as well', async () => {
    const overHttp = local.client(1)
    const done = await call('add', [1n], overHttp)
    expect(done.logs).toMatchObject([{ args: { by: account(1).address } }])
  })

  test('many at once keep their order and their own results', async () => {
    const tasks = await Promise.all(
      [1n, 2n, 3n, 4n, 5n].map((n) =>
        alice.writeSecretContract({ address, abi, functionName: 'add', args: [n] }),
      ),
    )
    const results = await Promise.all(
      tasks.map((task) => alice.waitForTask({ task, abi, functionName: 'add' })),
    )
    const totals = results
      .map(({ index, result }) => [index, result] as const)
      .sort(([a], [b]) => Number(a - b))
    for (const [i, [, total]] of totals.entries())
      if (i > 0) expect(total).toBeGreaterThan(totals[i - 1]?.[1] ?? 0n)
    expect(new Set(results.map(({ index }) => index)).size).toBe(5)
  })

  test('carry value, which the contract has then', async () => {
    const task = await alice.writeSecretContract({
      address,
      abi,
      functionName: 'add',
      args: [0n],
      value: parseEther('0.5'),
    })
    await alice.waitForTask({ task })
    expect(await alice.getBalance({ address })).toBe(parseEther('0.5'))
    const who = await alice.writeSecretContract({ address, abi, functionName: 'whoAmI' })
    const { result } = await alice.waitForTask({ task: who, abi, functionName: 'whoAmI' })
    expect(result).toEqual([account(0).address, parseEther('0.5')])
  })

  test('hide their calldata', async () => {
    const secret = 0x5ec2e7n
    const task = await alice.writeSecretContract({ address, abi, functionName: 'panic', args: [secret] })
    const { input } = await alice.getTransaction({ hash: task.hash })
    expect(input).not.toContain(secret.toString(16))
    await alice.waitForTask({ task })
  })
})

describe('failures', () => {
  test('a custom error is decoded by the ABI', async () => {
    const stages: Stage[] = []
    const task = await alice.writeSecretContract({ address, abi, functionName: 'add', args: [1_001n] })
    const error = await failure(
      alice.waitForTask({ task, abi, functionName: 'add', onStage: (stage) => stages.push(stage) }),
    )
    expect(error).toBeInstanceOf(TaskRevertedError)
    expect(error).toMatchObject({
      reason: 'TooMuch(1001, 1000)',
      errorName: 'TooMuch',
      args: [1_001n, 1_000n],
    })
    expect(stages.at(-1)).toBe('failed')
  })

  test('a reason, a panic and a call to the outside say what they are', async () => {
    const refused = await alice.writeSecretContract({
      address,
      abi,
      functionName: 'refuse',
      args: ['not today'],
    })
    expect(await failure(alice.waitForTask({ task: refused, abi }))).toMatchObject({
      reason: 'not today',
      errorName: 'Error',
    })
    expect(await failure(call('panic', [0n]))).toMatchObject({ reason: 'Panic(18)', errorName: 'Panic' })
    const stranger = account(9).address
    const outside = await alice.writeSecretContract({
      address,
      abi,
      functionName: 'outside',
      args: [stranger],
    })
    expect(await failure(alice.waitForTask({ task: outside, abi }))).toMatchObject({
      reason: `OutsideCall(${stranger})`,
    })
  })

  test('a halted task says why', async () => {
    const task = await alice.writeSecretContract({ address, abi, functionName: 'halt' })
    const error = await failure(alice.waitForTask({ task, abi }))
    expect(error).toBeInstanceOf(TaskHaltedError)
    expect(error.message).toContain('invalid opcode')
  })

  test('a state change that was not paid for comes to nothing', async () => {
    const task = await alice.writeSecretContract({
      address,
      abi,
      functionName: 'fill',
      args: [200n],
      bytes: 1_000,
      gas: 15_000_000n,
    })
    expect(await failure(alice.waitForTask({ task, abi }))).toBeInstanceOf(TaskTooLargeError)
  })

  test('a deployment whose constructor takes no value reverts, and nothing is deployed', async () => {
    const { address: dead, task } = await alice.deploySecretContract({
      abi,
      bytecode: '0x60006000fd' as const,
      args: [1n],
    })
    expect(await failure(alice.waitForTask({ task }))).toBeInstanceOf(TaskRevertedError)
    const late = await alice.writeSecretContract({ address: dead, abi, functionName: 'total' })
    expect(await failure(alice.waitForTask({ task: late }))).toBeInstanceOf(UnknownContractError)
  })

  test('an address without a secret contract is refused before anything is sent', async () => {
    const sent = await alice.getTransactionCount({ address: account(0).address })
    const error = await failure(
      alice.writeSecretContract({ address: account(5).address, abi, functionName: 'total' }),
    )
    expect(error).toBeInstanceOf(UnknownContractError)
    expect(await alice.getTransactionCount({ address: account(0).address })).toBe(sent)
  })

  test('a wait ends at its signal, and the task goes on', async () => {
    const task = await alice.writeSecretContract({ address, abi, functionName: 'add', args: [1n] })
    const aborted = AbortSignal.abort()
    expect((await failure(alice.waitForTask({ task, signal: aborted }))).name).toBe('AbortedError')
    expect((await alice.waitForTask({ task, abi, functionName: 'add' })).result).toBeTypeOf('bigint')
  })
})

describe('reading again', () => {
  test('a new client of the same account reads an old task by its hash alone', async () => {
    const { commit } = await call('add', [2n])
    const task = await alice.writeSecretContract({ address, abi, functionName: 'total' })
    const first = await alice.waitForTask({ task, abi, functionName: 'total' })
    const again = local.client(0)
    const second = await again.waitForTask({ hash: task.hash, abi, functionName: 'total' })
    expect(second).toEqual(first)
    expect(commit.block).toBeLessThanOrEqual(second.commit.block)
    const seen = await again.getTask({ contract: address, index: first.index, abi, functionName: 'total' })
    expect(seen).toMatchObject({
      hash: task.hash,
      stage: 'committed',
      sender: account(0).address,
      result: first,
    })
  })

  test('another account sees that it is committed, and no more', async () => {
    const task = await alice.writeSecretContract({ address, abi, functionName: 'add', args: [3n] })
    await alice.waitForTask({ task })
    const bob = local.client(1)
    const seen = await bob.getTask({ hash: task.hash })
    expect(seen.stage).toBe('committed')
    expect(seen.result).toBeUndefined()
    expect(await failure(bob.waitForTask({ hash: task.hash }))).toBeInstanceOf(NotYoursError)
  })

  test('ephemeral reply keys ask for no signature, and are gone with their client', async () => {
    const fleeting = local.client(2, { replyKeys: 'ephemeral' })
    const task = await fleeting.writeSecretContract({ address, abi, functionName: 'add', args: [1n] })
    expect((await fleeting.waitForTask({ task, abi, functionName: 'add' })).result).toBeTypeOf('bigint')
    const other = local.client(2, { replyKeys: 'ephemeral' })
    expect(await failure(other.waitForTask({ task }))).toBeInstanceOf(NotYoursError)
  })

  test('own logs come back, those of others do not', async () => {
    const carol = local.client(3)
    await call('add', [11n], carol)
    await failure(call('add', [5_000n], carol))
    await call('add', [12n], carol)
    const logs = await local.client(3).getSecretLogs({ address, abi, eventName: 'Added' })
    expect(logs.map(({ args }) => (args as { amount: bigint }).amount)).toEqual([11n, 12n])
    const last = logs.at(-1)?.commit.block ?? 0n
    const some = await carol.getSecretLogs({ address, abi, fromBlock: last })
    expect(some.map(({ args }) => (args as { amount: bigint }).amount)).toEqual([12n])
  })
})

describe('the network', () => {
  test('pays back what a task did not use, to whom the account says', async () => {
    const dave = local.client(4)
    expect(await dave.getCredits()).toBe(0n)
    await call('add', [1n], dave)
    const owed = await dave.getCredits()
    expect(owed).toBeGreaterThan(0n)
    const to = privateKeyToAddress(generatePrivateKey())
    await dave.waitForTransactionReceipt({ hash: await dave.withdraw({ to }) })
    expect(await dave.getCredits()).toBe(0n)
    expect(await dave.getBalance({ address: to })).toBe(owed)
    expect((await failure(dave.withdraw())).message).toContain('NothingToWithdraw')
  })

  test('lets credit pay for the next task', async () => {
    const erin = local.client(5)
    await call('add', [1n], erin)
    const owed = await erin.getCredits()
    const task = await erin.writeSecretContract({
      address,
      abi,
      functionName: 'add',
      args: [2n],
      credit: true,
    })
    const transaction = await erin.getTransaction({ hash: task.hash })
    const { value } = transaction
    const due = dueOf(transaction)
    expect(value).toBe(due > owed ? due - owed : 0n)
    const { paid } = await erin.waitForTask({ task })
    expect(await erin.getCredits()).toBe(owed + value - paid)
  })

  test('has an epoch, and knows its secret contracts', async () => {
    const { epoch, length, block, start } = await alice.getEpoch()
    expect(epoch).toBeGreaterThanOrEqual(2)
    expect(length).toBe(64)
    expect(block).toBeGreaterThanOrEqual(BigInt(start))
    expect(await alice.isSecretContract({ address })).toBe(true)
    expect(await alice.isSecretContract({ address: account(0).address })).toBe(false)
  })

  test('tells of tasks as they come and are committed', async () => {
    const seen: string[] = []
    const { promise, unwatch } = noticed(seen)
    await call('add', [1n])
    await promise
    unwatch()
    expect(seen).toEqual([`waiting ${account(0).address}`, 'committed'])
  })
})
