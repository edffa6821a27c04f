// A task that nobody executes is skipped by anybody: who waits learns it at once, has the money back, and the contract goes on.
import { readFileSync } from 'node:fs'
import type { Abi } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { inputCreatedEvent } from '../src/abi.js'
import { connect, type Stage, type TaskNotice, TaskSkippedError } from '../src/index.js'
import { inputAt, inputLogs } from '../src/verify/input.js'
import { compile } from './compile.js'
import { holdWorkers } from './hold.js'
import { ask } from './liar.js'
import { type LocalNetwork, socketOf, startNetwork } from './local-network.js'
import { probeAbi as abi } from './probe-abi.js'
import { refuses } from './refusal.js'

let local: LocalNetwork
let resume: () => void = () => undefined
beforeAll(async () => {
  local = await startNetwork()
})
afterAll(async () => {
  resume()
  await local?.stop()
})

const artifact = new URL('../../../contracts/artifacts/Enigma.json', import.meta.url)
const { abi: enigma } = JSON.parse(readFileSync(artifact, 'utf8')) as { abi: Abi }

test('a skipped task ends every wait, its money is credit, and the next task is executed', async () => {
  const { bytecode } = compile('fixtures/Probe.sol', 'Probe')
  const client = local.client(0)
  const { address, task: deployment } = await client.deploySecretContract({ abi, bytecode, args: [7n] })
  await client.waitForTransactionReceipt({ hash: deployment.hash })
  // No node says of a contract that it is not there, however new it is.
  await Promise.all(
    local.network.nodes.flatMap((node) => [
      expect(ask(node, { method: 'enigma_contract', params: [address] })).resolves.toMatchObject({
        inputs: 1,
      }),
      expect(ask(node, { method: 'enigma_group', params: [address] })).resolves.toHaveProperty('workers'),
    ]),
  )
  await client.waitForTask({ task: deployment })
  const before = await client.getCredits()
  const notices: TaskNotice[] = []
  const unwatch = client.watchTasks({ contract: address, onTask: (notice) => notices.push(notice) })

  resume = holdWorkers(local)
  const task = await client.writeSecretContract({ address, abi, functionName: 'add', args: [5n] })
  const stages: Stage[] = []
  const polling = client.waitForTask({ task, onStage: (stage) => stages.push(stage) })
  const socket = socketOf(local.json.rpc)
  const pushed = local.client(0, { transport: socket.transport }).waitForTask({ task })
  for (const wait of [polling, pushed]) wait.catch(() => undefined)
  await expect.poll(() => stages.at(-1)).toBe('executing')

  const called = local.enigma('call', address, 'add(uint256)(uint256)', '3', '--from', '2').catch(String)
  const connection = connect(client, local.network)
  const inputs = async () => inputLogs(connection, await client.getLogs(created))
  const created = { address: local.network.enigma, event: inputCreatedEvent, fromBlock: 0n } as const
  await expect.poll(async () => (await inputs()).length).toBe(3)
  const skips = await Promise.all(
    (await inputs()).map(async (log) => {
      const args = [address, (await inputAt(connection, log)).input]
      return { address: local.network.enigma, abi: enigma, functionName: 'skip', args } as const
    }),
  )
  const [, skip, skipNext] = skips
  if (!skip || !skipNext) throw new Error('no input')
  const anybody = local.client(3)
  await expect(anybody.simulateContract(skip)).rejects.toThrow('TooEarlyToSkip')
  await ask(local.json.rpc, { method: 'anvil_mine', params: ['0x81'] })
  for (const one of [skip, skipNext]) {
    // The clock of the next one begins with a skip, and that of each with an epoch, which may begin between a look and a
    // transaction: nine blocks until all had their turn.
    const isSkipped = async () => {
      const hash = await anybody.writeContract(one).catch(() => undefined)
      const receipt = hash && (await anybody.waitForTransactionReceipt({ hash }))
      if (receipt?.status !== 'success') await ask(local.json.rpc, { method: 'anvil_mine', params: ['0x9'] })
      return receipt?.status
    }
    await expect.poll(isSkipped, { timeout: 20_000 }).toBe('success')
  }

  const at = Date.now()
  for (const wait of [polling, pushed])
    await refuses(wait, TaskSkippedError, 'was skipped: nobody executed it')
  expect(Date.now() - at).toBeLessThan(5_000)
  const { refund } = (await polling.catch((error: TaskSkippedError) => error)) as TaskSkippedError
  expect(stages).toEqual(['submitted', 'waiting', 'executing', 'failed'])
  expect((await client.getCredits()) - before).toBe(refund)
  expect(await client.getTask({ contract: address, index: 1n })).toMatchObject({
    stage: 'failed',
    error: expect.any(TaskSkippedError),
  })
  expect(await local.client(1).getTask({ hash: task.hash })).toMatchObject({ stage: 'failed' })
  expect(await client.getOutboundCalls({ hash: task.hash })).toEqual([])
  expect(await client.getSecretLogs({ address, abi })).toEqual([])
  await expect.poll(() => notices.map(({ stage, index }) => `${stage} ${index}`)).toContain('skipped 1')
  unwatch()
  await socket.close()

  expect(await called).toMatch(/task 2 of 0x\w+ was skipped: nobody executed it.* wei\) were credited/)
  const { stdout } = await local.enigma('task', address, '2', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    ok: true,
    stage: 'skipped',
    outcome: 'skipped',
    paidWei: '0',
    refundedWei: expect.stringMatching(/^[1-9]/),
    committed: null,
    skipped: { block: expect.any(Number), seconds: expect.any(Number) },
  })
  expect((await local.enigma('task', address, '2')).stdout).toMatch(
    /^outcome {3}skipped: nobody executed it/m,
  )

  resume()
  const next = await client.writeSecretContract({ address, abi, functionName: 'add', args: [2n] })
  const done = await client.waitForTask({ task: next, abi, functionName: 'add' })
  expect(done.result).toBe(9n)
  const node = local.network.nodes[0] as string
  const told = async () => {
    const answer = await ask(node, { method: 'enigma_task', params: [address, 1] })
    return (answer as { committed: unknown } | null)?.committed
  }
  await expect.poll(told).toMatchObject({ status: 'skipped', pay: '0', refund: String(refund) })
  const group = await ask(node, { method: 'enigma_group', params: [address] })
  expect(group).toMatchObject({ workers: [{ rank: 0 }, { rank: 1 }, { rank: 2 }] })
})
