// `vectors/inputs.json`: input hashes, both chains of heads, contexts.
import { type Address, type Hex, keccak256, zeroHash } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/inputs.json' with { type: 'json' }
import { InvalidArgumentError } from './errors.js'
import { H } from './hash.js'
import { genesisInputHead, type Input, inputHash, nextInputHead, taskContext } from './input.js'
import { foldSnapshot, genesisStateHead, nextStateHead } from './state.js'

const network = vectors.network as Hex
const contract = vectors.contract as Address
type Case = (typeof vectors.cases)[number]

const inputOf = ({ input: i }: Case): Input => ({
  kind: i.kind,
  sender: i.sender as Address,
  onBehalfOf: i.on_behalf_of as Hex,
  value: BigInt(i.value),
  gasLimit: BigInt(i.gas_limit),
  commitGas: BigInt(i.commit_gas),
  priceCap: BigInt(i.price_cap),
  tip: BigInt(i.tip),
  epoch: BigInt(i.epoch),
  inclusionEpoch: BigInt(i.inclusion_epoch),
  blockNumber: BigInt(i.block_number),
  timestamp: BigInt(i.timestamp),
  baseFee: BigInt(i.base_fee),
  inflow: BigInt(i.inflow),
  codeHash: i.code_hash as Hex,
  envelopeHash: i.envelope_hash as Hex,
})

test('inputs, heads and contexts', () => {
  expect(Object.keys(vectors).sort().join(' ')).toBe(
    'cases contract genesis_input_head genesis_state_head network',
  )
  expect(genesisInputHead(network, contract)).toBe(vectors.genesis_input_head)
  expect(genesisStateHead(network, contract)).toBe(vectors.genesis_state_head)
  let inputHead = genesisInputHead(network, contract)
  let stateHead = genesisStateHead(network, contract)
  for (const c of vectors.cases) {
    const hash = inputHash(contract, c.index, inputOf(c))
    expect(hash).toBe(c.input_hash)
    inputHead = nextInputHead(inputHead, hash)
    expect(inputHead).toBe(c.input_head)
    expect(taskContext(inputHead, c.block_hash as Hex)).toBe(c.context)
    expect(stateHead).toBe(c.state_head_before)
    if (c.snapshot_hash !== zeroHash) stateHead = foldSnapshot(stateHead, c.snapshot_hash as Hex)
    expect(stateHead).toBe(c.state_head_folded)
    stateHead = nextStateHead(stateHead, hash, c.delta_hash as Hex)
    expect(stateHead).toBe(c.state_head_after)
  }
})

test('every field of an input changes its hash', () => {
  const input = inputOf(vectors.cases[0] as Case)
  const other = keccak256('0x01')
  const hashes = (Object.keys(input) as (keyof Input)[]).map((name) => {
    const value = input[name]
    const hex = typeof value === 'string'
    const changed = hex ? (value.length === 42 ? contract : other) : BigInt(value) + 1n
    return inputHash(contract, 0, { ...input, [name]: changed })
  })
  hashes.push(inputHash(contract, 0, input), inputHash(contract, 1, input), inputHash(input.sender, 0, input))
  expect(new Set(hashes).size).toBe(19)
})

test('H takes static words alone', () => {
  expect(() => H('enigma/v1/input', '0x1234')).toThrow(InvalidArgumentError)
  expect(() => H('enigma/v1/input', 2n ** 256n)).toThrow(InvalidArgumentError)
  expect(() => H('enigma/v1/input', -1)).toThrow(InvalidArgumentError)
  expect(H('enigma/v1/input', 1)).toBe(H('enigma/v1/input', `0x${'01'.padStart(64, '0')}`))
  expect(H('enigma/v1/input', 1)).not.toBe(H('enigma/v1/network', 1))
})
