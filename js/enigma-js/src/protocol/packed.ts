// Commitments as the Enigma contract takes them (docs/bytes.md, "Packed commitments").
import { type Address, getAddress, type Hex, keccak256, numberToHex } from 'viem'
import { H } from './hash.js'
import { RULESET } from './network.js'
import { type OutboundCall, outboundHash } from './outbound.js'
import { foldSnapshot, nextStateHead } from './state.js'

/** A receipt with what the chain needs to check it, and what follows from that. */
export type Commitment = NonNullable<ReturnType<typeof unpackCommitment>>

/** Fields of an input that have a bit each, the lowest first: from `envelopeHash` to `sender`, all but its kind. */
const FIELDS = 15

/** The commitment of `network` that these bytes are, if they are one. */
export function unpackCommitment(network: Hex, packed: Hex) {
  try {
    return unpack(network, packed)
  } catch {
    return undefined
  }
}

function unpack(network: Hex, packed: Hex) {
  let at = 2
  const take = (size: number): Hex => {
    const start = at
    at += 2 * size
    if (at > packed.length) throw 0
    return `0x${packed.slice(start, at)}`
  }
  const number = (size: number) => (size ? BigInt(take(size)) : 0n)
  const small = (size: number) => Number(number(size))
  const list = <T>(count: number, item: (i: number) => T) => Array.from({ length: count }, (_, i) => item(i))

  const secretContract = getAddress(take(20))
  const epoch = number(8)
  const count = small(1)
  const signed = small(1)
  const calls = small(2)
  const firstIndex = number(8)
  const anchorNumber = number(8)
  const flags = small(1)
  const inputHead = take(32)
  const stateHeadBefore = take(32)
  const anchorHash = take(32)
  const snapshotHash = flags ? take(32) : wordOf(0n)
  const signatures = list(signed, () => take(65))

  let stateHeadAfter = flags ? foldSnapshot(stateHeadBefore, snapshotHash) : stateHeadBefore
  const fields = list(FIELDS, () => 0n)
  const tasks = list(count, (i) => {
    const mask = small(2)
    if (mask >> FIELDS) throw 0
    const kindAndStatus = small(1)
    const kind = kindAndStatus >> 4
    const gasCharged = number(4)
    const outputSize = small(3)
    const deltaSize = small(3)
    fields.forEach((_, bit) => {
      if ((mask >> bit) & 1) fields[bit] = number(small(1))
    })
    const output = take(outputSize)
    const delta = take(deltaSize)
    const index = firstIndex + BigInt(i)
    const hash = H('enigma/v1/input', kind, secretContract, index, ...[...fields].reverse())
    const result = {
      status: kindAndStatus & 15,
      gasCharged,
      outputHash: keccak256(output),
      deltaHash: keccak256(delta),
    }
    stateHeadAfter = nextStateHead(stateHeadAfter, hash, result.deltaHash)
    const [, , , , , , , , tip = 0n, priceCap = 0n] = fields
    return { kind, fields: [...fields], tip, priceCap, hash, result, output, delta }
  })
  const outbound = list(calls, (): OutboundCall => {
    const index = firstIndex + number(1)
    const kind = small(1)
    const target: Address = take(20)
    const value = number(16)
    const gas = number(8)
    return { index, kind, target, value, gas, data: take(small(3)) }
  })
  if (at !== packed.length || flags > 1) throw 0
  const receipt = {
    network,
    ruleset: RULESET,
    secretContract,
    epoch,
    firstIndex,
    lastIndex: firstIndex + BigInt(count - 1),
    inputHead,
    stateHeadBefore,
    stateHeadAfter,
    anchorNumber,
    anchorHash,
    results: tasks.map(({ result }) => result),
    snapshotHash,
    outboundHash: outboundHash(outbound),
  }
  return { receipt, tasks, signatures, outbound }
}

const wordOf = (word: bigint): Hex => numberToHex(word, { size: 32 })
