// Who executes: the stake tree and the sequence of workers, over any reader of the contract's storage. The Solidity
// twin is `contracts/src/libraries/{StakeTree,Lottery}.sol`.
import type { Address, Hex } from 'viem'
import type { Integer } from './bytes.js'
import { toInteger } from './bytes.js'
import { H } from './hash.js'
import { layout } from './layout.js'

/** Workers that may serve a contract in an epoch; the first `groupSize` are its group. */
export const SEQUENCE = 8
/** Levels of words in the stake tree. */
export const LEVELS = 5

/** Reads a storage word of the Enigma contract, always at the same block. */
export type ReadSlot = (slot: Hex) => Promise<bigint> | bigint

/** A drawn worker: its id, which is its seat, and its weight in whole ENG. */
export type Drawn = { id: number; weight: number }

type Lane = { weight: number; version: number }

/** The total weight of the lottery in `epoch`. */
export async function totalWeight(read: ReadSlot, epoch: Integer): Promise<number> {
  return rootEntry(await read(layout.treeRoot), epoch).weight
}

/** The first `count` workers of `contract`'s sequence in `epoch` (fewer if there are fewer), drawn without replacement. */
export async function sequence(
  read: ReadSlot,
  parameters: { contract: Address; epoch: Integer; seed: Hex; count: number },
): Promise<Drawn[]> {
  const { contract, epoch, seed, count } = parameters
  const top = rootEntry(await read(layout.treeRoot), epoch)
  const drawn: Drawn[] = []
  let left = top.weight
  for (let j = 0; j < count && left > 0; j += 1) {
    const point = Number(BigInt(H('enigma/v1/draw', seed, contract, j)) % BigInt(left))
    const one = await descend(read, top.version, point, drawn)
    if (!one) break // a word holds less than its parent says: only a broken reader does that
    left = Math.max(left - one.weight, 0)
    drawn.push(one)
  }
  return drawn
}

/** The entry of `treeRoot` that counts for `epoch`. */
function rootEntry(root: bigint, epoch: Integer): Lane {
  const distance = toInteger(epoch, 64, 'epoch') - BigInt.asUintN(40, root)
  const entry = distance < 0n ? 0 : distance > 2n ? 2 : Number(distance)
  return laneAt(root, 40 + 32 * entry)
}

function laneAt(word: bigint, shift: number): Lane {
  const bits = Number(BigInt.asUintN(32, word >> BigInt(shift)))
  return { weight: bits % 2 ** 30, version: Math.floor(bits / 2 ** 30) }
}

/** Walks from the top word to the seat at `point`, passing over the weights of those already drawn. */
async function descend(
  read: ReadSlot,
  top: number,
  at: number,
  drawn: readonly Drawn[],
): Promise<Drawn | undefined> {
  let [index, version, point] = [0, top, at]
  for (let level = LEVELS - 1; level >= 0; level -= 1) {
    const picked = pick(await read(layout.treeWord(level, index, version)), level, index, point, drawn)
    if (!picked) return undefined
    if (level === 0) return { id: picked.child, weight: picked.lane.weight }
    index = picked.child
    version = picked.lane.version
    point = picked.rest
  }
  return undefined
}

/** The child of node (level, index) that `point` falls into, its lane, and the point within it. */
function pick(word: bigint, level: number, index: number, at: number, drawn: readonly Drawn[]) {
  let point = at
  for (let j = 0; j < 8; j += 1) {
    const child = 8 * index + j
    const lane = laneAt(word, 32 * j)
    const gone = drawn.filter((d) => d.id >> (3 * level) === child).reduce((sum, d) => sum + d.weight, 0)
    const weight = Math.max(lane.weight - gone, 0)
    if (point < weight) return { child, lane, rest: point }
    point -= weight
  }
  return undefined
}
