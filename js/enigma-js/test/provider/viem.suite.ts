// Plain viem over a wrapped provider.
import {
  type Address,
  BaseError,
  ContractFunctionRevertedError,
  createPublicClient,
  createWalletClient,
  custom,
  getContract,
  type Hash,
  parseAbi,
  zeroAddress,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { beforeAll, expect, test } from 'vitest'
import { wrapProvider } from '../../src/provider/index.js'
import { ALICE, BOB, type Setting, Wallet } from './network.js'

const NAME = 'Marked Name of viem'
const SUPPLY = 876_543_210_987_654n
const AMOUNT = 234_567_890_123n

const abi = parseAbi([
  'constructor(string name, string symbol, uint256 supply)',
  'function name() view returns (string)',
  'function balanceOf(address account) view returns (uint256)',
  'function transfer(address to, uint256 value) returns (bool)',
  'function mine() view returns (address reader, uint256 balance)',
  'function give(uint256 wanted) payable',
  'function within(uint256 given, uint256 wanted) pure returns (uint256)',
  'function check(uint256 number) pure returns (uint256)',
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event Given(address indexed from, uint256 amount)',
  'error TooMuch(uint256 given, uint256 wanted)',
])

export function withViem(setting: () => Setting) {
  let wallet: Wallet
  let address: Address
  const clients = () => {
    const transport = custom(wrapProvider(wallet, setting().network, { deploy: 'secret' }))
    const options = { chain: foundry, transport, pollingInterval: 50, cacheTime: 0 }
    return { open: createPublicClient(options), own: createWalletClient({ account: ALICE, ...options }) }
  }
  let open: ReturnType<typeof clients>['open']
  let own: ReturnType<typeof clients>['own']
  const receiptOf = (hash: Hash) => open.waitForTransactionReceipt({ hash })

  async function revertOf(promise: Promise<unknown>): Promise<ContractFunctionRevertedError> {
    const error: unknown = await promise.then(
      () => new Error('it did not fail'),
      (error: unknown) => error,
    )
    const revert =
      error instanceof BaseError && error.walk((cause) => cause instanceof ContractFunctionRevertedError)
    if (!(revert instanceof ContractFunctionRevertedError)) throw error
    return revert
  }

  beforeAll(async () => {
    wallet = new Wallet(setting().rpc, [ALICE, BOB])
    ;({ open, own } = clients())
    const hash = await own.deployContract({
      abi,
      bytecode: setting().token.bytecode,
      args: [NAME, 'MRK', SUPPLY],
    })
    const receipt = await receiptOf(hash)
    expect(receipt.status).toBe('success')
    address = receipt.contractAddress as Address
  })

  test('reads with and without an account', async () => {
    const token = getContract({ address, abi, client: open })
    expect(await token.read.name()).toBe(NAME)
    expect(await token.read.balanceOf([ALICE])).toBe(SUPPLY)
    expect((await token.read.mine())[0]).toBe(zeroAddress)
    expect(wallet.signatures('ReadAuthorisation')).toBe(0)
    const read = () => open.readContract({ address, abi, functionName: 'mine', account: ALICE })
    expect(await Promise.all([read(), read()])).toEqual([
      [ALICE, SUPPLY],
      [ALICE, SUPPLY],
    ])
    expect(wallet.signatures('ReadAuthorisation')).toBe(1)
  })

  test('writes, and waits for the receipt with confirmations', async () => {
    const token = getContract({ address, abi, client: { public: open, wallet: own } })
    const hash = await token.write.transfer([BOB, AMOUNT])
    const receipt = await open.waitForTransactionReceipt({ hash, confirmations: 2 })
    expect(receipt).toMatchObject({ status: 'success', to: address.toLowerCase(), transactionHash: hash })
    expect(receipt.logs).toHaveLength(1)
    expect(await open.getTransaction({ hash })).toMatchObject({
      to: address.toLowerCase(),
      blockHash: receipt.blockHash,
    })
    expect(await token.read.balanceOf([BOB])).toBe(AMOUNT)
  })

  test('finds past events, and watches for new ones', async () => {
    const past = await open.getContractEvents({
      address,
      abi,
      eventName: 'Transfer',
      args: { to: BOB },
      fromBlock: 0n,
    })
    expect(past.map(({ args }) => args.value)).toEqual([AMOUNT])
    const before = wallet.requests.length
    let unwatch: () => void = () => undefined
    const seen = new Promise<bigint | undefined>((resolve, reject) => {
      const onLogs = ([log]: { args: { amount?: bigint | undefined } }[]) => resolve(log?.args.amount)
      unwatch = open.watchContractEvent({ address, abi, eventName: 'Given', onLogs, onError: reject })
    })
    await expect.poll(() => wallet.requests.length).toBeGreaterThan(before)
    const hash = await own.writeContract({ address, abi, functionName: 'give', args: [20n], value: 7n })
    await receiptOf(hash)
    expect(await seen).toBe(7n)
    unwatch()
  })

  test('a reverting read throws what viem decodes: a custom error, a reason', async () => {
    const custom = await revertOf(open.readContract({ address, abi, functionName: 'within', args: [5n, 3n] }))
    expect(custom.data).toMatchObject({ errorName: 'TooMuch', args: [5n, 3n] })
    const reason = await revertOf(open.readContract({ address, abi, functionName: 'check', args: [10n] }))
    expect(reason.reason).toBe('ten or more')
  })

  test('simulateContract runs what only reads, and says what to do about what writes', async () => {
    const { result } = await open.simulateContract({
      address,
      abi,
      functionName: 'check',
      args: [3n],
    } as never)
    expect(result).toBe(3n)
    const write = open.simulateContract({
      address,
      abi,
      functionName: 'transfer',
      args: [BOB, 1n],
      account: ALICE,
    })
    expect((await revertOf(write)).reason).toMatch(
      /this function writes[\s\S]*writeContract without simulateContract/,
    )
  })

  test('a multicall needs no contract for what is secret', async () => {
    const results = await open.multicall({
      contracts: [
        { address, abi, functionName: 'name' },
        { address, abi, functionName: 'check', args: [10n] },
        { address, abi, functionName: 'mine' },
      ],
      multicallAddress: '0xcA11bde05977b3631167028862bE2a173976CA11',
    })
    expect(results[0]).toEqual({ status: 'success', result: NAME })
    expect(results[1]?.status).toBe('failure')
    expect(results[2]?.result?.[0]).toBe(zeroAddress)
  })

  test('a failed transaction has status reverted, and a replay tells why', async () => {
    const hash = await own.writeContract({ address, abi, functionName: 'give', args: [3n], value: 5n })
    const receipt = await receiptOf(hash)
    expect(receipt).toMatchObject({ status: 'reverted', logs: [] })
    // As wagmi does.
    const { input: data, nonce, value, from, to } = await open.getTransaction({ hash })
    const replay = open.call({ account: from, to, data, nonce, value })
    await expect(replay).rejects.toThrow(/TooMuch|reverted/)
  })

  test('a key of one’s own signs nothing in the clear', async () => {
    const account = privateKeyToAccount(`0x${'42'.repeat(32)}`)
    const before = wallet.requests.length
    const params = [
      await account.signTransaction({
        chainId: foundry.id,
        to: address,
        data: '0xa9059cbb',
        gas: 1n,
        gasPrice: 1n,
      }),
    ]
    const sent = open.request({ method: 'eth_sendRawTransaction', params: params as never })
    await expect(sent).rejects.toThrow(/enigmaActions/)
    expect(wallet.requests.slice(before).map(({ method }) => method)).not.toContain('eth_sendRawTransaction')
  })

  test('on another chain nothing is called', async () => {
    const moved = new Wallet(setting().rpc, [ALICE])
    const request = moved.request
    moved.request = (args) => (args.method === 'eth_chainId' ? Promise.resolve('0x1') : request(args))
    const wrapped = wrapProvider(moved, setting().network, { contracts: [address] })
    const read = wrapped.request({
      method: 'eth_call',
      params: [{ to: address, data: '0x06fdde03' }, 'latest'],
    })
    await expect(read).rejects.toMatchObject({ code: 4901 })
  })

  test('the wallet has seen nothing of all that', () => {
    const seen = JSON.stringify(wallet.requests).toLowerCase()
    const texts = [NAME, Buffer.from(NAME).toString('hex'), Buffer.from(NAME).toString('base64')]
    const numbers = [SUPPLY, AMOUNT].flatMap((number) => [number.toString(), number.toString(16)])
    for (const marker of [...texts, ...numbers, 'a9059cbb']) expect(seen).not.toContain(marker.toLowerCase())
    expect(seen).toContain('eth_sendtransaction')
  })
}
