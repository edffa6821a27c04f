import {
  createPublicClient,
  custom,
  decodeErrorResult,
  encodeErrorResult,
  encodeFunctionData,
  encodeFunctionResult,
  type Hex,
  multicall3Abi,
  parseAbi,
} from 'viem'
import { expect, test } from 'vitest'
import { ALICE, BOB, CHAIN, fake, PLAIN, SECRET } from '../../test/provider/fake.js'
import { NodesUnreachableError, TaskHaltedError, TaskRevertedError } from '../errors/index.js'

const DATA = '0x70a08231000000000000000000000000000000000000000000000000000000000000beef'

test('a call of a secret contract becomes a query of its account', async () => {
  const { ask, backend, wallet } = fake()
  backend.answer = () => '0x2a'
  expect(await ask('eth_call', { from: ALICE, to: SECRET, data: DATA }, 'latest')).toBe('0x2a')
  expect(backend.queries).toEqual([{ to: SECRET, from: ALICE, data: DATA }])
  expect(wallet.passed()).toEqual([])
})

test('a call without an account is anonymous', async () => {
  const { ask, backend } = fake()
  await ask('eth_call', { to: SECRET.toLowerCase(), input: DATA })
  expect(backend.queries).toEqual([{ to: SECRET, data: DATA }])
})

test('a call of any other contract passes as it is', async () => {
  const { ask, backend, wallet } = fake()
  const call = [{ to: PLAIN, data: DATA, gas: '0x5' }, '0x10', { [PLAIN]: { balance: '0x1' } }]
  expect(await ask('eth_call', ...call)).toBe('0xca11')
  expect(backend.queries).toEqual([])
  expect(wallet.requests.at(-1)).toEqual({ method: 'eth_call', params: call })
})

test.each(['latest', 'pending', 'safe', 'finalized', undefined, null])(
  'the newest block may be called %s',
  async (block) => {
    const { ask, backend } = fake()
    await ask('eth_call', { to: SECRET, data: DATA }, block)
    expect(backend.queries).toHaveLength(1)
  },
)

test.each(['0x10', 'earliest', { blockNumber: '0x10' }, { blockHash: `0x${'11'.repeat(32)}` }])(
  'a read at the old block %j is refused with its reason',
  async (block) => {
    const { ask, backend, wallet } = fake()
    await expect(ask('eth_call', { to: SECRET, data: DATA }, block)).rejects.toThrow(
      /cannot be read at an old block[\s\S]*older ones are gone/,
    )
    expect(backend.queries).toEqual([])
    expect(wallet.passed()).toEqual([])
  },
)

test('overrides are refused', async () => {
  const { ask } = fake()
  const call = { to: SECRET, data: DATA }
  await expect(ask('eth_call', call, 'latest', { [SECRET]: { code: '0x00' } })).rejects.toMatchObject({
    code: 4200,
  })
  await expect(ask('eth_call', call, 'latest', {}, { number: '0x1' })).rejects.toMatchObject({ code: 4200 })
  await ask('eth_call', call, 'latest', {})
})

test('a revert has code 3 and the revert data', async () => {
  const { ask, backend } = fake()
  backend.answer = () => {
    const reason = { text: 'TooMuch(5)', errorName: 'TooMuch', args: [5n], data: '0xdeadbeef' as Hex }
    throw new TaskRevertedError({ task: { contract: SECRET }, reason })
  }
  await expect(ask('eth_call', { to: SECRET, data: DATA })).rejects.toMatchObject({
    code: 3,
    data: '0xdeadbeef',
    shortMessage: 'execution reverted: TooMuch(5)',
  })
})

test('viem asks once for a read that reverts, and decodes it', async () => {
  const { backend, provider } = fake()
  backend.answer = () => {
    const data = encodeErrorResult({ abi, errorName: 'TooMuch', args: [5n] })
    throw new TaskRevertedError({
      task: { contract: SECRET },
      reason: { text: 'bytes', errorName: undefined, args: undefined, data },
    })
  }
  const client = createPublicClient({ transport: custom(provider) })
  const abi = parseAbi(['function read() view', 'error TooMuch(uint256 given)'])
  await expect(client.readContract({ address: SECRET, abi, functionName: 'read' })).rejects.toThrow(
    /TooMuch\(uint256 given\)/,
  )
  expect(backend.queries).toHaveLength(1)
})

test('a write in a read says what to do, where both libraries show it', async () => {
  const { ask, backend } = fake()
  backend.answer = () => {
    throw new TaskHaltedError({ task: { contract: SECRET }, code: 6 })
  }
  const error = (await ask('eth_call', { to: SECRET, data: DATA }).catch((error) => error)) as {
    code: number
    data: Hex
  }
  expect(error.code).toBe(3)
  const { args } = decodeErrorResult({ abi: parseAbi(['error Error(string)']), data: error.data })
  expect(args?.[0]).toMatch(/this function writes[\s\S]*Send it as a transaction/)
  await expect(ask('eth_call', { to: SECRET, data: DATA, value: '0x1' })).rejects.toThrow(
    /this function writes/,
  )
})

test('a halt that is no write is no revert', async () => {
  const { ask, backend } = fake()
  backend.answer = () => {
    throw new TaskHaltedError({ task: { contract: SECRET }, code: 1 })
  }
  await expect(ask('eth_call', { to: SECRET, data: DATA })).rejects.toMatchObject({
    code: -32000,
    shortMessage: /ran out of gas/,
  })
})

test('the user’s refusal is 4001, unreachable nodes are -32002', async () => {
  const { ask, backend } = fake()
  backend.answer = () => {
    throw new Error('signing failed', { cause: Object.assign(new Error('User denied'), { code: 4001 }) })
  }
  await expect(ask('eth_call', { to: SECRET, data: DATA, from: ALICE })).rejects.toMatchObject({ code: 4001 })
  backend.answer = () => {
    throw new NodesUnreachableError({ nodes: ['http://127.0.0.1:1'] })
  }
  await expect(ask('eth_call', { to: SECRET, data: DATA })).rejects.toMatchObject({ code: -32002 })
})

test('on another chain a secret contract is not called, and nothing is passed', async () => {
  const { ask, backend, wallet } = fake()
  await ask('eth_call', { to: SECRET, data: DATA })
  wallet.chainId = 1
  wallet.emit('chainChanged', '0x1')
  await expect(ask('eth_call', { to: SECRET, data: DATA })).rejects.toMatchObject({
    code: 4901,
    shortMessage: `The wallet is on chain 1, the secret contract on chain ${CHAIN}.`,
  })
  expect(backend.queries).toHaveLength(1)
  expect(wallet.passed()).toEqual([])
})

test('the reason of every refused read is where ethers looks for it', async () => {
  const { ask } = fake()
  const error = (await ask('eth_call', { to: SECRET, data: DATA }, '0x1').catch((error) => error)) as {
    data: { data: Hex }
  }
  const { args } = decodeErrorResult({ abi: parseAbi(['error Error(string)']), data: error.data.data })
  expect(args?.[0]).toMatch(/^enigma: The secret contract .* cannot be read at an old block/)
})

test('a contract that is named is secret without asking; an answer “secret” is kept', async () => {
  const named = fake({ contracts: [SECRET] })
  await named.ask('eth_call', { to: SECRET, data: DATA })
  expect(named.backend.asked).toEqual([])
  const { ask, backend } = fake()
  await ask('eth_call', { to: SECRET, data: DATA })
  await ask('eth_call', { to: SECRET, data: DATA })
  expect(backend.asked).toHaveLength(1)
})

test('an answer “not secret” holds for one block', async () => {
  const { ask, backend, provider, wallet } = fake()
  await ask('eth_call', { to: PLAIN, data: DATA })
  await ask('eth_call', { to: PLAIN, data: DATA })
  expect(backend.asked).toHaveLength(1)
  backend.secret.add(PLAIN.toLowerCase())
  wallet.height += 1n
  // What the wrapper knows of the height is dropped when it sends something.
  await provider.request({ method: 'eth_sendRawTransaction', params: ['0x01'] })
  await ask('eth_call', { to: PLAIN, data: DATA })
  expect(backend.asked).toHaveLength(2)
  expect(backend.queries).toHaveLength(1)
})

test('an address of which nobody can tell is not taken for public', async () => {
  const { ask, backend, wallet } = fake()
  backend.refuse = new Error('the RPC is gone')
  await expect(ask('eth_call', { to: PLAIN, data: DATA })).rejects.toThrow(/cannot be told whether/)
  expect(wallet.passed()).toEqual([])
})

test('a multicall is split: secret calls become anonymous queries, in their places', async () => {
  const { ask, backend, wallet } = fake()
  const call = (target: Hex, callData: Hex) => ({ target, allowFailure: true, callData })
  backend.answer = ({ data }) => {
    if (data === '0x22222222')
      throw new TaskRevertedError({
        task: { contract: SECRET },
        reason: { text: 'no', errorName: undefined, args: undefined, data: '0xbad0' },
      })
    return '0x5ec2'
  }
  const open = { success: true, returnData: '0x07' as Hex }
  wallet.answers.eth_call = () =>
    encodeFunctionResult({ abi: multicall3Abi, functionName: 'aggregate3', result: [open] })
  const data = encodeFunctionData({
    abi: multicall3Abi,
    functionName: 'aggregate3',
    args: [[call(SECRET, '0x11111111'), call(BOB, '0x33333333'), call(SECRET, '0x22222222')]],
  })
  expect(await ask('eth_call', { to: PLAIN, data }, 'latest')).toBe(
    encodeFunctionResult({
      abi: multicall3Abi,
      functionName: 'aggregate3',
      result: [{ success: true, returnData: '0x5ec2' }, open, { success: false, returnData: '0xbad0' }],
    }),
  )
  expect(backend.queries).toEqual([
    { to: SECRET, data: '0x11111111' },
    { to: SECRET, data: '0x22222222' },
  ])
  expect(JSON.stringify(wallet.requests)).not.toMatch(/11111111|22222222/)
})

test('what is left of a split multicall is looked through as well', async () => {
  const { ask, wallet } = fake()
  const execute = encodeFunctionData({
    abi: parseAbi(['function execute(address to, bytes data)']),
    args: [SECRET, DATA],
  })
  const calls = [
    { target: SECRET, allowFailure: true, callData: DATA },
    { target: BOB, allowFailure: true, callData: execute },
  ] as const
  const data = encodeFunctionData({ abi: multicall3Abi, functionName: 'aggregate3', args: [calls] })
  await expect(ask('eth_call', { to: PLAIN, data }, 'latest')).rejects.toMatchObject({ code: 4200 })
  expect(wallet.passed()).toEqual([])
})
