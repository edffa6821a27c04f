// Merkle-Patricia tries: what one with a known root holds under a key, or that it holds nothing; the root of a list.
import { fromRlp, type Hex, keccak256, numberToHex, toRlp } from 'viem'
import { toBytes } from './bytes.js'
import { InvalidProofError } from './errors.js'

/** Most nodes of a proof: one a nibble, and the leaf. */
export const MAX_PROOF_NODES = 65
/** Longest node, bytes. */
export const MAX_NODE = 2_048
/** Root of a trie that holds nothing. */
export const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'

/** What RLP holds: a string, or a list. */
export type Rlp = Hex | readonly Rlp[]

/**
 * The value under `key` (hashed already: 32 bytes) in the trie with `root`; `undefined` if the proof shows that there is
 * none. Throws {@link InvalidProofError} for anything else, nodes too many included.
 */
export function verifyTrieProof(root: Hex, key: Hex, proof: unknown, what: string): Hex | undefined {
  try {
    const nodes = proofNodes(proof)
    if (root.toLowerCase() === EMPTY_ROOT && nodes.length === 0) return undefined
    const path = [...key.slice(2)]
    let step: Step = { child: root.toLowerCase() as Hex, depth: 0 }
    while (step.child !== undefined)
      step = walk(typeof step.child === 'string' ? take(nodes, step.child) : step.child, path, step.depth)
    if (nodes.length > 0) throw new Error('it has more nodes than the path')
    return step.value
  } catch (error) {
    throw new InvalidProofError(what, (error as Error).message.split('\n', 1)[0] as string)
  }
}

/** Root of the trie that holds `values`, in their order, each of at least 32 bytes: a block's receipts, for instance. */
export function listRoot(values: readonly Hex[]): Hex {
  const leaves = values.map((value, i): Leaf => [toRlp(i === 0 ? '0x' : numberToHex(i)).slice(2), value])
  return leaves.length === 0 ? EMPTY_ROOT : nodeHash(leaves, 0)
}

/** A path in nibbles, none the beginning of another, and what lies there. */
type Leaf = readonly [path: string, value: Hex]

/** Hash of the node above `leaves`, whose paths are the same up to `depth`. None is so short that it has no hash. */
function nodeHash(leaves: readonly Leaf[], depth: number): Hex {
  return keccak256(toRlp(nodeOf(leaves, depth)))
}

function nodeOf(leaves: readonly Leaf[], depth: number): Hex[] {
  const [[path, value]] = leaves as [Leaf]
  if (leaves.length === 1) return [encodePath(path.slice(depth), 2), value]
  let end = depth
  while (leaves.every(([other]) => other[end] === path[end])) end += 1
  if (end > depth) return [encodePath(path.slice(depth, end), 0), nodeHash(leaves, end)]
  const children = [...'0123456789abcdef'].map((nibble) => {
    const below = leaves.filter(([other]) => other[depth] === nibble)
    return below.length === 0 ? '0x' : nodeHash(below, depth + 1)
  })
  return [...children, '0x']
}

/** The hex-prefix encoding of a path; `kind` is 2 for a leaf's, else 0. */
function encodePath(nibbles: string, kind: number): Hex {
  return nibbles.length % 2 === 0 ? `0x${kind}0${nibbles}` : `0x${kind + 1}${nibbles}`
}

/** Decodes RLP in its one form: what encodes to other bytes again is refused. */
export function decodeRlp(bytes: Hex): Rlp {
  const decoded = fromRlp(bytes, 'hex') as Rlp
  if (toRlp(decoded as Hex) !== bytes) throw new Error('RLP has one form')
  return decoded
}

/** Where a path goes on (a node's hash, or a node so short that it stands in its parent), or what it ends with. */
type Step = { child?: Rlp | undefined; value?: Hex; depth: number }

function walk(node: Rlp, path: readonly string[], depth: number): Step {
  if (node === '0x') return { depth } // the empty trie
  if (typeof node === 'string') throw new Error('a node is a list')
  if (node.length === 17) return branch(node, path, depth)
  const [encoded, target] = node
  if (node.length !== 2 || typeof encoded !== 'string')
    throw new Error('a node has 17 items, or a path and one more')
  const { leaf, steps } = decodePath(encoded)
  const end = depth + steps.length
  const matches = steps.every((step, i) => step === path[depth + i])
  if (leaf) {
    if (typeof target !== 'string' || target === '0x') throw new Error('a leaf holds a value')
    return matches && end === path.length ? { value: target, depth } : { depth }
  }
  if (steps.length === 0 || end >= path.length)
    throw new Error('an extension leads on, and not beyond the key')
  return matches ? { child: child(target), depth: end } : { depth }
}

function branch(items: readonly Rlp[], path: readonly string[], depth: number): Step {
  const target = items[Number.parseInt(path[depth] ?? '', 16)] // none beyond the end of the key
  return { child: target === '0x' ? undefined : child(target), depth: depth + 1 }
}

/** What may stand for a node in its parent: a hash of 32 bytes, or a list that encodes to fewer. */
function child(item: Rlp | undefined): Rlp {
  const fits =
    typeof item === 'string' ? item.length === 66 : item && toRlp(item as unknown as Hex[]).length < 66
  if (!item || !fits) throw new Error('a child is a hash or a short node')
  return item
}

/** The hex-prefix encoding of a path: a flag for its kind and parity, then nibbles. */
function decodePath(encoded: Hex): { leaf: boolean; steps: string[] } {
  const [flag = '', ...rest] = encoded.slice(2)
  const kind = '0123'.indexOf(flag)
  const even = kind % 2 === 0
  if (flag === '' || kind < 0 || (even && rest.shift() !== '0')) throw new Error('a path has a known prefix')
  return { leaf: kind >= 2, steps: rest }
}

function take(nodes: Hex[], hash: Hex): Rlp {
  const node = nodes.shift()
  if (node === undefined) throw new Error('a node is missing')
  if (keccak256(toBytes(node)) !== hash) throw new Error('a node has another hash than its parent says')
  return decodeRlp(node)
}

function proofNodes(proof: unknown): Hex[] {
  if (!Array.isArray(proof) || proof.length > MAX_PROOF_NODES)
    throw new Error(`expected a list of at most ${MAX_PROOF_NODES} nodes`)
  return proof.map((node: unknown) => {
    if (typeof node !== 'string' || node.length > 2 + 2 * MAX_NODE)
      throw new Error('a node is hex, and short')
    return node.toLowerCase() as Hex
  })
}
