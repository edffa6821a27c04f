// Accounts and storage words, proven against a block's state root (`eth_getProof`, EIP-1186). What the RPC claims
// beside the proofs is not read.
import { type Address, type Hex, keccak256 } from 'viem'
import { toBytes } from './bytes.js'
import { InvalidProofError } from './errors.js'
import { decodeRlp, EMPTY_ROOT, type Rlp, verifyTrieProof } from './trie.js'

/** An account as the state holds it. */
export type Account = { nonce: bigint; balance: bigint; storageRoot: Hex; codeHash: Hex }

/** keccak256 of no code. */
export const EMPTY_CODE_HASH: Hex = '0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'

/** Storage words of one account that were proven at one block. */
export class ProvenSlots {
  readonly account: Account | undefined
  readonly #words: ReadonlyMap<Hex, bigint>

  constructor(account: Account | undefined, words: ReadonlyMap<Hex, bigint>) {
    this.account = account
    this.#words = words
  }

  /** Whether the word at `slot` was proven. */
  has(slot: Hex): boolean {
    return this.#words.has(slot.toLowerCase() as Hex)
  }

  /** The word at `slot`. Throws {@link InvalidProofError} if it was not proven. */
  read = (slot: Hex): bigint => {
    const word = this.#words.get(slot.toLowerCase() as Hex)
    if (word === undefined) throw new InvalidProofError(`storage slot ${slot}`, 'there is none')
    return word
  }
}

/** The account at `address`, or `undefined` if it is proven that there is none. Throws {@link InvalidProofError}. */
export function verifyAccount(stateRoot: Hex, address: Address, proof: unknown): Account | undefined {
  const what = `account ${address}`
  const leaf = verifyTrieProof(stateRoot, keccak256(toBytes(address, 'address', 20)), proof, what)
  return (
    leaf &&
    decodeLeaf(leaf, what, (rlp) => {
      const [nonce, balance, storageRoot, codeHash, more] = rlp as readonly Rlp[]
      if (more !== undefined) throw new Error('no account')
      return {
        nonce: integer(nonce),
        balance: integer(balance),
        storageRoot: hash(storageRoot),
        codeHash: hash(codeHash),
      }
    })
  )
}

/** The word at `slot`, zero if it is proven that there is none. Throws {@link InvalidProofError}. */
export function verifySlot(storageRoot: Hex, slot: Hex, proof: unknown): bigint {
  const what = `storage slot ${slot}`
  const leaf = verifyTrieProof(storageRoot, keccak256(toBytes(slot, 'slot', 32)), proof, what)
  return leaf ? decodeLeaf(leaf, what, integer) : 0n
}

function decodeLeaf<T>(leaf: Hex, what: string, decode: (rlp: Rlp) => T): T {
  try {
    return decode(decodeRlp(leaf))
  } catch {
    throw new InvalidProofError(what, 'its leaf holds something else')
  }
}

/** Big-endian, without zeros in front, at most 32 bytes. */
function integer(item: Rlp | undefined): bigint {
  if (typeof item !== 'string' || item.length > 66 || item.startsWith('0x00')) throw new Error('no integer')
  return item === '0x' ? 0n : BigInt(item)
}

function hash(item: Rlp | undefined): Hex {
  if (typeof item !== 'string' || item.length !== 66) throw new Error('no hash')
  return item
}

/**
 * Checks the answer of `eth_getProof` for `address` and `slots` (in that order) against a state root. Only what is proven
 * is believed. Throws {@link InvalidProofError}.
 */
export function verifyProof(
  parameters: { stateRoot: Hex; address: Address; slots: readonly Hex[] },
  answer: unknown,
): ProvenSlots {
  const { stateRoot, address, slots } = parameters
  const { accountProof, storageProof } = Object(answer) as { accountProof?: unknown; storageProof?: unknown }
  const account = verifyAccount(stateRoot, address, accountProof)
  const storageRoot = account?.storageRoot ?? EMPTY_ROOT
  if (!Array.isArray(storageProof) || storageProof.length !== slots.length)
    throw new InvalidProofError(`account ${address}`, `expected ${slots.length} storage proofs`)
  const words = slots.map((slot, i): [Hex, bigint] => {
    const { proof } = Object(storageProof[i]) as { proof?: unknown }
    // Without an account there is no storage; what an RPC sends as its proof says nothing.
    return [slot.toLowerCase() as Hex, account ? verifySlot(storageRoot, slot, proof) : 0n]
  })
  return new ProvenSlots(account, new Map(words))
}
