// The slots and fields that a client reads are those that the compiler gave the contract: `contracts/storage-layout.json`.
import { type Address, concat, type Hex, keccak256, numberToHex, pad } from 'viem'
import { expect, test } from 'vitest'
import golden from '../../../../contracts/storage-layout.json' with { type: 'json' }
import { layout } from './layout.js'
import {
  currentEpoch,
  unpackEpoch,
  unpackGroup,
  unpackOutboundCalls,
  unpackParameters,
  unpackSecretContract,
  unpackWorker,
} from './words.js'

type Structure = keyof typeof golden.structs

/** The slot of a variable, which begins it. */
function slot(label: string): bigint {
  const found = golden.storage.filter((variable) => variable.label === label)
  expect(found.length, label).toBe(1)
  expect(found[0]?.offset, label).toBe(0)
  return BigInt(found[0]?.slot as number)
}

const word = (value: bigint): Hex => numberToHex(value, { size: 32 })
/** The slot of a mapping's entry, as Solidity defines it. */
const entry = (key: Hex, mapping: string, offset = 0n): Hex =>
  word(BigInt(keccak256(concat([pad(key), word(slot(mapping))]))) + offset)

test('words and mappings are where the compiler put them', () => {
  const account: Address = `0x${'a7'.repeat(20)}`
  const names = {
    parameters: 'parametersWord',
    network: 'network',
    epoch: 'epochWord',
    treeRoot: 'treeRoot',
    compressedKeyHash: 'compressedKeyHash',
  } as const
  for (const [name, label] of Object.entries(names))
    expect(layout[name as keyof typeof names]).toBe(word(slot(label)))
  expect(layout.seed(7)).toBe(entry('0x03', 'seeds'))
  expect(layout.seed(8)).toBe(entry('0x00', 'seeds'))
  expect(layout.workerId(account)).toBe(entry(account, 'workerIds'))
  expect(layout.ledger(account)).toBe(entry(account, 'ledger'))
  expect(layout.outcome(account, 6)).toBe(
    word(BigInt(keccak256(concat([word(6n), entry(account, 'outcomes')])))),
  )
  expect(layout.measurement(word(3n))).toBe(entry(word(3n), 'measurements'))
  expect(layout.barredPlatform(word(4n))).toBe(entry(word(4n), 'barredPlatforms'))
  expect(layout.treeWord(3, 4_095, 2)).toBe(
    entry(numberToHex((3n << 32n) | BigInt((4_095 << 2) | 2)), 'tree'),
  )
  for (let offset = 0; offset < 6; offset += 1) {
    expect(layout.worker(9, offset)).toBe(entry('0x09', 'workers', BigInt(offset)))
    expect(layout.secretContract(account, offset)).toBe(entry(account, 'secretContracts', BigInt(offset)))
  }
  for (const [index, place] of [
    [0, 0],
    [255, 255],
    [256, 0],
    [1_000, 232],
    [2n ** 64n - 1n, 255],
  ] as const)
    expect(layout.head(account, index)).toBe(entry(account, 'heads', BigInt(place)))
})

/** Words of a struct in which every field has a value of its own, and those values. */
function sample(structure: Structure): { words: bigint[]; values: Record<string, bigint> } {
  const words = Array<bigint>(6).fill(0n)
  const values: Record<string, bigint> = {}
  for (const { label, slot: at, offset, bytes, type } of golden.structs[structure]) {
    const hash = BigInt(keccak256(numberToHex(8 * at + offset + 1)))
    values[label] = type === 'bool' ? 1n : BigInt.asUintN(8 * bytes, hash)
    words[at] = (words[at] as bigint) | (values[label] << BigInt(8 * offset))
  }
  return { words, values }
}

/** Compares what was unpacked, field by field, with what was packed. */
function same(unpacked: object, values: Record<string, bigint>) {
  for (const [name, value] of Object.entries(unpacked)) expect(BigInt(value), name).toBe(values[name])
}

test('fields of packed words are where the compiler put them', () => {
  const unpackers: [Structure, (words: bigint[]) => object][] = [
    ['Parameters', ([a = 0n]) => unpackParameters(a)],
    ['EpochWord', ([a = 0n]) => unpackEpoch(a)],
    ['Worker', ([a = 0n, b = 0n, c = 0n, , e = 0n]) => unpackWorker([a, b, c, e])],
    ['SecretContract', ([a = 0n, b = 0n]) => unpackSecretContract([a, b])],
    ['SecretContract', ([, , , , e = 0n]) => ({ outboundCalls: unpackOutboundCalls(e) })],
  ]
  for (const [structure, unpack] of unpackers) {
    const { words, values } = sample(structure)
    same(unpack(words), values)
    // Nothing of a neighbour gets in: all other bits set change no field.
    same(unpack(words.map((_, at) => others(structure, at, words))), values)
  }
})

/** Word `at` with every bit that belongs to no field set. */
function others(structure: Structure, at: number, words: bigint[]): bigint {
  let mask = 2n ** 256n - 1n
  for (const { slot: place, offset, bytes } of golden.structs[structure])
    if (place === at) mask &= ~((2n ** BigInt(8 * bytes) - 1n) << BigInt(8 * offset))
  return (words[at] as bigint) | mask
}

test('the epoch rolls when its time has come', () => {
  const running = { epoch: 4, start: 100, nextStart: 0 }
  expect(currentEpoch(running, 1_000n)).toEqual({ epoch: 4, start: 100 })
  const seeded = { ...running, nextStart: 164 }
  expect(currentEpoch(seeded, 163n)).toEqual({ epoch: 4, start: 100 })
  expect(currentEpoch(seeded, 164n)).toEqual({ epoch: 5, start: 164 })
})

test('groups come apart as docs/bytes.md says, and never hold more than eight', () => {
  const ids = [1, 2 ** 24 - 1, 0, 77]
  const packed = ids.reduce(
    (w, id, i) => w | (BigInt(id) << BigInt(56 + 24 * i)),
    9n | (4n << 40n) | (0b101n << 48n),
  )
  expect(unpackGroup(packed)).toEqual({ epoch: 9, ids })
  expect(unpackGroup(0n)).toEqual({ epoch: 0, ids: [] })
  expect(unpackGroup(2n ** 256n - 1n).ids.length).toBe(8)
})
