// Tries made by hand: forms that a small real chain does not show, and nodes that lie.
import { type Hex, keccak256, toRlp } from 'viem'
import { expect, test } from 'vitest'
import { InvalidProofError } from './errors.js'
import { decodeRlp, EMPTY_ROOT, MAX_NODE, MAX_PROOF_NODES, verifyTrieProof } from './trie.js'

const SHARED = '1'.repeat(62)
const key = (last: string): Hex => `0x${SHARED}${last}`
const check = (nodes: readonly Hex[], at = key('a1'), root = keccak256(nodes[0] as Hex)) =>
  verifyTrieProof(root, at, nodes, 'a test')
type Node = Hex | readonly Node[]
const encode = (node: Node): Hex => toRlp(node as Hex)
const branch = (children: Record<number, Node>): Node[] =>
  Array.from({ length: 17 }, (_, i) => children[i] ?? '0x')
const leaf = (nibble: string): Node => [`0x3${nibble}`, '0x07']
/** An extension over the shared nibbles, and a branch so short that it stands in it. */
const embedded = encode([`0x00${SHARED}`, branch({ 10: leaf('1'), 11: leaf('2') })])

test('short nodes stand inside their parents', () => {
  expect(check([embedded])).toEqual('0x07')
  expect(check([embedded], key('b2'))).toEqual('0x07')
})

test('absence is shown by an empty place, another leaf, and another extension', () => {
  expect(check([embedded], key('c1'))).toBeUndefined()
  expect(check([embedded], key('a2'))).toBeUndefined()
  expect(check([embedded], `0x2${SHARED}1`)).toBeUndefined()
  expect(verifyTrieProof(EMPTY_ROOT, key('a1'), [], 'a test')).toBeUndefined()
  expect(verifyTrieProof(EMPTY_ROOT, key('a1'), ['0x80'], 'a test')).toBeUndefined()
})

test('a proof shows nothing when it is cut, stretched, or of another root', () => {
  for (const nodes of [[], [embedded, embedded], ['0x'], ['0x80']] as Hex[][])
    expect(() => check(nodes, key('a1'), keccak256(embedded))).toThrow(InvalidProofError)
  expect(() => check([embedded], key('a1'), EMPTY_ROOT)).toThrow(InvalidProofError)
  expect(() => verifyTrieProof(EMPTY_ROOT, key('a1'), [embedded], 'a test')).toThrow(InvalidProofError)
})

test('nodes that no trie has are refused, though they hash to what is asked', () => {
  const long = `0x20${SHARED}a1` as Hex
  const hostile: Node[] = [
    '0x01',
    [],
    ['0x20'],
    ['0x20', '0x01', '0x01'],
    branch({}).slice(1),
    [...branch({}), '0x'],
    branch({ 1: '0x1234' }), // a child that is neither hash nor node
    branch({ 1: branch({ 2: `0x${'11'.repeat(32)}` }) }), // a child too long to stand inside
    [long, '0x'], // a leaf without a value
    [long, ['0x01']], // a leaf with a list
    [['0x20'], '0x01'], // a path that is a list
    ['0x', '0x01'],
    ['0x40', '0x01'], // an unknown prefix
    ['0x21', '0x01'], // padding that carries a nibble
    ['0x00', `0x${'11'.repeat(32)}`], // an extension over nothing, which could go on for ever
    [`0x00${SHARED}`, ['0x00', ['0x20a1', '0x07']]], // the same, inside a node
    [`0x00${SHARED}a1`, `0x${'11'.repeat(32)}`], // an extension to the end of the key
    [`0x00${SHARED}a1a1`, `0x${'11'.repeat(32)}`],
  ]
  for (const node of hostile) expect(() => check([encode(node)]), encode(node)).toThrow(InvalidProofError)
})

test('a path never goes beyond its key', () => {
  const deep = [`0x00${SHARED}`, branch({ 10: branch({ 1: branch({ 1: '0x07' }) }) })] as Node[]
  expect(() => check([encode(deep)])).toThrow(InvalidProofError)
})

test('what is too much is not read', () => {
  expect(() => check(Array.from({ length: MAX_PROOF_NODES + 1 }, () => embedded))).toThrow('at most 65 nodes')
  const fat = encode([`0x20${SHARED}a1`, `0x${'11'.repeat(MAX_NODE)}`])
  expect(() => check([fat])).toThrow(InvalidProofError)
  for (const proof of [undefined, null, 'nodes', {}, [1], [null], [['0x80']], ['80'], ['0x8'], ['0xzz']])
    expect(() => verifyTrieProof(keccak256('0x80'), key('a1'), proof, 'a test')).toThrow(InvalidProofError)
})

test('RLP has one form', () => {
  const long = '11'.repeat(60)
  const wrong = [
    '0xc180ff',
    '0x8001',
    '0xc2',
    '0xc0c0',
    '0xc28101', // a small byte in long form
    '0xf800',
    '0xf801ff', // a short list in long form
    `0xf9003c${long}`, // a length with a zero in front
    `0xfb0000003c${long}`,
    '0xff',
    '0xc1b8',
    '0xc2b801',
    `0xbf${'ff'.repeat(8)}`,
  ] as Hex[]
  for (const hex of wrong) expect(() => decodeRlp(hex), hex).toThrow()
  expect(decodeRlp('0xc3010203')).toEqual(['0x01', '0x02', '0x03'])
  // A list in a list in a list: refused, and no end of the stack.
  expect(() => decodeRlp(`0x${'c1'.repeat(MAX_NODE)}`)).toThrow()
})

test('reading anything ends, with an answer or a refusal', () => {
  let seed = 1
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed & 255
  }
  for (let n = 0; n < 3_000; n += 1) {
    const bytes = Uint8Array.from({ length: random() % 80 }, random)
    bytes[0] = 0xc0 | (random() & 63)
    const node: Hex = `0x${Buffer.from(bytes).toString('hex')}`
    try {
      check([node])
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidProofError)
    }
  }
})
