import { expect, test } from 'vitest'
import { bytesAllowed, commitGasFor, MIN_COMMIT_GAS, maxFee, payFor, priceAt } from './fees.js'

test('the schedule is that of docs/bytes.md', () => {
  expect(MIN_COMMIT_GAS).toBe(80_000n + 16_000n + 45n * 288n)
  expect(commitGasFor(0)).toBe(MIN_COMMIT_GAS)
  expect(commitGasFor(288)).toBe(MIN_COMMIT_GAS)
  expect(commitGasFor(289n)).toBe(MIN_COMMIT_GAS + 45n)
  expect(maxFee({ commitGas: 200_000n, gasLimit: 3_000_001n, priceCap: 7n })).toBe((200_000n + 375_000n) * 7n)
  expect(priceAt(10n, { tip: 3n, priceCap: 20n })).toBe(13n)
  expect(priceAt(18n, { tip: 3n, priceCap: 20n })).toBe(20n)
})

test('what is bought is what is allowed', () => {
  for (const bytes of [288n, 289n, 1_000n, 100_000n]) expect(bytesAllowed(commitGasFor(bytes))).toBe(bytes)
  expect(bytesAllowed(0n)).toBe(0n)
  expect(bytesAllowed(96_044n)).toBe(0n)
})

test('nobody pays more than was escrowed', () => {
  const task = { commitGas: 109_000n, bytes: 5_000, gasCharged: 32_768n, tasks: 1, price: 9n }
  const escrowed = maxFee({ commitGas: 109_000n, gasLimit: 32_768n, priceCap: 9n })
  expect(payFor(task)).toBe(escrowed)
  expect(payFor({ ...task, bytes: 288 })).toBe((108_960n + 4_096n) * 9n)
  expect(payFor({ ...task, bytes: 288, tasks: 3 })).toBe((26_666n + 16_000n + 12_960n + 4_096n) * 9n)
  expect(payFor({ ...task, bytes: 288, tasks: 0 })).toBe(payFor({ ...task, bytes: 288 }))
})
