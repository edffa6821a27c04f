// Who may sign: eight workers of nine, the group of two first. Which of them did is for the chain to know.
import { type Address, getAddress, keccak256, numberToHex } from 'viem'
import { beforeEach, expect, test } from 'vitest'
import { ForgedChain } from '../../test/forged-chain.js'
import { refuses } from '../../test/refusal.js'
import type { Connection } from '../connection.js'
import { ForgedReplyError } from '../errors/trust.js'
import { layout } from '../protocol/layout.js'
import { sequence } from '../protocol/lottery.js'
import { blockAt } from './block.js'
import { groupOf, requireSigners, requireUnrevoked, revocationSlots } from './group.js'
import { prove } from './storage.js'

const CONTRACT: Address = `0x${'c0'.repeat(20)}`
const EPOCH = 5
const STRANGER = 'is not a worker that the lottery chose'
const SEED = keccak256('0x5eed')
const WORKERS = 9
const signerOf = (id: number) =>
  getAddress(numberToHex(BigInt(keccak256(numberToHex(id + 1))) >> 96n, { size: 20 }))

/** Two workers a machine. */
const platformOf = (id: number) => 100n + BigInt(id >> 1)
const word = (value: bigint) => numberToHex(value, { size: 32 })

let chain: ForgedChain
let ids: number[]
let connection: Connection
beforeEach(async () => {
  chain = new ForgedChain()
  const lanes = (weights: number[]) =>
    weights.reduce((word, weight, lane) => word | (BigInt(weight) << BigInt(32 * lane)), 0n)
  const root = [10 * WORKERS, 10 * WORKERS, 10 * WORKERS].reduce(
    (word, weight, i) => word | (BigInt(weight) << BigInt(40 + 32 * i)),
    BigInt(EPOCH),
  )
  chain.set(layout.treeRoot, root)
  for (const level of [4, 3, 2]) chain.set(layout.treeWord(level, 0, 0), lanes([90]))
  chain.set(layout.treeWord(1, 0, 0), lanes([80, 10]))
  chain.set(layout.treeWord(0, 0, 0), lanes(Array(8).fill(10)))
  chain.set(layout.treeWord(0, 1, 0), lanes([10]))
  chain.set(layout.seed(EPOCH), BigInt(SEED))
  chain.set(layout.parameters, 64n | (2n << 40n))
  chain.set(layout.epoch, BigInt(EPOCH) | (1n << 120n))
  for (let id = 0; id < WORKERS; id += 1) {
    chain.set(layout.worker(id, 0), BigInt(signerOf(id)) | (1_900_001_000n << 160n) | (1n << 200n))
    chain.set(layout.worker(id, 2), 7n)
    chain.set(layout.worker(id, 4), platformOf(id))
  }
  const read = (slot: `0x${string}`) => chain.words.get(slot) ?? 0n
  const drawn = await sequence(read, { contract: CONTRACT, epoch: EPOCH, seed: SEED, count: 8 })
  ids = drawn.map(({ id }) => id)
  connection = chain.connection()
})

function store(epoch: number, stored: readonly number[], silent = 0): bigint {
  const word = stored.reduce(
    (packed, id, rank) => packed | (BigInt(id) << BigInt(56 + 24 * rank)),
    BigInt(epoch) | (BigInt(stored.length) << 40n) | (BigInt(silent) << 48n),
  )
  chain.set(layout.secretContract(CONTRACT, 2), word)
  return chain.mine()
}

const signed = async (block: bigint, ...signers: readonly Address[]) => {
  const place = { contract: CONTRACT, epoch: EPOCH, block: await blockAt(connection, block), what: 'It' }
  return requireSigners(connection, place, signers)
}

test.each([
  ['a group that nobody has stored yet', () => store(EPOCH - 1, [1])],
  ['a stored group', () => store(EPOCH, ids.slice(0, 2))],
  ['a group that was passed over', () => store(EPOCH, ids.slice(0, 2), 0b11)],
  ['a word that holds more than a group', () => store(EPOCH, ids, 0b11)],
])('%s: all eight that may serve may sign, and the ninth may not', async (_, prepare) => {
  const block = prepare()
  for (const id of ids) expect(await signed(block, signerOf(id))).toMatchObject([{ id }])
  const left = Array.from({ length: WORKERS }, (_, id) => id).find((id) => !ids.includes(id)) as number
  await refuses(signed(block, signerOf(left)), ForgedReplyError, STRANGER)
  await refuses(signed(block, signerOf(ids[0] as number), signerOf(left)), ForgedReplyError, STRANGER)
})

test('several signers come in the order of their signatures', async () => {
  const block = store(EPOCH, ids.slice(0, 2))
  const order = [5, 0, 2].map((rank) => ids[rank] as number)
  expect((await signed(block, ...order.map(signerOf))).map(({ id }) => id)).toEqual(order)
})

test('of a group that answers no more than the group is asked for', async () => {
  const block = await blockAt(connection, store(EPOCH - 1, [1]))
  expect((await groupOf(connection, CONTRACT, EPOCH, block)).map(({ id }) => id)).toEqual(ids.slice(0, 2))
  expect((await groupOf(connection, CONTRACT, EPOCH, block, true)).map(({ id }) => id)).toEqual(ids)
})

test('a taker of the last block of an epoch is found, though nothing can be drawn there any more', async () => {
  const first = store(EPOCH, ids.slice(0, 2))
  await signed(first, signerOf(ids[0] as number))
  const last = BigInt(chain.blocks.length)
  chain.set(layout.epoch, BigInt(EPOCH) | ((last + 1n) << 80n) | (1n << 120n))
  chain.set(layout.treeRoot, BigInt(EPOCH + 1))
  store(EPOCH, ids, 0b1)
  expect(await signed(last, signerOf(ids[6] as number))).toMatchObject([{ id: ids[6] }])
})

test('another epoch, an empty key and an admission that is over are refused', async () => {
  const block = store(EPOCH - 1, [1])
  await refuses(signed(block, `0x${'00'.repeat(20)}`), ForgedReplyError, STRANGER)
  const at = await blockAt(connection, block)
  const elsewhere = { contract: CONTRACT, epoch: EPOCH - 2, block: at, what: 'It' }
  await refuses(
    requireSigners(connection, elsewhere, [signerOf(0)]),
    ForgedReplyError,
    'not that of its block',
  )
  chain.set(layout.worker(ids[7] as number, 0), BigInt(signerOf(ids[7] as number)) | (1_900_000_000n << 160n))
  connection = chain.connection()
  await refuses(signed(chain.mine(), signerOf(ids[7] as number)), ForgedReplyError, 'has expired')
})

test('who is of a revoked measurement or on a barred platform is refused, and nobody else', async () => {
  const serves = async (id: number) => {
    const block = await blockAt(connection, chain.mine())
    const signers = await signed(block.number, signerOf(id))
    requireUnrevoked(await prove(connection, block, revocationSlots(signers), 'It'), 'It')
  }
  const id = ids.find((one) => ids.includes(one ^ 1)) as number
  const sibling = id ^ 1
  const other = ids.find((one) => platformOf(one) !== platformOf(id)) as number
  await refuses(serves(id), ForgedReplyError, 'was revoked')
  chain.set(layout.measurement(word(7n)), 1n)
  for (const one of [id, sibling, other]) await serves(one)
  chain.set(layout.barredPlatform(word(platformOf(id))), 1n)
  for (const one of [id, sibling]) await refuses(serves(one), ForgedReplyError, 'was revoked')
  await serves(other)
})
