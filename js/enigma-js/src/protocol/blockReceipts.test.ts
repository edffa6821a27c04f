// The root of a block's receipts, as a real chain computes it, and what it vouches for.
import { type Address, type Hex, numberToHex } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Chain } from '../../test/anvil.js'
import { type RawReceipt, receiptsRoot } from './blockReceipts.js'
import { EMPTY_ROOT, listRoot } from './trie.js'

/** Logs its word of calldata under the topic 7, or reverts if that is zero. */
const LOGGER: Address = `0x${'10'.repeat(20)}`
const CODE: Hex = '0x6000358015601157600052600760206000a1005b600080fd'

let chain: Chain
let from: Address

beforeAll(async () => {
  chain = new Chain('osaka', '--no-mining', '--order', 'fifo')
  ;[from] = (await chain.request<Address[]>('eth_accounts')) as [Address]
  await chain.request('anvil_setCode', LOGGER, CODE)
})

afterAll(() => chain?.stop())

/** A block of `count` transactions of all kinds, some with logs, some that failed. */
async function mine(count: number): Promise<{ root: Hex; receipts: RawReceipt[] }> {
  const kinds = [
    { type: '0x0', gasPrice: '0x77359400' },
    { type: '0x1', gasPrice: '0x77359400' },
    { type: '0x2' },
  ]
  for (let n = 0; n < count; n += 1) {
    const data = numberToHex(n % 5, { size: 32 })
    await chain.request('eth_sendTransaction', { from, to: LOGGER, data, gas: '0x15f90', ...kinds[n % 3] })
  }
  await chain.request('anvil_mine', '0x1')
  const block = await chain.request<{ receiptsRoot: Hex; number: Hex }>(
    'eth_getBlockByNumber',
    'latest',
    false,
  )
  const receipts = await chain.request<RawReceipt[]>('eth_getBlockReceipts', block.number)
  expect(receipts).toHaveLength(count)
  return { root: block.receiptsRoot, receipts }
}

// Keys are one byte up to 127 and two from there on; that of the first sorts behind these.
test.each([0, 1, 2, 3, 16, 17, 127, 128, 129, 260])('of %i receipts', async (count) => {
  const { root, receipts } = await mine(count)
  expect(receiptsRoot(receipts)).toBe(root)
})

test('everything that a receipt says, and their order, changes the root', async () => {
  const { root, receipts } = await mine(6)
  const at = receipts.findIndex(({ logs }) => logs.length > 0)
  const found = receipts[at] as RawReceipt
  const [log] = found.logs
  if (!log) throw new Error('there is no log')
  const other = numberToHex(9, { size: 32 })
  const changes: Partial<RawReceipt>[] = [
    { status: '0x0' },
    { type: '0x3' },
    { cumulativeGasUsed: '0x1' },
    { logsBloom: `0x${'00'.repeat(256)}` },
    { logs: [] },
    { logs: [log, log] },
    { logs: [{ ...log, address: from }] },
    { logs: [{ ...log, topics: [other] }] },
    { logs: [{ ...log, data: other }] },
  ]
  const lists = [
    ...changes.map((change) => receipts.map((one, i) => (i === at ? { ...found, ...change } : one))),
    [...receipts].reverse(),
    receipts.slice(1),
    [...receipts, found],
  ]
  const roots = new Set(lists.map(receiptsRoot))
  expect(roots.size).toBe(lists.length)
  expect(roots).not.toContain(root)
})

test('of none', () => {
  expect(listRoot([])).toBe(EMPTY_ROOT)
})
