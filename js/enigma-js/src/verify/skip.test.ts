// An input that nobody executed: what the chain must show before it is believed, and how waiting ends.
import { type Address, getAddress, type Hex, keccak256, type Log, zeroHash } from 'viem'
import { expect, test } from 'vitest'
import { event, ForgedChain } from '../../test/forged-chain.js'
import { refuses } from '../../test/refusal.js'
import { committedEvent, inputCreatedEvent, skippedEvent } from '../abi.js'
import { watchTasks } from '../actions/watchTasks.js'
import type { Connection } from '../connection.js'
import { TaskSkippedError } from '../errors/task.js'
import { DroppedTaskError } from '../errors/trust.js'
import type { ChainEvent } from '../feed/feed.js'
import { createInbox } from '../feed/inbox.js'
import { finish } from '../finish.js'
import { commitsSince, followCommit } from '../follow.js'
import { genesisInputHead, inputHash, nextInputHead } from '../protocol/input.js'
import { layout } from '../protocol/layout.js'
import { genesisStateHead, nextStateHead } from '../protocol/state.js'
import { covers } from './commit.js'
import { inputLogs, type VerifiedInput, verifyInput } from './input.js'

const CONTRACT: Address = getAddress(`0x${'c0'.repeat(20)}`)
const SENDER: Address = `0x${'5e'.repeat(20)}`
const REFUND = (100_000n + 800_000n / 8n) * 9n + 1_000n

/** A chain with `count` inputs of one contract in one block, all pending. */
class Queue extends ForgedChain {
  readonly hashes: Hex[] = []
  stateHead = genesisStateHead(zeroHash, CONTRACT)
  cursor = 0
  readonly inputsBlock: bigint

  constructor(count: number) {
    super()
    let head = genesisInputHead(zeroHash, CONTRACT)
    this.set(layout.head(CONTRACT, 2n ** 64n - 1n), BigInt(head))
    const terms = {
      onBehalfOf: zeroHash,
      value: 1_000n,
      gasLimit: 800_000n,
      commitGas: 100_000n,
      priceCap: 9n,
      tip: 1n,
      epoch: 2,
      inclusionEpoch: 2,
      inflow: 0n,
    }
    const number = BigInt(this.blocks.length)
    const events = Array.from({ length: count }, (_, index) => {
      const envelope: Hex = `0x0${index}`
      const hash = inputHash(CONTRACT, index, {
        kind: 1,
        sender: SENDER,
        ...terms,
        blockNumber: number,
        timestamp: 1_900_000_000n + number,
        baseFee: 7n,
        codeHash: zeroHash,
        envelopeHash: keccak256(envelope),
      })
      this.hashes.push(hash)
      head = nextInputHead(head, hash)
      this.set(layout.head(CONTRACT, index), BigInt(head))
      const place = { secretContract: CONTRACT, index: BigInt(index), sender: SENDER, kind: 1 }
      return event(inputCreatedEvent, { ...place, ...terms, inputHead: head, code: '0x', envelope })
    })
    this.#record()
    this.inputsBlock = this.mine(...events)
  }

  #record(): void {
    this.set(layout.secretContract(CONTRACT, 0), BigInt(this.stateHead))
    const counts = (1n << 208n) | (BigInt(this.cursor) << 64n) | BigInt(this.hashes.length)
    this.set(layout.secretContract(CONTRACT, 1), counts)
  }

  /** Moves the contract on by one input, whose state change has this hash; the skip event of that. */
  end(deltaHash: Hex = zeroHash) {
    const index = this.cursor
    this.stateHead = nextStateHead(this.stateHead, this.hashes[index] as Hex, deltaHash)
    this.cursor += 1
    this.#record()
    return event(skippedEvent, {
      secretContract: CONTRACT,
      index: BigInt(index),
      stateHead: this.stateHead,
      sender: SENDER,
      refund: 5n,
    })
  }
}

async function inputOf(chain: Queue, connection: Connection, index: number): Promise<VerifiedInput> {
  const log = inputLogs(connection, toLogs(chain.logsOf(chain.inputsBlock)))[index]
  if (!log) throw new Error('no such input')
  return verifyInput(connection, log)
}

const toLogs = (logs: object[]) =>
  logs.map((log) => ({ ...log, blockNumber: BigInt((log as { blockNumber: Hex }).blockNumber) })) as Log[]

async function ended(chain: Queue, index: number) {
  const connection = chain.connection()
  const input = await inputOf(chain, connection, index)
  const log = (await commitsSince(connection, input)).find((found) => covers(found, input))
  if (!log) throw new Error('it has not ended')
  return { connection, result: finish(connection, undefined, input, log, {}) }
}

test('a skipped task ends with what its sender got back, as the chain has recorded it', async () => {
  const chain = new Queue(2)
  chain.mine()
  const block = chain.mine(chain.end())
  const { connection, result } = await ended(chain, 0)
  await refuses(
    result,
    TaskSkippedError,
    new RegExp(`Task 0 of .*nobody executed it.*${REFUND} wei.*withdraw`, 's'),
  )
  await expect(result).rejects.toMatchObject({ refund: REFUND })
  // A read after it must not show an earlier state.
  expect(connection.cache.commits.get(CONTRACT)).toBe(block)
})

test('a queue of dead inputs may go in one block, and each of them is told', async () => {
  const chain = new Queue(4)
  chain.mine(chain.end(), chain.end(), chain.end())
  chain.mine(chain.end())
  for (const index of [0, 1, 2, 3])
    await refuses((await ended(chain, index)).result, TaskSkippedError, `Task ${index} of`)
})

test('what was executed is not believed to be skipped', async () => {
  const chain = new Queue(3)
  chain.mine(chain.end(keccak256('0xde17a0')))
  await refuses((await ended(chain, 0)).result, DroppedTaskError, 'a skip that block')
  // Nor behind one that was, nor in front of it.
  chain.mine(chain.end(), chain.end(keccak256('0xde17a1')))
  await refuses((await ended(chain, 2)).result, DroppedTaskError, 'a skip that block')
  const other = new Queue(2)
  other.mine(other.end(keccak256('0xde17a0')), other.end())
  await refuses((await ended(other, 0)).result, DroppedTaskError, 'a skip that block')
  await refuses((await ended(other, 1)).result, TaskSkippedError, 'Task 1 of')
})

test('a skip that the chain does not have is not believed', async () => {
  const chain = new Queue(2)
  const [before, cursor] = [chain.stateHead, chain.cursor]
  const invented = chain.end()
  chain.set(layout.secretContract(CONTRACT, 0), BigInt(before))
  chain.set(layout.secretContract(CONTRACT, 1), (1n << 208n) | (BigInt(cursor) << 64n) | 2n)
  chain.mine(invented)
  await refuses((await ended(chain, 0)).result, DroppedTaskError, 'a skip that block')
})

test('a wait ends at once when the task is skipped, not at its timeout', async () => {
  const chain = new Queue(2)
  const connection = chain.connection()
  const input = await inputOf(chain, connection, 1)
  const feed = { ...createInbox<ChainEvent>(), close: () => undefined }
  const bounds = { hash: input.transaction, deadline: Date.now() + 60_000, timeout: 60_000 }
  let turns = 0
  const wait = followCommit(connection, feed, bounds, input, Promise.resolve(input), () => {
    turns += 1
  })
  const first = chain.mine(chain.end())
  for (const log of toLogs(chain.logsOf(first))) feed.push({ type: 'log', log })
  await expect.poll(() => turns).toBe(1)
  const second = chain.mine(chain.end())
  for (const log of toLogs(chain.logsOf(second))) feed.push({ type: 'log', log })
  expect(await wait).toMatchObject({ skipped: true, firstIndex: 1n, lastIndex: 1n, block: second })
})

test('those who watch are told of skips and commits apart', async () => {
  const chain = new Queue(3)
  const connection = chain.connection()
  const seen: string[] = []
  const stop = watchTasks(connection, { onTask: ({ stage, index }) => seen.push(`${stage} ${index}`) })
  await expect.poll(() => chain.asked.includes('eth_blockNumber')).toBe(true)
  chain.mine(chain.end())
  const committed = {
    secretContract: CONTRACT,
    firstIndex: 1n,
    lastIndex: 2n,
    epoch: 2,
    stateHead: zeroHash,
    snapshotHash: zeroHash,
    outcomes: [],
    outputs: [],
    deltas: [],
  }
  chain.mine(event(committedEvent, committed))
  await expect.poll(() => seen).toEqual(['skipped 0', 'committed 1', 'committed 2'])
  stop()
})
