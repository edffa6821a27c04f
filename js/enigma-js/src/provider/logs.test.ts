import { type Hex, numberToHex } from 'viem'
import { expect, test, vi } from 'vitest'
import {
  ALICE,
  BOB,
  type FakeBackend,
  type FakeWallet,
  fake,
  PLAIN,
  SECRET,
} from '../../test/provider/fake.js'

const [ONE, TWO, THREE]: readonly Hex[] = ['11', '22', '33'].map((byte) => `0x${byte.repeat(32)}` as const)
type Found = { address: string; topics: Hex[]; blockNumber: Hex; transactionHash: Hex; logIndex: Hex }

function add(backend: FakeBackend, wallet: FakeWallet, block: bigint, ...topics: (Hex | undefined)[]) {
  const index = BigInt(backend.found.length)
  const commit = { transaction: wallet.commit(SECRET, index, index, block), block }
  const log = { address: SECRET, topics: topics as Hex[], data: '0x' as Hex }
  backend.found.push({ hash: backend.hash, contract: SECRET, index, commit, logs: [log] })
}

function open(block: bigint) {
  return {
    address: PLAIN,
    topics: [ONE],
    data: '0x',
    blockNumber: numberToHex(block),
    logIndex: '0x1',
    transactionHash: ONE,
  }
}

test('logs of a secret contract are the account’s own, decrypted; the wallet is not asked for them', async () => {
  const { ask, backend, wallet } = fake()
  add(backend, wallet, 50n, ONE, TWO)
  const logs = (await ask('eth_getLogs', { address: SECRET, fromBlock: 'earliest' })) as Found[]
  expect(logs).toMatchObject([
    { address: SECRET.toLowerCase(), topics: [ONE, TWO], blockNumber: '0x32', transactionHash: backend.hash },
  ])
  expect(wallet.passed()).not.toContain('eth_getLogs')
})

test('topics are matched as a node does', async () => {
  const { ask, backend, wallet } = fake()
  add(backend, wallet, 50n, ONE, TWO)
  const count = async (topics: unknown) =>
    ((await ask('eth_getLogs', { address: [SECRET], topics, fromBlock: '0x0' })) as Found[]).length
  expect(await count([ONE])).toBe(1)
  expect(await count([TWO])).toBe(0)
  expect(await count([null, TWO])).toBe(1)
  expect(await count([[TWO, ONE], [TWO]])).toBe(1)
  expect(await count([ONE, TWO, null])).toBe(1)
  expect(await count([ONE, TWO, THREE])).toBe(0)
  expect(await count([])).toBe(1)
})

test('the blocks of a filter bound what is found', async () => {
  const { ask, backend, wallet } = fake()
  for (const block of [10n, 20n, 30n]) add(backend, wallet, block, ONE)
  const blocks = async (filter: object) =>
    ((await ask('eth_getLogs', { address: SECRET, ...filter })) as Found[]).map(({ blockNumber }) =>
      Number(blockNumber),
    )
  expect(await blocks({ fromBlock: '0xb', toBlock: '0x14' })).toEqual([20])
  expect(await blocks({ fromBlock: 'earliest', toBlock: 'latest' })).toEqual([10, 20, 30])
  expect(await blocks({})).toEqual([])
  wallet.answers.eth_getBlockByHash = ([hash]) => (hash === ONE ? { number: '0x1e' } : null)
  expect(await blocks({ blockHash: ONE })).toEqual([30])
  await expect(blocks({ blockHash: TWO })).rejects.toThrow(/unknown block/)
})

test('a list with open contracts brings both, in the order of the chain', async () => {
  const { ask, backend, wallet } = fake()
  add(backend, wallet, 20n, ONE)
  add(backend, wallet, 30n, ONE)
  wallet.answers.eth_getLogs = () => [open(20n), open(25n)]
  const filter = { address: [SECRET, PLAIN], topics: [ONE], fromBlock: '0x1', toBlock: '0x40' }
  const logs = (await ask('eth_getLogs', filter)) as Found[]
  expect(
    logs.map(({ address, blockNumber }) => [
      address.toLowerCase() === PLAIN.toLowerCase(),
      Number(blockNumber),
    ]),
  ).toEqual([
    [true, 20],
    [false, 20],
    [true, 25],
    [false, 30],
  ])
  expect(wallet.requests.at(-1)?.method).not.toBe('eth_sendTransaction')
  expect(wallet.requests.find(({ method }) => method === 'eth_getLogs')?.params).toEqual([
    { ...filter, address: [PLAIN] },
  ])
})

test('a filter without secret contracts passes', async () => {
  const { ask, wallet } = fake()
  await ask('eth_getLogs', { address: PLAIN })
  await ask('eth_getLogs', { topics: [ONE] })
  await ask('eth_newFilter', { address: [PLAIN] })
  await ask('eth_getFilterChanges', '0x1')
  await ask('eth_uninstallFilter', '0x1')
  expect(wallet.passed()).toEqual([
    'eth_getLogs',
    'eth_getLogs',
    'eth_newFilter',
    'eth_getFilterChanges',
    'eth_uninstallFilter',
  ])
})

test('a filter brings each log once, and forgets nothing when a request fails', async () => {
  const { ask, backend, wallet } = fake()
  add(backend, wallet, 100n, ONE)
  const id = await ask('eth_newFilter', { address: SECRET })
  expect(await ask('eth_getFilterChanges', id)).toEqual([])
  add(backend, wallet, 101n, TWO)
  wallet.height = 101n
  const logs = backend.logs.bind(backend)
  backend.logs = () => Promise.reject(new Error('the RPC is gone'))
  await expect(ask('eth_getFilterChanges', id)).rejects.toThrow(/the RPC is gone/)
  backend.logs = logs
  expect(await ask('eth_getFilterChanges', id)).toMatchObject([{ topics: [TWO] }])
  expect(await ask('eth_getFilterChanges', id)).toEqual([])
  expect(await ask('eth_getFilterLogs', id)).toMatchObject([{ topics: [TWO] }])
  expect(await ask('eth_uninstallFilter', id)).toBe(true)
  expect(wallet.passed().filter((method) => method.includes('Filter'))).toEqual([])
})

test('a subscription emits messages until it is ended', async () => {
  vi.useFakeTimers()
  try {
    const { ask, backend, provider, wallet } = fake()
    const seen: unknown[] = []
    provider.on('message', (message) => seen.push(message))
    const id = await ask('eth_subscribe', 'logs', { address: SECRET })
    add(backend, wallet, 101n, ONE)
    wallet.height = 101n
    await vi.advanceTimersByTimeAsync(1_000)
    expect(seen).toMatchObject([
      { type: 'eth_subscription', data: { subscription: id, result: { topics: [ONE] } } },
    ])
    expect(await ask('eth_unsubscribe', id)).toBe(true)
    add(backend, wallet, 102n, ONE)
    wallet.height = 102n
    await vi.advanceTimersByTimeAsync(5_000)
    expect(seen).toHaveLength(1)
    await ask('eth_subscribe', 'newHeads')
    expect(wallet.passed()).toContain('eth_subscribe')
  } finally {
    vi.useRealTimers()
  }
})

test('the logs are those of the active account and of those that sent something from here', async () => {
  const { ask, backend, wallet } = fake()
  const asked: string[] = []
  backend.logs = async ({ account }) => {
    asked.push(account)
    return []
  }
  await ask('eth_getLogs', { address: SECRET })
  expect(asked).toEqual([ALICE])
  wallet.accounts = [ALICE, BOB]
  await ask('eth_sendTransaction', { from: BOB, to: SECRET, data: '0x' })
  await ask('eth_getLogs', { address: SECRET })
  expect(asked.slice(1)).toEqual([ALICE, BOB])
})
