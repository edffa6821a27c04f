// One front end, written once: over the bare provider with a public contract, and over the wrapped one with a secret one.
import {
  type BaseContract,
  BrowserProvider,
  Contract,
  ContractFactory,
  type ContractTransactionResponse,
  type EventLog,
  type InterfaceAbi,
  isError,
} from 'ethers'
import { expect, test } from 'vitest'
import { wrapProvider } from '../../src/provider/index.js'
import type { Eip1193Provider } from '../../src/provider/types.js'
import { ALICE, BOB, type Setting, Wallet } from './network.js'

/** What a person sees of the token. */
async function frontEnd(ethereum: Eip1193Provider, abi: InterfaceAbi, bytecode: string) {
  const provider = new BrowserProvider(ethereum, undefined, { cacheTimeout: -1, pollingInterval: 50 })
  const signer = await provider.getSigner()
  const seen: unknown[] = []

  const deployed: BaseContract = await new ContractFactory(abi, bytecode, signer).deploy(
    'Token',
    'TOK',
    1_000n,
  )
  const deployment = await deployed.deploymentTransaction()?.wait()
  const token = new Contract(deployment?.contractAddress as string, abi, signer)
  const call = (name: string, ...args: unknown[]) => token.getFunction(name)(...args)
  seen.push(await call('name'), await call('symbol'), await call('balanceOf', ALICE), [
    ...(await call('mine')),
  ])

  const transfer: ContractTransactionResponse = await token.getFunction('transfer').send(BOB, 40n)
  const receipt = await transfer.wait()
  seen.push(receipt?.status, receipt?.to === token.target, receipt?.logs.length)
  seen.push(await call('balanceOf', ALICE), await call('balanceOf', BOB))
  const gift: ContractTransactionResponse = await token.getFunction('give').send(9n, { value: 6n })
  await gift.wait()
  seen.push(await provider.getBalance(token.target))

  for (const event of ['Transfer', 'Given'])
    for (const log of (await token.queryFilter(event, deployment?.blockNumber)) as EventLog[])
      seen.push([event, log.eventName, [...log.args], log.transactionHash === transfer.hash])

  seen.push(await reasonOf(() => call('within', 5n, 3n)), await reasonOf(() => call('check', 11n)))
  // With a gas limit nobody estimates, so that it fails where it is executed.
  const failing: ContractTransactionResponse = await token
    .getFunction('give')
    .send(3n, { value: 5n, gasLimit: 200_000n })
  seen.push(await reasonOf(() => failing.wait()))
  const { from, to, data, value } = failing
  const failed = await provider.getTransactionReceipt(failing.hash)
  const replayed = await reasonOf(() =>
    provider.call({ from, to, data, value, blockTag: failed?.blockNumber }),
  )
  seen.push(failed?.status, failed?.logs.length, replayed)
  seen.push(token.interface.parseError(String(replayed[2]))?.name, await provider.getBalance(token.target))
  return seen
}

async function reasonOf(action: () => Promise<unknown>): Promise<unknown[]> {
  try {
    await action()
    return ['no error']
  } catch (error) {
    if (!isError(error, 'CALL_EXCEPTION')) throw error
    return [error.reason, error.revert && [error.revert.name, [...error.revert.args]], error.data]
  }
}

export function theSameFrontEnd(setting: () => Setting) {
  test('sees the same over a public and over a secret contract', async () => {
    const { network, rpc, token } = setting()
    const abi = token.abi as unknown as InterfaceAbi
    const open = await frontEnd(new Wallet(rpc, [ALICE]), abi, token.bytecode)
    const wallet = new Wallet(rpc, [ALICE])
    const secret = await frontEnd(wrapProvider(wallet, network, { deploy: 'secret' }), abi, token.bytecode)
    expect(secret).toEqual(open)
    // Reading took one signature, results another.
    expect([wallet.signatures('ReadAuthorisation'), wallet.signatures('ViewKey')]).toEqual([1, 1])
  })
}
