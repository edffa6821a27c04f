// Packed commitments are read as Rust means them.
import { readFileSync } from 'node:fs'
import { concat, type Hex, hashStruct } from 'viem'
import { expect, test } from 'vitest'
import { nextInputHead } from './input.js'
import { unpackCommitment } from './packed.js'
import { receiptTypes } from './receipt.js'

type Case = Record<string, Hex> & { calls: number; first_index: number; last_index: number }

const vectors = new URL('../../../../vectors/commitments.json', import.meta.url)
const { cases } = JSON.parse(readFileSync(vectors, 'utf8')) as { cases: Case[] }

test.each(cases.map((it, i) => [i, it] as const))('case %d', (_, it) => {
  const read = unpackCommitment(it.network as Hex, it.packed as Hex)
  if (!read) throw new Error('it is one')
  const { receipt, tasks, signatures, outbound } = read
  expect(receipt.secretContract.toLowerCase()).toBe(it.contract)
  expect(receipt.firstIndex).toBe(BigInt(it.first_index))
  expect(receipt.lastIndex).toBe(BigInt(it.last_index))
  expect(receipt.stateHeadBefore).toBe(it.state_head_before)
  expect(receipt.stateHeadAfter).toBe(it.state_head_after)
  expect(receipt.outboundHash).toBe(it.outbound_hash)
  expect(outbound).toHaveLength(it.calls)
  expect(signatures.length ? concat(signatures) : '0x').toBe(it.signatures)
  const head = tasks.reduce((before, { hash }) => nextInputHead(before, hash), it.input_head_before as Hex)
  expect([head, receipt.inputHead]).toEqual([it.input_head, it.input_head])
  const data = { ...receipt, ruleset: BigInt(receipt.ruleset) }
  expect(hashStruct({ types: receiptTypes, primaryType: 'Receipt', data })).toBe(it.receipt_hash)
})

test('other bytes are none', () => {
  const [first] = cases
  if (!first) throw new Error('no vectors')
  const packed = first.packed as Hex
  const is = (bytes: string) => unpackCommitment(first.network as Hex, bytes as Hex) !== undefined
  const at = (place: number, byte: string) =>
    packed.slice(0, 2 + 2 * place) + byte + packed.slice(4 + 2 * place)
  expect(is(packed)).toBe(true)
  for (const other of ['0x', `${packed}00`, packed.slice(0, -2), packed.slice(0, 200)])
    expect(is(other)).toBe(false)
  // Flags that mean nothing, and the mask's highest bit.
  expect([at(48, '02'), at(145 + 32 + 65, 'ff')].map(is)).toEqual([false, false])
})
