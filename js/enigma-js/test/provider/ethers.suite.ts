// Plain ethers v6 over a wrapped provider.
import {
  BrowserProvider,
  Contract,
  ContractFactory,
  type ContractTransactionResponse,
  type EventLog,
  type InterfaceAbi,
  isError,
  type JsonRpcSigner,
} from 'ethers'
import type { Hex } from 'viem'
import { beforeAll, expect, test } from 'vitest'
import { wrapProvider } from '../../src/provider/index.js'
import { ALICE, BOB, type Setting, Wallet } from './network.js'

/** What must not be seen: a name, amounts. */
const NAME = 'Marked Name of ethers'
const SUPPLY = 987_654_321_012_345n
const AMOUNT = 123_456_789_012n

export function withEthers(setting: () => Setting) {
  let wallet: Wallet
  let provider: BrowserProvider
  let signer: JsonRpcSigner
  let token: Contract
  let abi: InterfaceAbi

  function connected(options: object = {}) {
    return new BrowserProvider(
      wrapProvider(wallet, setting().network, { deploy: 'secret', ...options }),
      undefined,
      {
        cacheTimeout: -1,
        pollingInterval: 50,
      },
    )
  }
  const call = (name: string, ...args: unknown[]) => token.getFunction(name)(...args)
  const send = (name: string, ...args: unknown[]) => token.getFunction(name).send(...args)
  const failure = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(
      () => Promise.reject(new Error('it did not fail')),
      (error) => error,
    )

  beforeAll(async () => {
    wallet = new Wallet(setting().rpc, [ALICE, BOB])
    provider = connected()
    signer = await provider.getSigner()
    abi = setting().token.abi as unknown as InterfaceAbi
    const factory = new ContractFactory(abi, setting().token.bytecode, signer)
    const deployed = await factory.deploy(NAME, 'MRK', SUPPLY)
    const receipt = await deployed.deploymentTransaction()?.wait()
    expect(receipt?.status).toBe(1)
    token = new Contract(receipt?.contractAddress as string, abi, signer)
    // What ethers computes is an address where nothing lives.
    await expect(deployed.getFunction('transfer').send(BOB, AMOUNT)).rejects.toThrow(String(token.target))
  })

  test('reads the state with types', async () => {
    expect(await call('name')).toBe(NAME)
    expect(await call('balanceOf', ALICE)).toBe(SUPPLY)
    expect(await call('decimals')).toBe(18n)
  })

  test('a read with a signer is the account’s, and all of them take one signature', async () => {
    const [[reader], balance] = await Promise.all([
      call('mine'),
      call('balanceOf', ALICE),
      call('totalSupply'),
      call('mine'),
    ])
    expect(reader).toBe(ALICE)
    expect(balance).toBe(SUPPLY)
    expect(wallet.signatures('ReadAuthorisation')).toBe(1)
  })

  test('a read without a signer is nobody’s', async () => {
    const anonymous = new Contract(token.target, abi, provider)
    expect((await anonymous.getFunction('mine')())[0]).toBe(`0x${'0'.repeat(40)}`)
    expect(wallet.signatures('ReadAuthorisation')).toBe(1)
  })

  test('sends a transaction and waits for it, with confirmations', async () => {
    const transaction: ContractTransactionResponse = await send('transfer', BOB, AMOUNT)
    expect(transaction).toMatchObject({ to: token.target, from: ALICE, value: 0n })
    const receipt = await transaction.wait()
    expect(receipt).toMatchObject({ status: 1, to: token.target, from: ALICE, hash: transaction.hash })
    const [event] = receipt?.logs ?? []
    expect((event as EventLog).eventName).toBe('Transfer')
    expect([...(event as EventLog).args]).toEqual([ALICE, BOB, AMOUNT])
    const confirmed = await transaction.wait(3)
    expect(await confirmed?.confirmations()).toBeGreaterThanOrEqual(3)
    expect(await provider.getTransaction(transaction.hash)).toMatchObject({
      to: token.target,
      blockHash: receipt?.blockHash,
    })
    expect(await call('balanceOf', BOB)).toBe(AMOUNT)
  })

  test('finds past events, and hears new ones', async () => {
    const past = (await token.queryFilter(token.getEvent('Transfer')(null, BOB), 0)) as EventLog[]
    expect(past.map(({ args }) => args[2])).toEqual([AMOUNT])
    const heard = new Promise<bigint>((resolve) => {
      token.on('Given', (_from: string, amount: bigint) => resolve(amount))
    })
    // The listener is in place when the filter is: ethers makes it in the background.
    await expect.poll(() => wallet.requests.length).toBeGreaterThan(0)
    await (await send('give', 20n, { value: 7n })).wait()
    expect(await heard).toBe(7n)
    await token.removeAllListeners()
    expect(await provider.getBalance(token.target)).toBe(7n)
  })

  test('a reverting read throws what ethers decodes: a custom error, a reason', async () => {
    const custom = await failure(call('within', 5n, 3n))
    expect(isError(custom, 'CALL_EXCEPTION') && custom.revert).toMatchObject({
      name: 'TooMuch',
      args: [5n, 3n],
    })
    const reason = await failure(call('check', 10n))
    expect(isError(reason, 'CALL_EXCEPTION') && reason.reason).toBe('ten or more')
  })

  test('a simulated write says that it cannot be simulated', async () => {
    const error = await failure(token.getFunction('transfer').staticCall(BOB, 1n))
    expect(isError(error, 'CALL_EXCEPTION') && error.reason).toMatch(
      /this function writes[\s\S]*Send it as a transaction/,
    )
  })

  test('a failed transaction fails in wait(), and a replay tells why', async () => {
    const transaction: ContractTransactionResponse = await send('give', 3n, { value: 5n })
    const error = await failure(transaction.wait())
    expect(isError(error, 'CALL_EXCEPTION') && error.receipt?.status).toBe(0)
    const receipt = await provider.getTransactionReceipt(transaction.hash)
    const { from, to, data, value } = transaction
    const replay = await failure(
      provider.call({ from, to, data, value, blockTag: receipt?.blockNumber ?? 0 }),
    )
    expect(
      isError(replay, 'CALL_EXCEPTION') && token.interface.parseError(replay.data ?? '0x'),
    ).toMatchObject({ name: 'TooMuch', args: [5n, 3n] })
  })

  test('a page that was loaded again reads its old transactions and events', async () => {
    const again = connected()
    const reloaded = new Contract(token.target, abi, await again.getSigner())
    const [first] = (await reloaded.queryFilter('Transfer', 0)) as EventLog[]
    expect(first?.args[2]).toBe(SUPPLY)
    const receipt = await again.getTransactionReceipt(first?.transactionHash as Hex)
    expect(receipt).toMatchObject({ contractAddress: token.target, status: 1 })
  })

  test('another account sees none of it', async () => {
    const other = new Wallet(setting().rpc, [BOB])
    const theirs = new BrowserProvider(wrapProvider(other, setting().network), undefined, {
      cacheTimeout: -1,
    })
    expect(await new Contract(token.target, abi, theirs).queryFilter('Transfer', 0)).toEqual([])
    expect(JSON.stringify(other.requests)).not.toContain(AMOUNT.toString(16))
  })

  test('a user who says no is not asked again at once', async () => {
    const shy = new Wallet(setting().rpc, [BOB])
    shy.refuses = true
    const theirs = new BrowserProvider(wrapProvider(shy, setting().network), undefined, { cacheTimeout: -1 })
    const read = async () => new Contract(token.target, abi, await theirs.getSigner()).getFunction('mine')()
    // ethers calls every failed eth_call a CALL_EXCEPTION; the wallet's code is in it.
    for (let i = 0; i < 2; i += 1)
      expect(await failure(read())).toMatchObject({ info: { error: { code: 4001 } } })
    expect(shy.signatures('ReadAuthorisation')).toBe(1)
  })

  test('the wallet has seen nothing of all that', () => {
    const seen = JSON.stringify(wallet.requests).toLowerCase()
    const texts = [NAME, Buffer.from(NAME).toString('hex'), Buffer.from(NAME).toString('base64')]
    const numbers = [SUPPLY, AMOUNT].flatMap((number) => [number.toString(), number.toString(16)])
    for (const marker of [...texts, ...numbers, 'a9059cbb']) expect(seen).not.toContain(marker.toLowerCase())
    expect(seen).toContain('eth_sendtransaction')
  })
}
