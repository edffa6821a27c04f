// `vectors/receipts.json`: the hash of outbound calls, and what the schedule takes for them.
import type { Address, Hex } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/receipts.json' with { type: 'json' }
import {
  OUTBOUND_CALL_GAS,
  OUTBOUND_TRANSFER_GAS,
  type OutboundCall,
  outboundGas,
  outboundHash,
} from './outbound.js'

const callOf = (call: (typeof vectors.receipts)[number]['outbound'][number]): OutboundCall => ({
  index: BigInt(call.index),
  kind: call.kind,
  target: call.target as Address,
  value: BigInt(call.value),
  gas: BigInt(call.gas),
  data: call.data as Hex,
})

test.each(vectors.receipts)('outbound calls of receipt $#', ({ outbound, outbound_hash }) => {
  const calls = outbound.map(callOf)
  expect(outboundHash(calls)).toBe(outbound_hash)
  expect(calls.map((call) => outboundGas([call]).toString())).toEqual(
    outbound.map((call) => call.schedule_gas),
  )
})

test('the schedule is that of docs/bytes.md', () => {
  expect([OUTBOUND_TRANSFER_GAS, OUTBOUND_CALL_GAS]).toEqual([75_000n, 90_000n])
  expect(outboundGas([])).toBe(0n)
})

test('every field of a call and their order change the hash', () => {
  const calls = (vectors.receipts[1]?.outbound ?? []).map(callOf)
  const [first, second] = calls as [OutboundCall, OutboundCall]
  const others = [
    [second, first, ...calls.slice(2)],
    calls.slice(1),
    ...[
      { index: 0n },
      { kind: 1 },
      { target: first.target },
      { value: 0n },
      { gas: 0n },
      { data: '0x' as Hex },
    ].map((change) => [first, { ...second, ...change }, ...calls.slice(2)]),
  ]
  const hashes = [calls, ...others].map(outboundHash)
  expect(new Set(hashes).size).toBe(hashes.length)
})
