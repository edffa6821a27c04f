// A forged chain: a state that holds whatever one likes, with proofs that hold, in a block whose header hashes.
import { type Address, encodeAbiParameters, type Hex, keccak256, toRlp } from 'viem'
import { headerHash } from '../src/protocol/header.js'
import { EMPTY_CODE_HASH } from '../src/protocol/proof.js'

type Leaf = { path: string; value: Hex }
type Node = Hex | Node[]

/** The state of a chain where `address` alone lives, with these storage words. */
export function forgedState(address: Address, words: ReadonlyMap<Hex, bigint>) {
  const storage = trie([...words].map(([slot, word]) => ({ key: slot, value: toRlp(quantity(word)) })))
  const account = toRlp(['0x', '0x', storage.root, EMPTY_CODE_HASH])
  const state = trie([{ key: address, value: account }])
  return {
    stateRoot: state.root,
    /** The answer of `eth_getProof`. */
    answer: (slots: readonly Hex[]) => ({
      address,
      accountProof: state.prove(address),
      storageProof: slots.map((key) => ({ key, proof: storage.prove(key) })),
    }),
  }
}

/** A block with another state, and the hash that goes with it. */
export function forgedBlock<T extends object>(block: T, stateRoot: Hex): T {
  const forged = { ...block, stateRoot }
  return { ...forged, hash: headerHash(forged) }
}

function trie(entries: readonly { key: Hex; value: Hex }[]) {
  const pathOf = (key: Hex) => keccak256(key).slice(2)
  const leaves = entries.map(({ key, value }) => ({ path: pathOf(key), value }))
  const root = build(leaves, 0)
  return {
    root: keccak256(toRlp(root as Hex[])),
    prove: (key: Hex): Hex[] => [toRlp(root as Hex[]), ...follow(leaves, pathOf(key), 0)],
  }
}

/** Branches all the way: hashed keys part early, so that a common prefix needs no extension but at their root. */
function build(leaves: readonly Leaf[], depth: number): Node {
  const [first, second] = leaves
  if (!first) return '0x'
  if (!second) return [hexPrefix(first.path.slice(depth), 2), first.value]
  const children = [...'0123456789abcdef'].map((nibble): Node => {
    const below = leaves.filter(({ path }) => path[depth] === nibble)
    return below.length === 0 ? '0x' : reference(build(below, depth + 1))
  })
  return [...children, '0x']
}

function follow(leaves: readonly Leaf[], path: string, depth: number): Hex[] {
  if (leaves.length < 2) return []
  const below = leaves.filter((leaf) => leaf.path[depth] === path[depth])
  if (below.length === 0) return []
  return [toRlp(build(below, depth + 1) as Hex[]), ...follow(below, path, depth + 1)]
}

function reference(node: Node): Hex {
  return keccak256(toRlp(node as Hex[]))
}

function hexPrefix(nibbles: string, kind: number): Hex {
  return nibbles.length % 2 ? `0x${kind + 1}${nibbles}` : `0x${kind}0${nibbles}`
}

function quantity(word: bigint): Hex {
  return encodeAbiParameters([{ type: 'uint256' }], [word]).replace(/^0x(00)*/, '0x') as Hex
}
