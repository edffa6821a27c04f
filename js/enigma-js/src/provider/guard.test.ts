import {
  type Address,
  concat,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  numberToHex,
  parseAbi,
  stringToHex,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { ALICE, BOB, fake, PLAIN, SECRET } from '../../test/provider/fake.js'

/** What must never be seen: in the arguments of every call below. */
const MARKER = stringToHex('the planted marker of the guard ')
const CALL = encodeFunctionData({ abi: parseAbi(['function set(bytes32 word)']), args: [MARKER] })
/** Digits of the marker that stand in every encoding of it as hex, decimal, text or base64. */
const SHAPES = [
  MARKER.slice(2),
  BigInt(MARKER).toString(),
  'planted marker',
  btoa('the planted marker').slice(0, 20),
]

const to = (target: Address | null = SECRET) => ({ from: ALICE, to: target, data: CALL })
const account = privateKeyToAccount(`0x${'01'.repeat(32)}`)
const signed = (target: Address | undefined, data: Hex = CALL) =>
  account.signTransaction({
    type: 'eip1559',
    chainId: 31337,
    to: target,
    data,
    nonce: 0,
    gas: 21_000n,
    maxFeePerGas: 1n,
  })

const execute = (target: Address, data: Hex) =>
  encodeFunctionData({
    abi: parseAbi(['function execute(address to, uint256 value, bytes data)']),
    args: [target, 0n, data],
  })
const aggregate = (target: Address) =>
  encodeFunctionData({
    abi: parseAbi([
      'struct Call { address target; bool allowFailure; uint256 value; bytes callData; }',
      'function aggregate3Value(Call[] calls)',
    ]),
    args: [[{ target, allowFailure: true, value: 0n, callData: CALL }]],
  })
/** Gnosis Safe's multiSend packs its calls. */
const packed = (target: Address) =>
  encodeFunctionData({
    abi: parseAbi(['function multiSend(bytes transactions)']),
    args: [
      concat([
        '0x00',
        target,
        numberToHex(0, { size: 32 }),
        numberToHex((CALL.length - 2) / 2, { size: 32 }),
        CALL,
      ]),
    ],
  })
/** As viem's calls without a deployed contract: code and calldata behind a constructor of any length. */
const deployless = (target: Address) =>
  concat([
    '0x60806040526001',
    encodeAbiParameters([{ type: 'bytes' }, { type: 'bytes' }], ['0x60', execute(target, CALL)]),
  ])

const forward = (target: Address) =>
  JSON.stringify({
    types: {},
    primaryType: 'Forward',
    domain: {},
    message: { from: ALICE, to: target, data: CALL },
  })

const requests: [string, (target: Address) => unknown[] | Promise<unknown[]>][] = [
  ['eth_call', (t) => [to(t), '0x10']],
  ['eth_call', (t) => [to(t), 'latest', { [BOB]: { balance: '0x1' } }]],
  ['eth_call', (t) => [{ to: PLAIN, data: execute(t, CALL) }, 'latest']],
  ['eth_call', (t) => [{ to: PLAIN, data: aggregate(t) }, 'latest']],
  ['eth_call', (t) => [{ to: PLAIN, data: packed(t) }, 'latest']],
  ['eth_call', (t) => [{ data: deployless(t) }, 'latest']],
  ['eth_estimateGas', (t) => [{ to: PLAIN, data: execute(t, CALL) }]],
  ['eth_sendTransaction', (t) => [{ from: ALICE, to: PLAIN, data: execute(t, CALL) }]],
  ['eth_sendRawTransaction', async (t) => [await signed(t)]],
  ['eth_sendRawTransaction', async (t) => [await signed(PLAIN, execute(t, CALL))]],
  ['eth_sendRawTransaction', (t) => [concat(['0x7f', t, CALL])]],
  ['eth_signTransaction', (t) => [to(t)]],
  ['eth_fillTransaction', (t) => [{ ...to(t), data: undefined, input: CALL }]],
  ['eth_createAccessList', (t) => [to(t), 'latest']],
  ['eth_simulateV1', (t) => [{ blockStateCalls: [{ calls: [to(t)] }] }, 'latest']],
  ['debug_traceCall', (t) => [to(t), 'latest', {}]],
  ['trace_call', (t) => [to(t), ['trace'], 'latest']],
  ['trace_callMany', (t) => [[[to(t), ['trace']]], 'latest']],
  [
    'wallet_sendCalls',
    (t) => [{ version: '2.0.0', from: ALICE, calls: [{ to: PLAIN }, { to: t, data: CALL }] }],
  ],
  ['eth_sendUserOperation', (t) => [{ sender: BOB, callData: execute(t, CALL) }, PLAIN]],
  ['eth_signTypedData_v4', (t) => [ALICE, forward(t)]],
  ['some_methodOfTomorrow', (t) => [{ deep: [{ target: t.toLowerCase().slice(2), callData: CALL }] }]],
]

test.each(requests)(
  '%s with calldata for a secret contract never reaches the wallet',
  async (method, params) => {
    const { ask, backend, provider, wallet } = fake()
    // Packed targets are recognised once they are known.
    await ask('eth_estimateGas', to())
    await provider.request({ method, params: await params(SECRET) }).catch((error: { code: number }) => {
      expect([4200, -32000]).toContain(error.code)
    })
    expect(backend.queries).toEqual([])
    const seen = JSON.stringify(wallet.requests).toLowerCase()
    for (const shape of SHAPES) expect(seen).not.toContain(shape.toLowerCase())
  },
)

test.each(requests)(
  '%s with the same for another contract passes: the recording sees the marker',
  async (method, params) => {
    const { provider, wallet } = fake()
    await provider.request({ method, params: await params(BOB) })
    expect(JSON.stringify(wallet.requests).toLowerCase()).toContain(MARKER.slice(2))
  },
)

test.each(['eth_call', 'eth_estimateGas', 'eth_sendTransaction'])(
  '%s to a secret contract brings its calldata to nobody but the network',
  async (method) => {
    const { ask, wallet } = fake()
    await ask(method, to())
    expect(wallet.passed()).toEqual([])
  },
)

test.each(['eth_call', 'eth_signTransaction', 'eth_createAccessList', 'debug_traceCall', 'wallet_sendCalls'])(
  '%s without a target is refused where deployments are secret',
  async (method) => {
    const { provider, wallet } = fake({ deploy: 'secret' })
    await expect(provider.request({ method, params: [{ data: CALL }] })).rejects.toMatchObject({ code: 4200 })
    expect(wallet.requests).toEqual([])
  },
)

test('a signed deployment is refused where deployments are secret', async () => {
  const { ask, wallet } = fake({ deploy: 'secret' })
  await expect(ask('eth_sendRawTransaction', await signed(undefined))).rejects.toMatchObject({ code: 4200 })
  expect(wallet.requests).toEqual([])
})

test('ordinary requests that only name a secret contract pass', async () => {
  const { ask, wallet } = fake()
  const approve = encodeFunctionData({
    abi: parseAbi(['function approve(address to, uint256 value)']),
    args: [SECRET, 100n],
  })
  await ask('eth_sendTransaction', { from: ALICE, to: PLAIN, data: approve })
  await ask('eth_getBalance', SECRET, 'latest')
  await ask('eth_getCode', SECRET, 'latest')
  await ask('eth_getStorageAt', SECRET, '0x0', 'latest')
  await ask('eth_signTypedData_v4', ALICE, JSON.stringify({ message: { spender: SECRET, value: '5' } }))
  await ask('personal_sign', stringToHex('hello'), ALICE)
  await ask('wallet_switchEthereumChain', { chainId: '0x1' })
  expect(wallet.passed()).toHaveLength(7)
})
