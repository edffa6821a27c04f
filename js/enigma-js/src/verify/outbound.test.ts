// What became of outbound calls: what the chain must show before it is believed.
import { type Address, getAddress, type Hex, keccak256, numberToHex } from 'viem'
import { beforeEach, describe, expect, test } from 'vitest'
import { type Event, event, ForgedChain } from '../../test/forged-chain.js'
import { refuses } from '../../test/refusal.js'
import { outboundCalledEvent } from '../abi.js'
import { ProofError } from '../errors/trust.js'
import type { RawReceipt } from '../protocol/blockReceipts.js'
import { layout } from '../protocol/layout.js'
import type { OutboundCall } from '../protocol/outbound.js'
import { blockAt } from './block.js'
import { verifyOutbound } from './outbound.js'

const CONTRACT: Address = getAddress(`0x${'c0'.repeat(20)}`)
const OTHER: Address = getAddress(`0x${'0c'.repeat(20)}`)
const TAKER: Address = getAddress(`0x${'aa'.repeat(20)}`)
const REFUSER: Address = getAddress(`0x${'bb'.repeat(20)}`)
const NONE = 2n ** 256n - 1n
/** Calls of the contract before this receipt. */
const BEFORE = 9n

const transfer = (index: bigint, target: Address, value: bigint): OutboundCall => ({
  index,
  kind: 1,
  target,
  value,
  gas: 0n,
  data: '0x',
})
const call = (index: bigint, value: bigint, data: Hex): OutboundCall => ({
  index,
  kind: 2,
  target: TAKER,
  value,
  gas: 50_000n,
  data,
})

/** The receipt's calls, in the order of its tasks, 4 to 7: all pay and call, but 5 only calls. */
const OUTBOUND = [
  transfer(4n, TAKER, 70n),
  call(4n, 3n, '0x0102'),
  transfer(4n, REFUSER, 50n),
  call(5n, 0n, '0x'),
  call(6n, 0n, '0x06'),
  transfer(6n, REFUSER, 40n),
  transfer(7n, REFUSER, 30n),
  call(7n, 0n, '0x07'),
]
const SUCCESS = [true, true, false, false, true, true, false, true]
const word = (success: boolean, data: Hex) => (BigInt(keccak256(data)) & ~1n) | (success ? 1n : 0n)

/** The event by which the chain tells of call `i` of the receipt. */
function told(i: number, contract = CONTRACT, success = SUCCESS[i] as boolean): Event {
  const { index, kind, target, value } = OUTBOUND[i] as OutboundCall
  const calls = OUTBOUND.slice(0, i).filter((one) => one.kind === 2).length
  const number = kind === 2 ? BEFORE + BigInt(calls) : NONE
  return event(outboundCalledEvent, { secretContract: contract, index, number, target, value, success })
}

let chain: ForgedChain

beforeEach(() => {
  chain = new ForgedChain()
  chain.set(layout.secretContract(CONTRACT, 4), (BEFORE + 4n) << 200n)
  let number = BEFORE
  OUTBOUND.forEach(({ kind, data }, i) => {
    if (kind === 2) chain.set(layout.outcome(CONTRACT, number++), word(SUCCESS[i] as boolean, data))
  })
  // The wrong ones to read: of another number, of another contract.
  chain.set(layout.outcome(CONTRACT, BEFORE - 1n), word(true, '0xff'))
  chain.set(layout.outcome(OTHER, BEFORE), word(false, '0xee'))
  chain.set(layout.ledger(REFUSER), 50n)
})

/** Mines `events`, among those of others, and asks for the calls of a task. */
async function ask(index: bigint, events = OUTBOUND.map((_, i) => told(i))) {
  const others = [told(0, OTHER, false), { ...told(2, CONTRACT, true), address: OTHER }]
  chain.mine(...others, ...events, told(1, OTHER, false))
  return again(index)
}

async function again(index: bigint) {
  const connection = chain.connection()
  connection.cache.verified = Promise.resolve()
  const at = await blockAt(connection, 'latest')
  return verifyOutbound(connection, { contract: CONTRACT, index }, { at, outbound: OUTBOUND })
}

test('who was paid and called, with what, and what came of it', async () => {
  expect(await ask(4n)).toEqual([
    { kind: 'transfer', target: TAKER, value: 70n, success: true, claimable: 0n },
    {
      kind: 'call',
      target: TAKER,
      value: 3n,
      success: true,
      number: BEFORE,
      gas: 50_000n,
      data: '0x0102',
      outcome: numberToHex(word(true, '0x0102'), { size: 32 }),
    },
    { kind: 'transfer', target: REFUSER, value: 50n, success: false, claimable: 50n },
  ])
})

test('calls alone are proven without the receipts of the block', async () => {
  const [only, ...more] = await ask(5n)
  expect(only).toMatchObject({ kind: 'call', success: false, number: BEFORE + 1n, data: '0x' })
  expect(more).toEqual([])
  expect(chain.asked).not.toContain('eth_getBlockReceipts')
})

test('a later task of the receipt has its own', async () => {
  const [first, second] = await ask(6n)
  expect(first).toMatchObject({ kind: 'call', success: true, number: BEFORE + 2n, data: '0x06' })
  expect(second).toMatchObject({ kind: 'transfer', success: true, claimable: 0n })
})

test('a task that did nothing outside asks nothing', async () => {
  chain.mine()
  chain.asked.length = 0
  const connection = chain.connection()
  const at = await blockAt(connection, 'latest')
  const asked = chain.asked.length
  expect(
    await verifyOutbound(connection, { contract: CONTRACT, index: 8n }, { at, outbound: OUTBOUND }),
  ).toEqual([])
  expect(chain.asked).toHaveLength(asked)
})

test.each([
  [0n, 0n],
  [20n, 20n],
  [5_000n, 50n],
])('of a failed transfer of 50 wei, a credit of %i wei leaves %i to claim', async (credit, left) => {
  chain.set(layout.ledger(REFUSER), credit | (1n << 255n))
  expect((await ask(4n))[2]).toMatchObject({ success: false, claimable: left })
})

describe('lies', () => {
  const lieAbout = (change: (receipts: RawReceipt[]) => unknown) => {
    chain.lie = (method, answer) =>
      method === 'eth_getBlockReceipts' ? change(answer as RawReceipt[]) : answer
  }
  const logAt = (receipts: RawReceipt[], i: number) =>
    (receipts[i] as RawReceipt).logs[0] as { data: Hex; topics: Hex[] }

  test.each<[string, (receipts: RawReceipt[]) => unknown]>([
    ['a failed transfer succeeded', (all) => (logAt(all, 4).data = told(2, CONTRACT, true).data) && all],
    ['a transfer failed', (all) => (logAt(all, 2).data = told(0, CONTRACT, false).data) && all],
    ['the receipts are in another order', (all) => [all[0], all[1], all[4], all[3], all[2], ...all.slice(5)]],
    ['one is missing', (all) => all.filter((_, i) => i !== 2)],
    ['there are none', () => []],
    ['there is no answer', () => null],
    ['there is an answer of another kind', () => [{}]],
    // Bytes that hash alike, and that a comparison of strings would pass over.
    [
      'hidden by its spelling',
      (all) =>
        (logAt(all, 4).topics[0] = logAt(all, 4).topics[0]?.replace(/[a-f]/g, (c) =>
          c.toUpperCase(),
        ) as Hex) && all,
    ],
  ])('%s', async (_, change) => {
    expect(await ask(4n)).toHaveLength(3)
    lieAbout(change)
    await refuses(again(4n), ProofError, `the outbound calls of task 4 of ${CONTRACT}`)
    // What is not told by receipts is not lost with them.
    expect(await again(5n)).toHaveLength(1)
  })

  test('of two events the first is hidden by its spelling, and the other would stand for it', async () => {
    expect(await ask(7n)).toMatchObject([{ success: false }, { success: true, number: BEFORE + 3n }])
    lieAbout((all) => {
      const { topics } = logAt(all, 8)
      topics[0] = topics[0]?.replace(/[a-f]/g, (digit) => digit.toUpperCase()) as Hex
      return all
    })
    await refuses(again(7n), ProofError, 'the outbound calls of task 7')
  })

  test('an RPC without the method is told apart from one that lies by its cause', async () => {
    await ask(4n)
    chain.lie = (method, answer) => {
      if (method === 'eth_getBlockReceipts') throw new Error('the method does not exist')
      return answer
    }
    await refuses(again(4n), ProofError, 'eth_getBlockReceipts')
    await refuses(again(4n), ProofError, 'the method does not exist')
  })

  test('another outcome in the state', async () => {
    await ask(5n)
    const forged = new ForgedChain()
    for (const [slot, value] of chain.words) forged.set(slot, value)
    forged.set(layout.outcome(CONTRACT, BEFORE + 1n), word(true, '0x'))
    forged.mine(...OUTBOUND.map((_, i) => told(i)))
    chain.lie = (method, answer) =>
      method === 'eth_getProof'
        ? forged.blocks
            .at(-1)
            ?.answer((answer as { storageProof: { key: Hex }[] }).storageProof.map(({ key }) => key))
        : answer
    await refuses(again(5n), ProofError, 'cannot prove')
  })
})
