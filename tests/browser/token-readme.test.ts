// The commands of the token's README, as they stand there.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalNetwork, startNetwork } from './network'
import { runReadme } from './readme'

let network: LocalNetwork

beforeAll(async () => {
  network = await startNetwork()
})

afterAll(() => network?.stop())

test("the README's commands say what it promises", async () => {
  const { blocks, printed, stderr } = await runReadme(network, '03-confidential-token')
  expect([blocks, printed.length]).toEqual([3, 2])
  const [first, second] = printed
  expect(first).toBe('true\n25500000000000000000\n')
  expect(second).toBe('true\n10\nexit code 2\n')
  expect(stderr).toContain('reverted: NotYours()')
})
