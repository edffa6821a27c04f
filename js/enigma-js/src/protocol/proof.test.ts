// Headers and proofs as a real node gives them, and every way in which one could lie about them.
import { type Address, type Hex, keccak256, numberToHex } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Chain } from '../../test/anvil.js'
import { InvalidProofError, MalformedBytesError } from './errors.js'
import { headerHash, verifyHeader } from './header.js'
import { EMPTY_CODE_HASH, verifyAccount, verifyProof, verifySlot } from './proof.js'

const CONTRACT: Address = `0x${'c0'.repeat(20)}`
const NOBODY: Address = `0x${'de'.repeat(20)}`
const slotAt = (n: number): Hex => numberToHex(n, { size: 32 })
const valueAt = (n: number): bigint => (n % 3 === 0 ? BigInt(n + 1) : BigInt(keccak256(slotAt(n))))
const WRITTEN = 60
const ASKED = [0, 1, 2, 3, 17, 40, 1_000, 1_001, 5_000].map(slotAt)

type Answer = { accountProof: Hex[]; storageProof: { key: Hex; value: Hex; proof: Hex[] }[] }
type Json = Record<string, unknown> & { hash: Hex; number: Hex; stateRoot: Hex; timestamp: Hex }

describe('headers', () => {
  // Before Shanghai anvil's own headers are of no fork.
  test.each(['shanghai', 'cancun', 'prague', 'osaka'])('of %s hash to their hash', async (fork) => {
    const chain = new Chain(fork)
    try {
      await chain.request('anvil_mine', '0x3')
      for (const number of ['0x0', '0x1', '0x3']) {
        const block = await chain.request<Json>('eth_getBlockByNumber', number, false)
        expect(headerHash(block)).toBe(block.hash)
        const header = verifyHeader(block, block.hash)
        expect(header.number).toBe(BigInt(number))
        expect(header.stateRoot).toBe(block.stateRoot)
        expect(header.timestamp).toBe(BigInt(block.timestamp))
      }
    } finally {
      await chain.stop()
    }
  })
})

describe('proofs', () => {
  let chain: Chain
  let block: Json
  let answer: Answer
  let root: Hex

  beforeAll(async () => {
    chain = new Chain('osaka')
    await chain.request('anvil_setCode', CONTRACT, '0x6000')
    for (let n = 0; n < WRITTEN; n += 1)
      await chain.request('anvil_setStorageAt', CONTRACT, slotAt(n), numberToHex(valueAt(n), { size: 32 }))
    for (let n = 1; n <= 100; n += 1)
      await chain.request('anvil_setBalance', numberToHex(n * 7_919, { size: 20 }), numberToHex(n))
    await chain.request('anvil_mine', '0x1')
    block = await chain.request<Json>('eth_getBlockByNumber', 'latest', false)
    root = verifyHeader(block, block.hash).stateRoot
    answer = await chain.request<Answer>('eth_getProof', CONTRACT, ASKED, block.number)
  })

  afterAll(() => chain?.stop())

  const verify = (changed: unknown, slots = ASKED, address = CONTRACT, stateRoot = root) =>
    verifyProof({ stateRoot, address, slots }, changed)
  const changedAnswer = (change: (copy: Answer) => void): Answer => {
    const copy = structuredClone(answer)
    change(copy)
    return copy
  }
  const flips = function* (nodes: readonly Hex[]): Generator<Hex[]> {
    for (const [at, node] of nodes.entries())
      for (let digit = 2; digit < node.length; digit += 2) {
        const bit = Number.parseInt(node.slice(digit, digit + 2), 16) ^ (1 << (digit % 8))
        const flipped = `${node.slice(0, digit)}${bit.toString(16).padStart(2, '0')}${node.slice(digit + 2)}`
        yield nodes.map((other, i) => (i === at ? (flipped as Hex) : other))
      }
  }

  test('words that are there, and words that are not', () => {
    const proven = verify(answer)
    for (const slot of ASKED) {
      const n = Number(slot)
      expect(proven.read(slot)).toBe(n < WRITTEN ? valueAt(n) : 0n)
      expect(proven.has(slot)).toBe(true)
    }
    expect(proven.account?.codeHash).toBe(keccak256('0x6000'))
    expect(proven.has(slotAt(4))).toBe(false)
    expect(() => proven.read(slotAt(4))).toThrow(InvalidProofError)
    expect(answer.storageProof.some((s) => s.proof.length >= 2)).toBe(true)
    expect(answer.accountProof.length).toBeGreaterThanOrEqual(2)
  })

  test('an account that is not there, and one without code or storage', async () => {
    const empty = await chain.request<Answer>('eth_getProof', NOBODY, ASKED, block.number)
    expect(verify(empty, ASKED, NOBODY).account).toBeUndefined()
    expect(verify(empty, ASKED, NOBODY).read(ASKED[0] as Hex)).toBe(0n)
    const plain = numberToHex(7_919, { size: 20 })
    const account = await chain.request<Answer>('eth_getProof', plain, [slotAt(0)], block.number)
    const proven = verify(account, [slotAt(0)], plain)
    expect(proven.account).toMatchObject({ nonce: 0n, balance: 1n, codeHash: EMPTY_CODE_HASH })
    expect(proven.read(slotAt(0))).toBe(0n)
    for (const proof of flips(empty.accountProof))
      expect(() => verifyAccount(root, NOBODY, proof)).toThrow(InvalidProofError)
  })

  test('every flipped byte of every node is refused', () => {
    let flipped = 0
    for (const accountProof of flips(answer.accountProof)) {
      expect(() => verify({ ...answer, accountProof })).toThrow(InvalidProofError)
      flipped += 1
    }
    const storageRoot = verify(answer).account?.storageRoot as Hex
    for (const [i, { proof }] of answer.storageProof.entries())
      for (const changed of flips(proof)) {
        expect(() => verifySlot(storageRoot, ASKED[i] as Hex, changed)).toThrow(InvalidProofError)
        flipped += 1
      }
    expect(flipped).toBeGreaterThan(5_000)
  })

  test('a proof of something else is refused', () => {
    const change = (edit: (copy: Answer) => void) => () => verify(changedAnswer(edit))
    const first = (copy: Answer) => copy.storageProof[0] as Answer['storageProof'][number]
    const refused = [
      () => verify(answer, ASKED, NOBODY),
      () => verify(answer, ASKED, CONTRACT, keccak256('0x')),
      () => verify(answer, ASKED.slice(1)),
      () => verify(answer, [...ASKED].reverse()),
      change((copy) => copy.storageProof.pop()),
      change((copy) => copy.storageProof.push(first(copy))),
      change((copy) => copy.storageProof.reverse()),
      change((copy) => first(copy).proof.pop()),
      change((copy) => first(copy).proof.shift()),
      change((copy) => first(copy).proof.reverse()),
      change((copy) => first(copy).proof.push(first(copy).proof[0] as Hex)),
      change((copy) => first(copy).proof.push('0x80')),
      change((copy) => {
        first(copy).proof = []
      }),
      change((copy) => {
        first(copy).proof = copy.storageProof[6]?.proof as Hex[]
      }),
      change((copy) => {
        first(copy).proof = copy.accountProof
      }),
      change((copy) => copy.accountProof.pop()),
      change((copy) => {
        copy.accountProof = []
      }),
      change((copy) => {
        copy.accountProof = first(copy).proof
      }),
    ]
    for (const [i, attempt] of refused.entries()) expect(attempt, `attempt ${i}`).toThrow(InvalidProofError)
  })

  test('what the node claims beside the proofs counts for nothing', () => {
    const lie = changedAnswer((copy) => {
      Object.assign(copy, { balance: '0xffff', storageHash: keccak256('0x'), nonce: '0x9' })
      for (const one of copy.storageProof) Object.assign(one, { value: '0x1', key: slotAt(4) })
    })
    expect(ASKED.map(verify(lie).read)).toEqual(ASKED.map(verify(answer).read))
  })

  test('answers that are no answers are refused', () => {
    const hostile: unknown[] = [undefined, null, 1, 'proof', [], {}, { accountProof: answer.accountProof }]
    hostile.push({ ...answer, storageProof: {} }, { ...answer, storageProof: ASKED.map(() => null) })
    hostile.push({ ...answer, accountProof: Array.from({ length: 1_000 }, () => answer.accountProof[0]) })
    hostile.push({ ...answer, accountProof: [`0x${'f8'.repeat(100_000)}`] })
    for (const one of hostile) expect(() => verify(one)).toThrow(InvalidProofError)
  })

  test('every field of a header is in its hash', () => {
    const changed = [
      ...[
        'parentHash',
        'sha3Uncles',
        'stateRoot',
        'transactionsRoot',
        'receiptsRoot',
        'mixHash',
        'withdrawalsRoot',
      ],
      ...[
        'parentBeaconBlockRoot',
        'requestsHash',
        'miner',
        'logsBloom',
        'nonce',
        'difficulty',
        'number',
        'gasLimit',
      ],
      ...['gasUsed', 'timestamp', 'extraData', 'baseFeePerGas', 'blobGasUsed', 'excessBlobGas'],
    ]
    for (const name of changed) {
      const value = block[name] as string
      const other = `${value.slice(0, -1)}${value.endsWith('1') ? '2' : '1'}`
      const lie = { ...block, [name]: name === 'extraData' ? '0x01' : other }
      expect(() => verifyHeader(lie, block.hash), name).toThrow(InvalidProofError)
    }
    expect(() => verifyHeader({ ...block, requestsHash: undefined }, block.hash)).toThrow(InvalidProofError)
  })

  test('what is no header is refused', () => {
    const lies: [string, unknown][] = [
      ['number', '0x'],
      ['number', '1'],
      ['number', -1],
      ['number', 1.5],
      ['number', null],
      ['number', `0x${'1'.repeat(65)}`],
      ['stateRoot', '0x00'],
      ['stateRoot', undefined],
      ['stateRoot', {}],
      ['withdrawalsRoot', null], // a fork's field is missing, a later one is not
      ['extraData', `0x${'00'.repeat(4_000)}`],
      ['extraData', `0x${'00'.repeat(100_000)}`],
      ['miner', '0xzz'],
    ]
    for (const [name, value] of lies)
      expect(() => verifyHeader({ ...block, [name]: value }), `${name} ${String(value)}`).toThrow(
        MalformedBytesError,
      )
    expect(() => verifyHeader({})).toThrow(MalformedBytesError)
  })
})
