import { expect, test } from 'vitest'
import { commitGasFor, MIN_COMMIT_GAS, maxFee, payFor, priceAt, scheduleGas } from './fees.js'

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
  for (const bytes of [288n, 289n, 1_000n, 100_000n])
    for (const outbound of [0n, 75_000n])
      expect(commitGasFor(bytes, outbound)).toBe(scheduleGas(1, bytes, outbound))
})

test('what a task pays is at most what was escrowed', () => {
  const task = { gasCharged: 32_768n, price: 9n }
  const escrowed = maxFee({ commitGas: commitGasFor(5_000), gasLimit: 32_768n, priceCap: 9n })
  expect(payFor({ ...task, schedule: scheduleGas(1, 5_000) })).toBe(escrowed)
  expect(payFor({ ...task, schedule: scheduleGas(1, 288) })).toBe((108_960n + 4_096n) * 9n)
  expect(payFor({ ...task, schedule: scheduleGas(3, 288) })).toBe((26_666n + 16_000n + 12_960n + 4_096n) * 9n)
  expect(scheduleGas(2, 288, 7n)).toBe(scheduleGas(2, 288) + 7n)
})
