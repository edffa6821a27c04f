// Private reads against a real local network.
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { TaskRevertedError, UnknownContractError } from '../src/index.js'
import { compile } from './compile.js'
import { account, type LocalNetwork, startNetwork } from './local-network.js'
import { probeAbi as abi } from './probe-abi.js'

let local: LocalNetwork
let alice: ReturnType<LocalNetwork['client']>
let address: Address

beforeAll(async () => {
  local = await startNetwork()
  alice = local.client(0)
  const { bytecode } = compile('fixtures/Probe.sol', 'Probe')
  const deployed = await alice.deploySecretContract({ abi, bytecode, args: [7n] })
  address = deployed.address
  await alice.waitForTask({ task: deployed.task })
})

afterAll(() => local?.stop())

test('a read shows what one’s own last task wrote', async () => {
  const task = await alice.writeSecretContract({ address, abi, functionName: 'add', args: [5n] })
  await alice.waitForTask({ task })
  expect(await alice.readSecretContract({ address, abi, functionName: 'total' })).toBe(12n)
})

test('a read is by the account, or by nobody', async () => {
  const [own] = await alice.readSecretContract({ address, abi, functionName: 'whoAmI' })
  expect(own).toBe(account(0).address)
  const [nobody] = await alice.readSecretContract({ address, abi, functionName: 'whoAmI', anonymous: true })
  expect(BigInt(nobody)).toBe(0n)
})

test('a read that reverts says why', async () => {
  const error = await alice
    .readSecretContract({ address, abi, functionName: 'refuse', args: ['no'] })
    .catch((cause: unknown) => cause)
  expect(error).toBeInstanceOf(TaskRevertedError)
  expect(error).toMatchObject({ reason: 'no' })
})

test('an address without a secret contract has nothing to read', async () => {
  const read = alice.readSecretContract({ address: account(5).address, abi, functionName: 'total' })
  await expect(read).rejects.toBeInstanceOf(UnknownContractError)
})
