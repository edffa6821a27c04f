// Who signs need not be who was drawn first: several may have to, and one that is silent is passed over.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Address } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from '../src/index.js'
import { unpackCommitment } from '../src/protocol/packed.js'
import { calledBy, transactionAt } from '../src/verify/transaction.js'
import { compile } from './compile.js'
import { ask } from './liar.js'
import { type LocalNetwork, startNetwork } from './local-network.js'
import { probeAbi as abi } from './probe-abi.js'

const fixture = fileURLToPath(new URL('../../../tests/fixtures/Counter.sol', import.meta.url))

type Ranked = { rank: number; silent: boolean; id: number; signer: Address }

let local: LocalNetwork
let held: number | undefined
beforeAll(async () => {
  local = await startNetwork()
})
afterAll(async () => {
  if (held !== undefined) process.kill(held, 'SIGCONT')
  await local?.stop()
})

const groupOf = async (node: string, ...params: [contract: Address, epoch?: number]) =>
  ((await ask(node, { method: 'enigma_group', params })) as { workers: Ranked[] }).workers

test('a contract that asks for two signatures has its commits checked with both', async () => {
  const { stdout } = await local.enigma('deploy', `${fixture}:Counter`, '--signers', '2')
  const address = stdout.trim() as Address
  const client = local.client(0)
  const counter = [
    {
      type: 'function',
      name: 'add',
      stateMutability: 'nonpayable',
      inputs: [{ name: 'amount', type: 'uint256' }],
      outputs: [{ name: '', type: 'uint256' }],
    },
  ] as const
  const task = await client.writeSecretContract({ address, abi: counter, functionName: 'add', args: [4n] })
  const done = await client.waitForTask({ task, abi: counter, functionName: 'add' })
  expect(done.result).toBe(4n)
  const transaction = await transactionAt(connect(client, local.network), done.commit.transaction)
  const call = transaction && calledBy(transaction)
  if (call?.functionName !== 'commit') throw new Error('no commit')
  const own = call.args[0]
    .map((packed) => unpackCommitment(local.network.network, packed))
    .find((commitment) => commitment?.receipt.secretContract === address)
  expect(new Set(own?.signatures).size).toBe(2)
})

test('a silent worker is passed over, and who takes its place is believed', async () => {
  const { bytecode } = compile('fixtures/Probe.sol', 'Probe')
  const client = local.client(1)
  const { address, task: deployment } = await client.deploySecretContract({ abi, bytecode, args: [7n] })
  await client.waitForTask({ task: deployment })
  const healths = await Promise.all(
    local.network.nodes.map(async (node) => {
      const told = (await ask(node, { method: 'enigma_health', params: [] })) as {
        name: string
        enclave: { address: Address }
      }
      return { node, ...told }
    }),
  )
  // Whose turn is first in the epoch that is; it may end while this runs, so the taker is told by the commit.
  const [first] = (await groupOf(local.network.nodes[0] as string, address)).filter(({ silent }) => !silent)
  const silent = healths.find(({ enclave }) => enclave.address === first?.signer)
  if (!first || !silent) throw new Error('nobody is first')
  const pids = readFileSync(join(local.directory, 'pids'), 'utf8').trim().split('\n').map(Number)
  held = pids.find((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(local.directory, silent.name)),
  ) as number
  process.kill(held, 'SIGSTOP')

  const task = await client.writeSecretContract({ address, abi, functionName: 'add', args: [5n] })
  const done = await client.waitForTask({ task, abi, functionName: 'add' })
  expect(done.result).toBe(12n)
  expect(done.worker.id).not.toBe(first.id)
  const other = healths.find(({ node }) => node !== silent.node)?.node as string
  // The next task of the epoch begins at once with who took over: nobody waits for the silent one twice.
  const again = await client.writeSecretContract({ address, abi, functionName: 'add', args: [1n] })
  expect((await client.waitForTask({ task: again, abi, functionName: 'add' })).result).toBe(13n)
  type Told = { worker: Ranked; committed: { epoch: number } }
  const told = async () => (await ask(other, { method: 'enigma_task', params: [address, 1] })) as Told
  await expect.poll(async () => (await told()).worker.id).toBe(done.worker.id)
  // Only the groups of epochs that are not over are told.
  const { epoch } = (await told()).committed
  const group = await groupOf(other, address, epoch).catch(() => undefined)
  if (group) expect(group.filter((worker) => worker.silent).map(({ id }) => id)).toContain(first.id)
})
