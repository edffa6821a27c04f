// Commitments as `commit` takes them (docs/bytes.md, "Packed commitments").
import { concat, numberToHex, size } from 'viem'

/** Fields of an input from the last to the first, but for its kind: bit 0 of the mask is the first of these. */
const FIELDS = ['envelopeHash', 'codeHash', 'inflow', 'baseFee', 'timestamp', 'blockNumber', 'inclusionEpoch', 'epoch', 'tip', 'priceCap', 'commitGas', 'gasLimit', 'value', 'onBehalfOf', 'sender']

function number(value) {
  const digits = value === 0n ? '' : value.toString(16)
  const bytes = Math.ceil(digits.length / 2)
  return `0x${bytes.toString(16).padStart(2, '0')}${digits.padStart(2 * bytes, '0')}`
}

const field = (value, bytes) => numberToHex(value, { size: bytes })

/** Packs a commitment without outbound calls. */
export function pack({ receipt: r, inputs, outputs, deltas, signatures }) {
  const isSealed = BigInt(r.snapshotHash) !== 0n
  const parts = [
    r.secretContract, field(r.epoch, 8), field(inputs.length, 1), field(signatures.length, 1), field(0, 2),
    field(r.firstIndex, 8), field(r.anchorNumber, 8), field(isSealed ? 1 : 0, 1),
    r.inputHead, r.stateHeadBefore, r.anchorHash, ...(isSealed ? [r.snapshotHash] : []), ...signatures,
  ]
  const before = Object.fromEntries(FIELDS.map((name) => [name, 0n]))
  inputs.forEach((input, i) => {
    let mask = 0
    const changed = []
    FIELDS.forEach((name, bit) => {
      const value = BigInt(input[name])
      if (value === before[name]) return
      before[name] = value
      mask |= 1 << bit
      changed.push(number(value))
    })
    const { status, gasCharged } = r.results[i]
    parts.push(field(mask, 2), field((input.kind << 4) | status, 1), field(gasCharged, 4))
    parts.push(field(size(outputs[i]), 3), field(size(deltas[i]), 3), ...changed, outputs[i], deltas[i])
  })
  return concat(parts)
}
