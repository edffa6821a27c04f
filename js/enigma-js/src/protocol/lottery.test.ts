// `vectors/lottery.json`, which an implementation of its own has made (`vectors/scripts/lottery.py`).
import { type Address, concat, type Hex, keccak256, numberToHex, zeroHash } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/lottery.json' with { type: 'json' }
import { layout } from './layout.js'
import { LEVELS, sequence, totalWeight } from './lottery.js'

const WEIGHT = 2 ** 30
type Storage = Map<Hex, bigint>

const get = (storage: Storage, slot: Hex) => storage.get(slot) ?? 0n
const lane = (word: bigint, shift: number) => Number(BigInt.asUintN(32, word >> BigInt(shift)))
const withLane = (word: bigint, shift: number, value: number) =>
  (word & ~(0xffffffffn << BigInt(shift))) | (BigInt(value) << BigInt(shift))

/** Writes the tree as `contracts/src/libraries/StakeTree.sol` does: a client only reads it. */
function setWeight(storage: Storage, epoch: number, seat: number, weight: number): void {
  const root = get(storage, layout.treeRoot)
  const base = Number(BigInt.asUintN(40, root))
  const entries = [0, 1, 2].map((ahead) =>
    lane(root, 40 + 32 * Math.min(Math.max(epoch + ahead - base, 0), 2)),
  )
  let versions = entries.map((entry) => Math.floor(entry / WEIGHT))
  // From the top down: the words that hold for epoch + 2, and the version to write each in.
  const path: { level: number; index: number; shift: number; word: bigint; spare: number }[] = []
  for (let level = LEVELS - 1; level >= 0; level -= 1) {
    const index = seat >> (3 * level + 3)
    const shift = 32 * ((seat >> (3 * level)) & 7)
    const words = versions.map((version) => get(storage, layout.treeWord(level, index, version)))
    const [now, next, later] = versions as [number, number, number]
    const unused = [0, 1, 2].find((v) => v !== now && v !== next) as number
    path.push({
      level,
      index,
      shift,
      word: words[2] as bigint,
      spare: later !== now && later !== next ? later : unused,
    })
    versions = words.map((word) => Math.floor(lane(word, shift) / WEIGHT))
  }
  const leaf = path[path.length - 1] as (typeof path)[number]
  const change = weight - (lane(leaf.word, leaf.shift) % WEIGHT)
  let child = 0
  for (const { level, index, shift, word, spare } of path.reverse()) {
    const value = child * WEIGHT + (lane(word, shift) % WEIGHT) + change
    storage.set(layout.treeWord(level, index, spare), withLane(word, shift, value))
    child = spare
  }
  const last = child * WEIGHT + ((entries[2] as number) % WEIGHT) + change
  const written = [entries[0] as number, entries[1] as number, last]
  storage.set(
    layout.treeRoot,
    written.reduce((word, value, place) => withLane(word, 40 + 32 * place, value), BigInt(epoch)),
  )
}

test('trees and sequences are those of the vectors', async () => {
  expect(Object.keys(vectors).sort().join(' ')).toBe('about operations reads treeRoot words')
  const storage: Storage = new Map()
  let checked = 0
  for (const [done, { epoch, seat, weight }] of vectors.operations.entries()) {
    setWeight(storage, epoch, seat, weight)
    for (const r of vectors.reads.filter((read) => read.after === done + 1)) {
      let words = 0
      const read = (slot: Hex) => {
        words += 1
        return get(storage, slot)
      }
      expect(await totalWeight(read, r.epoch)).toBe(r.total)
      words = 0
      const { contract, seed } = r as { contract: Address; seed: Hex }
      const drawn = await sequence(read, { contract, seed, epoch: r.epoch, count: r.count })
      expect(drawn.map((d) => d.id)).toEqual(r.ids)
      expect(words, 'a word a level and draw').toBe(1 + LEVELS * r.ids.length)
      checked += 1
    }
  }
  expect(checked).toBe(vectors.reads.length)
  expect(get(storage, layout.treeRoot)).toBe(BigInt(vectors.treeRoot))
  for (const { key, value } of vectors.words) {
    const [level, rest] = [Number(BigInt(key) >> 32n), Number(BigInt.asUintN(32, BigInt(key)))]
    expect(get(storage, layout.treeWord(level, rest >> 2, rest & 3))).toBe(BigInt(value))
  }
  expect([...storage.values()].filter((word) => word !== 0n).length).toBe(vectors.words.length + 1)
})

test('nobody is drawn twice, and an empty lottery draws nobody', async () => {
  const storage: Storage = new Map()
  const read = async (slot: Hex) => get(storage, slot)
  const draw = (n: number) => {
    const contract = numberToHex(n, { size: 20 })
    return sequence(read, { contract, epoch: 2, seed: keccak256(contract), count: 9 })
  }
  expect(await draw(0)).toEqual([])
  const seats = [0, 1, 9, 4_000, 32_767]
  for (const seat of seats) setWeight(storage, 0, seat, 1 + seat)
  for (let n = 0; n < 20; n += 1) {
    const drawn = await draw(n)
    expect(drawn.map((d) => d.id).sort((a, b) => a - b)).toEqual(seats)
    for (const { id, weight } of drawn) expect(weight).toBe(1 + id)
  }
})

test('a reader that lies gets an answer that is bounded', async () => {
  for (let n = 0; n < 300; n += 1) {
    const read = (slot: Hex) => BigInt(keccak256(concat([slot, numberToHex(n)])))
    const drawn = await sequence(read, {
      contract: `0x${'11'.repeat(20)}`,
      epoch: n % 5,
      seed: zeroHash,
      count: 8,
    })
    expect(drawn.length).toBeLessThanOrEqual(8)
    for (const { id } of drawn) expect(id).toBeLessThan(8 ** LEVELS)
  }
})
