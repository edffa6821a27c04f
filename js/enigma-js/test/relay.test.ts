// Tasks that an account authorises and somebody else sends and pays.
import { type Address, type Hash, numberToHex, parseAbi, parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NotYoursError, TaskExpiredError, TaskUnauthorisedError, TaskUnopenedError } from '../src/index.js'
import {
  authoriseTask,
  connect,
  getAccountNonce,
  InvalidRelayedTaskError,
  prepareRelay,
  type RelayedTask,
  RelayedValueError,
  relayTask,
  type SealedTask,
  WrongRelayerError,
  waitForSealedTask,
} from '../src/relay/index.js'
import { compile } from './compile.js'
import { dueOf } from './due.js'
import { deploy } from './entry-point.js'
import { account, type LocalNetwork, startNetwork } from './local-network.js'

const caller = compile('fixtures/Caller.sol', 'Caller')
const wallet = compile('fixtures/Wallet.sol', 'Wallet')
const abi = parseAbi([
  'function mark(uint256 note) payable returns (address caller, uint256 sum)',
  'function mine() view returns (uint256)',
])
const functionName = 'mark'
const relayer = account(1).address

let local: LocalNetwork
let address: Address
let deployer: ReturnType<LocalNetwork['client']>

beforeAll(async () => {
  local = await startNetwork()
  deployer = local.client(9)
  const deployed = await deployer.deploySecretContract({ abi: [], bytecode: caller.bytecode })
  await deployer.waitForTask({ task: deployed.task })
  address = deployed.address
})

afterAll(() => local?.stop())

const connectionOf = (index: number) => connect(local.client(index), local.network)
const called = (note: bigint) => ({ address, relayer, abi, functionName, args: [note] }) as const
const relay = (relayed: RelayedTask, maxValue?: bigint) => relayTask(connectionOf(1), relayed, { maxValue })

/** Over the wire to the relayer. */
const sentTo = (relayed: RelayedTask) => JSON.parse(JSON.stringify(relayed)) as RelayedTask

const resultOf = async (author: number, hash: Hash, task: SealedTask) => {
  const { result } = await waitForSealedTask(connectionOf(author), { hash, task, abi, functionName })
  return result
}

/** Why the enclave did not run it. */
const refusal = async (author: number, hash: Hash, task: SealedTask) => {
  const error = await resultOf(author, hash, task).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(TaskUnauthorisedError)
  const { reason, expected } = error as TaskUnauthorisedError
  return { reason, expected }
}

test('a relayer sends and pays; inside, the author calls, and alone reads the result', async () => {
  const author = connectionOf(2)
  expect(await getAccountNonce(author, { address })).toBe(0n)
  const before = await local.client(2).getBalance({ address: account(2).address })
  const { relayed, task } = await authoriseTask(author, { ...called(3n), value: 5n })
  const wire = JSON.stringify(relayed).toLowerCase()
  expect(wire).not.toContain(account(2).address.slice(2).toLowerCase())
  const hash = await relay(sentTo(relayed), 5n)
  expect(await resultOf(2, hash, task)).toEqual([account(2).address, 8n])
  expect(await getAccountNonce(author, { address })).toBe(1n)
  expect(await local.client(2).readSecretContract({ address, abi, functionName: 'mine' })).toBe(1n)
  expect(await local.client(2).getBalance({ address: account(2).address })).toBe(before)
  await expect(local.client(1).waitForTask({ hash })).rejects.toThrow(/relayed/)
  expect((await local.client(1).getTask({ hash })).stage).toBe('committed')
  expect(await local.client(1).getSecretLogs({ address, abi: [] })).toEqual([])
  await expect(waitForSealedTask(connectionOf(1), { hash, task })).rejects.toThrow(NotYoursError)
})

test('a relayer that sends a task twice has it run once', async () => {
  const { relayed, task } = await authoriseTask(connectionOf(3), called(1n))
  expect(await resultOf(3, await relay(relayed), task)).toEqual([account(3).address, 1n])
  expect(await refusal(3, await relay(relayed), task)).toEqual({ reason: 'nonce', expected: 1n })
  expect(await local.client(3).readSecretContract({ address, abi, functionName: 'mine' })).toBe(1n)
})

test('what a relayed task did not use pays for the next one', async () => {
  const chain = local.client(1)
  const first = await authoriseTask(connectionOf(8), called(1n))
  expect(await resultOf(8, await relay(first.relayed), first.task)).toEqual([account(8).address, 1n])
  const owed = await chain.getCredits()
  const { relayed, task } = await authoriseTask(connectionOf(8), called(2n))
  const hash = await relayTask(connectionOf(1), relayed, { credit: true })
  const transaction = await chain.getTransaction({ hash })
  const due = dueOf(transaction)
  expect(transaction.value).toBe(due > owed ? due - owed : 0n)
  expect(await resultOf(8, hash, task)).toEqual([account(8).address, 2n])
})

test('no more of a relayer is sent along than it allows', async () => {
  const { relayed, task } = await authoriseTask(connectionOf(7), { ...called(1n), value: 2n })
  const chain = local.client(1)
  const before = await chain.getBalance({ address: relayer })
  for (const maxValue of [undefined, 0n, 1n]) {
    const refused = await relay(sentTo(relayed), maxValue).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(RelayedValueError)
    expect((refused as RelayedValueError).value).toBe(2n)
  }
  await expect(prepareRelay(connectionOf(1), relayed)).rejects.toThrow(RelayedValueError)
  expect(await chain.getBalance({ address: relayer })).toBe(before)
  expect(await resultOf(7, await relay(relayed, 2n), task)).toEqual([account(7).address, 3n])
})

test('a relayer that changes value or gas has nothing run, and the task stays good', async () => {
  const { relayed, task } = await authoriseTask(connectionOf(4), { ...called(1n), value: 2n })
  const withValue = await relay({ ...relayed, value: numberToHex(1n) }, 1n)
  expect(await refusal(4, withValue, task)).toEqual({ reason: 'value', expected: undefined })
  const withGas = await relay({ ...relayed, gasLimit: relayed.gasLimit - 1 }, 2n)
  expect(await refusal(4, withGas, task)).toEqual({ reason: 'gas', expected: undefined })
  expect(await resultOf(4, await relay(relayed, 2n), task)).toEqual([account(4).address, 3n])
})

test('tasks authorised ahead run in the order of their nonces', async () => {
  const author = connectionOf(5)
  const first = await authoriseTask(author, { ...called(1n), nonce: 0n })
  const second = await authoriseTask(author, { ...called(2n), nonce: 1n })
  const early = await relay(second.relayed)
  expect(await refusal(5, early, second.task)).toEqual({ reason: 'nonce', expected: 0n })
  const hashes = [await relay(first.relayed), await relay(second.relayed)] as const
  expect(await resultOf(5, hashes[0], first.task)).toEqual([account(5).address, 1n])
  expect(await resultOf(5, hashes[1], second.task)).toEqual([account(5).address, 2n])
})

test('only the relayer that it is made for can send a task, and only on its network', async () => {
  const { relayed, task } = await authoriseTask(connectionOf(6), called(1n))
  await expect(relayTask(connectionOf(7), relayed)).rejects.toThrow(WrongRelayerError)
  const elsewhere = { ...relayed, network: numberToHex(1, { size: 32 }) }
  await expect(relay(elsewhere)).rejects.toThrow(InvalidRelayedTaskError)
  const stolen = await relayTask(connectionOf(7), { ...relayed, relayer: account(7).address })
  await expect(resultOf(6, stolen, task)).rejects.toThrow(TaskUnopenedError)
})

test('a task that has expired is not sent, and does nothing if it is', async () => {
  const { relayed, task } = await authoriseTask(connectionOf(6), { ...called(1n), expiry: 1n })
  await expect(relay(relayed)).rejects.toThrow(InvalidRelayedTaskError)
  const hash = await relay({ ...relayed, expiry: 0 })
  await expect(resultOf(6, hash, task)).rejects.toThrow(TaskExpiredError)
  expect(await getAccountNonce(connectionOf(6), { address })).toBe(0n)
})

test('a relayer may be a contract', async () => {
  const at = await deploy(deployer, wallet)
  const funding = await deployer.sendTransaction({ to: at, value: parseEther('1') })
  await deployer.waitForTransactionReceipt({ hash: funding })
  const { relayed, task } = await authoriseTask(connectionOf(8), { ...called(1n), relayer: at })
  const { to, data, value } = await prepareRelay(connectionOf(9), relayed)
  const call = { address: at, abi: wallet.abi, functionName: 'execute', args: [to, value, data] } as const
  const hash = await deployer.writeContract(call)
  expect(await resultOf(8, hash, task)).toEqual([account(8).address, 1n])
})
