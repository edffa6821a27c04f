import { encodeAbiParameters, encodeErrorResult, encodeEventTopics, encodeFunctionResult } from 'viem'
import { expect, test } from 'vitest'
import type { Hex } from '../model/schema'
import { InvalidAbiError, parseAbiText, readings, readLog, revertReason, show } from './decode'

const abi = [
  {
    type: 'function',
    name: 'balanceOf',
    stateMutability: 'view',
    inputs: [{ name: 'a', type: 'address' }],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'totalSupply',
    stateMutability: 'view',
    inputs: [],
    outputs: [{ name: '', type: 'uint256' }],
  },
  {
    type: 'function',
    name: 'name',
    stateMutability: 'view',
    inputs: [],
    outputs: [{ name: '', type: 'string' }],
  },
  {
    type: 'function',
    name: 'pair',
    stateMutability: 'view',
    inputs: [],
    outputs: [
      {
        name: 'p',
        type: 'tuple',
        components: [
          { name: 'x', type: 'uint8' },
          { name: 'who', type: 'address[]' },
        ],
      },
    ],
  },
  { type: 'function', name: 'touch', stateMutability: 'nonpayable', inputs: [], outputs: [] },
  { type: 'error', name: 'TooPoor', inputs: [{ name: 'missing', type: 'uint256' }] },
  {
    type: 'event',
    name: 'Paid',
    inputs: [
      { name: 'to', type: 'address', indexed: true },
      { name: 'amount', type: 'uint256', indexed: false },
    ],
  },
  { type: 'event', name: 'Bare', inputs: [{ name: '', type: 'uint256', indexed: false }] },
] as const
const ZERO = `0x${'00'.repeat(20)}` as const

test('return data are read by every function that may have returned them, to the byte', () => {
  const number = encodeFunctionResult({ abi, functionName: 'totalSupply', result: 5n })
  expect(readings(abi, number)).toEqual([
    { functions: ['balanceOf(address)', 'totalSupply()'], values: [{ name: 'uint256', value: '5' }] },
  ])
  const text = encodeFunctionResult({ abi, functionName: 'name', result: 'Rose' })
  expect(readings(abi, text).map(({ values }) => values[0]?.value)).toEqual(['“Rose”'])
  const pair = encodeFunctionResult({ abi, functionName: 'pair', result: { x: 7, who: [ZERO] } })
  expect(readings(abi, pair)[0]?.values).toEqual([{ name: 'p', value: `{ x: 7, who: [${ZERO}] }` }])
  // Trailing bytes, and bytes that are too few.
  expect(readings(abi, `${number}00`)).toEqual([])
  expect(readings(abi, '0x1234')).toEqual([])
})

test('reverts: text, panics, the ABI’s errors, Enigma’s own', () => {
  const error = (text: string) =>
    `0x08c379a0${encodeAbiParameters([{ type: 'string' }], [text]).slice(2)}` as Hex
  expect(revertReason(error('not yours'))).toBe('“not yours”')
  expect(revertReason(`0x4e487b71${encodeAbiParameters([{ type: 'uint256' }], [0x11n]).slice(2)}`)).toBe(
    'panic 17: arithmetic overflow or underflow',
  )
  const custom = encodeErrorResult({ abi, errorName: 'TooPoor', args: [3n] })
  expect(revertReason(custom)).toBeUndefined()
  expect(revertReason(custom, abi)).toBe('TooPoor(missing: 3)')
  const outside = encodeErrorResult({
    abi: [{ type: 'error', name: 'OutsideCall', inputs: [{ name: 'target', type: 'address' }] }],
    errorName: 'OutsideCall',
    args: [ZERO],
  })
  expect(revertReason(outside)).toBe(`OutsideCall(target: ${ZERO})`)
  expect(revertReason('0x')).toBe('without a reason')
  expect(revertReason('0x08c379a0ff')).toBeUndefined()
})

test('events are named if the ABI has one that fits', () => {
  const topics = encodeEventTopics({ abi, eventName: 'Paid', args: { to: ZERO } }) as Hex[]
  const data = encodeAbiParameters([{ type: 'uint256' }], [42n])
  expect(readLog(abi, { address: ZERO, topics, data })).toEqual({
    event: 'Paid',
    values: [
      { name: 'to', value: ZERO },
      { name: 'amount', value: '42' },
    ],
  })
  const bare = encodeEventTopics({ abi, eventName: 'Bare' }) as Hex[]
  expect(readLog(abi, { address: ZERO, topics: bare, data })?.values).toEqual([
    { name: 'uint256', value: '42' },
  ])
  expect(readLog(abi, { address: ZERO, topics, data: '0x' })).toBeUndefined()
  expect(readLog(abi, { address: ZERO, topics: [], data })).toBeUndefined()
})

test('an ABI is taken alone or in an artefact, and other JSON is refused', () => {
  expect(parseAbiText(JSON.stringify(abi))).toHaveLength(abi.length)
  expect(parseAbiText(JSON.stringify({ bytecode: '0x', abi }))).toHaveLength(abi.length)
  const deep = JSON.parse(`${'{"type":"tuple","components":['.repeat(20)}${']}'.repeat(20)}`)
  for (const wrong of [
    'no json',
    '3',
    'null',
    '{}',
    '{"abi":{}}',
    '[1]',
    '[{"type":"function"}]',
    '[{"type":"function","name":"f","inputs":[{}],"outputs":[]}]',
    '[{"type":"spell","name":"f"}]',
    JSON.stringify([{ type: 'function', name: 'f', inputs: [deep], outputs: [] }]),
  ])
    expect(() => parseAbiText(wrong), wrong.slice(0, 60)).toThrow(InvalidAbiError)
})

test('decrypted text cannot hide or turn what is around it, nor fill the page', () => {
  expect(show('a\u{202e}b\u{0}')).toBe('“a\u{fffd}b\u{fffd}”')
  expect(show('x'.repeat(100_000)).length).toBeLessThan(2_100)
  expect(show([1n, true, ZERO])).toBe(`[1, true, ${ZERO}]`)
})
