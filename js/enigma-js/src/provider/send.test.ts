import { expect, test } from 'vitest'
import { ALICE, BOB, fake, PLAIN, SECRET } from '../../test/provider/fake.js'
import { RefusedByContractError } from '../errors/index.js'

const DATA = '0xa9059cbb00000000000000000000000000000000000000000000000000000000'

test('a transaction to a secret contract becomes a task with the same terms', async () => {
  const { ask, backend, wallet } = fake()
  const terms = {
    from: BOB,
    to: SECRET,
    data: DATA,
    value: '0x5',
    gas: '0x10',
    maxFeePerGas: '0x99',
    nonce: '0x3',
  }
  expect(await ask('eth_sendTransaction', terms)).toBe(backend.hash)
  expect(backend.sent).toEqual([
    { from: BOB, to: SECRET, data: DATA, value: 5n, gas: 16n, price: 0x99n, nonce: 3 },
  ])
  expect(wallet.passed()).toEqual([])
})

test('what is left out is filled in: the active account, no value, gas of the options', async () => {
  const { ask, backend } = fake({ gas: 77n })
  await ask('eth_sendTransaction', { to: SECRET })
  expect(backend.sent).toEqual([{ from: ALICE, to: SECRET, data: '0x', value: 0n, gas: 77n }])
})

test('gas is not measured: the estimate is the default', async () => {
  const { ask, wallet } = fake()
  expect(await ask('eth_estimateGas', { to: SECRET, data: DATA })).toBe('0x4c4b40')
  expect(wallet.passed()).toEqual([])
  wallet.answers.eth_estimateGas = () => '0x5208'
  expect(await ask('eth_estimateGas', { to: PLAIN, data: DATA })).toBe('0x5208')
})

test('a deployment passes unless it is asked to be secret', async () => {
  const open = fake()
  await open.ask('eth_sendTransaction', { from: ALICE, data: '0x6001' })
  expect(open.wallet.passed()).toEqual(['eth_sendTransaction'])
  const { ask, backend, wallet } = fake({ deploy: 'secret' })
  expect(await ask('eth_estimateGas', { from: ALICE, data: '0x6001' })).toBe('0xb71b00')
  expect(await ask('eth_sendTransaction', { from: ALICE, data: '0x6001', gas: '0x9' })).toBe(backend.hash)
  expect(backend.sent).toEqual([{ from: ALICE, data: '0x6001', value: 0n, gas: 9n }])
  expect(wallet.passed()).toEqual([])
})

test.each([{ authorizationList: [{}] }, { blobs: ['0x00'] }, { blobVersionedHashes: ['0x00'] }])(
  'a task with %j is refused',
  async (extra) => {
    const { ask, backend } = fake()
    await expect(ask('eth_sendTransaction', { to: SECRET, data: DATA, ...extra })).rejects.toMatchObject({
      code: 4200,
    })
    expect(backend.sent).toEqual([])
  },
)

test('a transaction for another chain is refused', async () => {
  const { ask, backend } = fake()
  await expect(ask('eth_sendTransaction', { to: SECRET, data: DATA, chainId: '0x1' })).rejects.toMatchObject({
    code: 4901,
  })
  expect(backend.sent).toEqual([])
})

test('parameters that make no sense are refused before anything is asked', async () => {
  const { ask, wallet } = fake()
  await expect(ask('eth_sendTransaction', { to: 'vitalik.eth', data: DATA })).rejects.toMatchObject({
    code: -32602,
  })
  await expect(ask('eth_sendTransaction', { to: SECRET, data: DATA, input: '0x00' })).rejects.toMatchObject({
    code: -32602,
  })
  await expect(ask('eth_sendTransaction', { to: SECRET, data: DATA, value: 'much' })).rejects.toMatchObject({
    code: -32602,
  })
  expect(wallet.passed()).toEqual([])
})

test('without an account there is no task', async () => {
  const { ask, wallet } = fake()
  wallet.accounts = []
  await expect(ask('eth_sendTransaction', { to: SECRET, data: DATA })).rejects.toMatchObject({ code: 4100 })
})

test('what the Enigma contract refuses is a rejected transaction', async () => {
  const { ask, backend } = fake()
  backend.send = async () => {
    throw new RefusedByContractError({ errorName: 'TooManyPending', args: [], cause: undefined })
  }
  await expect(ask('eth_sendTransaction', { to: SECRET, data: DATA })).rejects.toMatchObject({
    code: -32003,
    shortMessage: /TooManyPending/,
  })
})
