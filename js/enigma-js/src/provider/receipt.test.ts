import { type Hex, keccak256 } from 'viem'
import { expect, test } from 'vitest'
import { ALICE, BOB, ENIGMA, fake, PLAIN, SECRET } from '../../test/provider/fake.js'
import { TaskRevertedError, TaskSkippedError } from '../errors/index.js'
import { ordinaryAddress } from './own.js'

const DATA = '0xa9059cbb00000000000000000000000000000000000000000000000000000000'
const TOPIC: Hex = `0x${'70'.repeat(32)}`
const log = { address: SECRET, topics: [TOPIC], data: '0x2a' as Hex }
const revert = () =>
  new TaskRevertedError({
    task: { contract: SECRET },
    reason: { text: 'TooMuch(5)', errorName: 'TooMuch', args: [5n], data: '0xdeadbeef' },
  })

async function sent() {
  const all = fake()
  await all.ask('eth_sendTransaction', { from: ALICE, to: SECRET, data: DATA, value: '0x5', gas: '0x10' })
  return all
}

test('a task has no receipt until it is committed, and its transaction is pending', async () => {
  const { ask, backend, wallet } = await sent()
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toBeNull()
  expect(await ask('eth_getTransactionByHash', backend.hash)).toBeNull()
  wallet.mine(backend.hash)
  backend.views.set(backend.hash, { contract: SECRET, kind: 'task', value: 5n, gas: 16n })
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toBeNull()
  expect(await ask('eth_getTransactionByHash', backend.hash)).toMatchObject({
    from: ALICE,
    to: SECRET.toLowerCase(),
    input: DATA,
    value: '0x5',
    gas: '0x10',
    blockNumber: null,
    blockHash: null,
    transactionIndex: null,
  })
})

test('then the receipt tells of the task, in the block of the commit, at the cost of the real transaction', async () => {
  const { ask, backend, wallet } = await sent()
  wallet.mine(backend.hash)
  backend.commit(wallet, { logs: [log, log], block: 60n })
  const receipt = await ask('eth_getTransactionReceipt', backend.hash)
  const place = {
    blockHash: keccak256(new TextEncoder().encode('block 60')),
    blockNumber: '0x3c',
    transactionIndex: '0x2',
  }
  expect(receipt).toMatchObject({
    ...place,
    transactionHash: backend.hash,
    status: '0x1',
    to: SECRET.toLowerCase(),
    contractAddress: null,
    gasUsed: '0xbeef',
    effectiveGasPrice: '0x77',
  })
  const { logs, logsBloom } = receipt as { logs: unknown[]; logsBloom: Hex }
  // The commit's event is number 4 of its block, the task the second of the commit.
  const first = 5 * 2 ** 24 + 2 ** 16
  expect(logs).toEqual(
    [first, first + 1].map((index) => ({
      address: SECRET.toLowerCase(),
      topics: [TOPIC],
      data: '0x2a',
      ...place,
      transactionHash: backend.hash,
      logIndex: `0x${index.toString(16)}`,
      removed: false,
    })),
  )
  expect(BigInt(logsBloom)).not.toBe(0n)
  expect(await ask('eth_getTransactionByHash', backend.hash)).toMatchObject({
    ...place,
    to: SECRET.toLowerCase(),
    input: DATA,
  })
})

test('a failed task has status 0 and no logs; a replay gets the decoded reason and reaches nobody', async () => {
  const { ask, backend, wallet } = await sent()
  wallet.mine(backend.hash)
  backend.commit(wallet, { failure: revert() })
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toMatchObject({
    status: '0x0',
    logs: [],
    logsBloom: `0x${'00'.repeat(256)}`,
  })
  wallet.requests.length = 0
  const transaction = { from: ALICE, to: SECRET, data: DATA, value: '0x5' }
  const reason = { code: 3, data: '0xdeadbeef', shortMessage: 'execution reverted: TooMuch(5)' }
  await expect(ask('eth_call', transaction, '0x32')).rejects.toMatchObject(reason)
  await expect(ask('eth_call', { ...transaction, nonce: '0x7' }, 'latest')).rejects.toMatchObject(reason)
  expect(backend.queries).toEqual([])
  expect(wallet.passed()).toEqual([])
})

test('a skipped task is a failed one in the block of its skip', async () => {
  const { ask, backend, wallet } = await sent()
  wallet.mine(backend.hash)
  const failure = new TaskSkippedError({ task: { contract: SECRET, index: 9n }, refund: 5n })
  // The transaction that skipped another input of it is not this one's.
  for (const [index, expected] of [
    [8n, null],
    [9n, { status: '0x0', logs: [], blockNumber: '0x46', to: SECRET.toLowerCase() }],
  ] as const) {
    const commit = { transaction: wallet.skip(SECRET, index, 70n), block: 70n }
    const outcome = { index: 9n, commit, logs: [], failure }
    backend.views.set(backend.hash, { contract: SECRET, kind: 'task', value: 0n, gas: 5n, outcome })
    const receipt = await ask('eth_getTransactionReceipt', backend.hash)
    if (expected) expect(receipt).toMatchObject(expected)
    else expect(receipt).toBeNull()
  }
  // A replay for the reason says it too.
  const transaction = { from: ALICE, to: SECRET, data: DATA, value: '0x5' }
  await expect(ask('eth_call', transaction, '0x46')).rejects.toThrow('nobody executed it')
})

test('a transaction that the Enigma contract refused is a failed one to the secret contract', async () => {
  const { ask, backend, wallet } = await sent()
  wallet.mine(backend.hash, { status: '0x0' })
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toMatchObject({
    status: '0x0',
    to: SECRET.toLowerCase(),
    blockNumber: '0x10',
  })
})

test('a deployment’s receipt names the portal', async () => {
  const { ask, backend, wallet } = fake({ deploy: 'secret' })
  await ask('eth_sendTransaction', { from: ALICE, data: '0x6001' })
  wallet.mine(backend.hash)
  backend.commit(wallet, {}, 'deploy')
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toMatchObject({
    status: '0x1',
    to: null,
    contractAddress: SECRET.toLowerCase(),
  })
  expect(await ask('eth_getTransactionByHash', backend.hash)).toMatchObject({ to: null, input: '0x6001' })
})

test('the address that ethers computes for a secret deployment is refused, and the right one named', async () => {
  const { ask, backend, wallet } = fake({ deploy: 'secret' })
  await ask('eth_sendTransaction', { from: ALICE, data: '0x6001' })
  wallet.mine(backend.hash, { nonce: 7 })
  await ask('eth_getTransactionByHash', backend.hash)
  wallet.requests.length = 0
  const wrong = ordinaryAddress(ALICE, 7n)
  for (const method of ['eth_call', 'eth_estimateGas', 'eth_sendTransaction'])
    await expect(ask(method, { from: ALICE, to: wrong, data: DATA })).rejects.toThrow(SECRET)
  expect(wallet.passed()).toEqual([])
})

test('after a reload an own task is decrypted all the same; its calldata is not known', async () => {
  const { ask, backend, wallet } = fake()
  wallet.mine(backend.hash)
  backend.commit(wallet, { logs: [log] })
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toMatchObject({
    to: SECRET.toLowerCase(),
    status: '0x1',
  })
  expect(await ask('eth_getTransactionByHash', backend.hash)).toMatchObject({
    to: SECRET.toLowerCase(),
    input: '0x',
  })
})

test('other transactions stay what they are: of others, and to others', async () => {
  const { ask, backend, wallet } = fake()
  wallet.mine(backend.hash, { from: BOB })
  backend.commit(wallet)
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toMatchObject({
    to: ENIGMA,
    blockNumber: '0x10',
  })
  wallet.answers.eth_getTransactionReceipt = () => ({ to: PLAIN, from: ALICE })
  expect(await ask('eth_getTransactionReceipt', backend.hash)).toEqual({ to: PLAIN, from: ALICE })
})
