// The schedule of fees: the same numbers as `contracts/src/libraries/FeeSchedule.sol`.
import { SMALLEST_CLASS, TAG_SIZE } from './size.js'

/** Gas inside the sealed world costs this part of gas on the chain. */
export const EXECUTION_DIVISOR = 8n
/** Schedule gas of a receipt, shared by its tasks. */
export const RECEIPT_GAS = 80_000n
/** Schedule gas of a task. */
export const TASK_GAS = 16_000n
/** Schedule gas of a byte of output or delta. */
export const BYTE_GAS = 45n
/** Smallest `commitGas`: a batch of one with the smallest output and delta. */
export const MIN_COMMIT_GAS = RECEIPT_GAS + TASK_GAS + BYTE_GAS * 2n * BigInt(SMALLEST_CLASS + TAG_SIZE)
/** Largest `commitGas`. */
export const MAX_COMMIT_GAS = 5_000_000n
/** Largest `gasLimit`. */
export const MAX_GAS_LIMIT = 16_777_216n

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b)

/** Schedule gas of one of `tasks` tasks of a receipt, with so many bytes of output and delta, and so much gas of outbound calls. */
export function scheduleGas(tasks: number, bytes: bigint | number, outbound = 0n): bigint {
  return RECEIPT_GAS / BigInt(tasks) + TASK_GAS + BYTE_GAS * BigInt(bytes) + outbound
}

/** The `commitGas` that lets `bytes` of output and delta (each as long as its class and a tag) and outbound calls through. */
export function commitGasFor(bytes: bigint | number, outbound = 0n): bigint {
  return larger(scheduleGas(1, bytes, outbound), MIN_COMMIT_GAS)
}

/** What a sender pays ahead beside the value, wei. */
export function maxFee(terms: { commitGas: bigint; gasLimit: bigint; priceCap: bigint }): bigint {
  return (terms.commitGas + terms.gasLimit / EXECUTION_DIVISOR) * terms.priceCap
}

/** The price of gas at commit, wei. */
export function priceAt(baseFee: bigint, terms: { tip: bigint; priceCap: bigint }): bigint {
  return smaller(baseFee + terms.tip, terms.priceCap)
}

/** What a task pays, wei; `schedule` is its schedule gas, which its `commitGas` covers. */
export function payFor(task: { schedule: bigint; gasCharged: bigint; price: bigint }): bigint {
  return (task.schedule + task.gasCharged / EXECUTION_DIVISOR) * task.price
}
