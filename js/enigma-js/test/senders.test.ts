// Tasks whose sender is a contract: a wallet with an owner, and ERC-4337 accounts.
import { type Address, type Hex, parseAbi, parseEther } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NotYoursError, TaskUnopenedError } from '../src/index.js'
import { connect, prepareTask, prepareWithdraw, waitForSealedTask } from '../src/relay/index.js'
import { compile } from './compile.js'
import {
  accountAddress,
  deploy,
  deployErc4337,
  type Erc4337,
  fund,
  handleOps,
  userOperation,
} from './entry-point.js'
import { type LocalNetwork, startNetwork } from './local-network.js'

const probe = compile('fixtures/Caller.sol', 'Caller')
const callerAbi = parseAbi(['function mark(uint256 note) payable returns (address caller, uint256 sum)'])
const wallet = compile('fixtures/Wallet.sol', 'Wallet')
const functionName = 'mark'

let local: LocalNetwork
let address: Address
let owner: ReturnType<LocalNetwork['client']>
let bundler: ReturnType<LocalNetwork['client']>
let erc4337: Erc4337

beforeAll(async () => {
  local = await startNetwork()
  owner = local.client(0)
  bundler = local.client(1)
  const deployed = await owner.deploySecretContract({ abi: [], bytecode: probe.bytecode })
  await owner.waitForTask({ task: deployed.task })
  address = deployed.address
  erc4337 = await deployErc4337(bundler)
})

afterAll(() => local?.stop())

const connectionOf = (client: typeof owner) => connect(client, local.network)
const called = (note: bigint) => ({ address, abi: callerAbi, functionName, args: [note] }) as const

async function walletOf(client: typeof owner) {
  const at = await deploy(client, wallet)
  const hash = await client.sendTransaction({ to: at, value: parseEther('1') })
  await client.waitForTransactionReceipt({ hash })
  const execute = async ({ to, data, value }: { to: Address; data: Hex; value: bigint }) => {
    const call = { address: at, abi: wallet.abi, functionName: 'execute', args: [to, value, data] } as const
    const sent = await client.writeContract(call)
    await client.waitForTransactionReceipt({ hash: sent })
    return sent
  }
  return { at, execute }
}

test('a contract wallet sends a task with value, and its owner reads the result, also on another client', async () => {
  const { at, execute } = await walletOf(owner)
  const connection = connectionOf(owner)
  const { task, ...call } = await prepareTask(connection, { ...called(3n), sender: at, value: 5n })
  const hash = await execute(call)
  const done = await waitForSealedTask(connection, { hash, task, abi: callerAbi, functionName })
  expect(done.result).toEqual([at, 8n])
  const later = JSON.parse(JSON.stringify(task)) as typeof task
  const again = await waitForSealedTask(connectionOf(local.client(0)), { hash, task: later })
  expect(again.data).toBe(done.data)
  const stranger = waitForSealedTask(connectionOf(bundler), { hash, task })
  await expect(stranger).rejects.toThrow(NotYoursError)
})

test('what the task of a contract wallet does not use, it withdraws', async () => {
  const { at, execute } = await walletOf(owner)
  const connection = connectionOf(owner)
  const { task, ...call } = await prepareTask(connection, { ...called(1n), sender: at })
  await waitForSealedTask(connection, { hash: await execute(call), task })
  const credit = await owner.getCredits({ account: at })
  expect(credit).toBeGreaterThan(0n)
  const before = await owner.getBalance({ address: at })
  await execute(prepareWithdraw(connection))
  expect(await owner.getBalance({ address: at })).toBe(before + credit)
})

test('a prepared call that another contract sends does not open', async () => {
  const [mine, theirs] = [await walletOf(owner), await walletOf(bundler)]
  const connection = connectionOf(owner)
  const { task, ...call } = await prepareTask(connection, { ...called(3n), sender: mine.at, value: 5n })
  const hash = await theirs.execute(call)
  await expect(waitForSealedTask(connection, { hash, task })).rejects.toThrow(TaskUnopenedError)
})

test('ERC-4337 accounts, created by their first operation, are msg.sender of tasks that one bundle carries', async () => {
  const keys = [generatePrivateKey(), generatePrivateKey()] as const
  const users = await Promise.all(
    keys.map(async (key) => {
      const account = privateKeyToAccount(key)
      const sender = await accountAddress(bundler, erc4337, account.address)
      return { key, account, sender }
    }),
  )
  const prepared = []
  for (const { key, account, sender } of users) {
    await fund(bundler, erc4337, sender)
    const connection = connectionOf(local.client(0))
    // Two calls in one operation: the tasks are told apart by their envelopes.
    const tasks = []
    for (const note of [10n, 20n])
      tasks.push(await prepareTask(connection, { ...called(note), sender, account, value: note }))
    const operation = await userOperation(bundler, erc4337, { address: account.address, key }, tasks, true)
    prepared.push({ connection, account, sender, tasks, operation })
  }
  const hash = await handleOps(
    bundler,
    erc4337,
    prepared.map(({ operation }) => operation),
  )
  for (const { connection, account, sender, tasks } of prepared)
    for (const [i, { task }] of tasks.entries()) {
      const wait = { hash, task, account, abi: callerAbi, functionName } as const
      const { result } = await waitForSealedTask(connection, wait)
      expect(result).toEqual([sender, 20n * BigInt(i + 1)])
    }
})
