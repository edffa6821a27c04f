// What a host packs (docs/bytes.md, "Packed commitments"), whether it is true or not.
import { concat, type Hex, numberToHex, size, zeroHash } from 'viem'
import type { Commitment } from '../src/protocol/packed.js'

function number(value: bigint): Hex {
  const digits = value === 0n ? '' : value.toString(16)
  const bytes = Math.ceil(digits.length / 2)
  return concat([numberToHex(bytes, { size: 1 }), `0x${digits.padStart(2 * bytes, '0')}`])
}

/** The bytes of a commitment. What is not carried is not looked at. */
export function pack({ receipt, tasks, signatures, outbound }: Commitment): Hex {
  const isSealed = receipt.snapshotHash !== zeroHash
  const parts: Hex[] = [
    receipt.secretContract,
    numberToHex(receipt.epoch, { size: 8 }),
    numberToHex(tasks.length, { size: 1 }),
    numberToHex(signatures.length, { size: 1 }),
    numberToHex(outbound.length, { size: 2 }),
    numberToHex(receipt.firstIndex, { size: 8 }),
    numberToHex(receipt.anchorNumber, { size: 8 }),
    isSealed ? '0x01' : '0x00',
    receipt.inputHead,
    receipt.stateHeadBefore,
    receipt.anchorHash,
    ...(isSealed ? [receipt.snapshotHash] : []),
    ...signatures,
  ]
  let before = Array<bigint>(15).fill(0n)
  for (const { kind, fields, result, output, delta } of tasks) {
    const changed = fields
      .map((field, bit) => (field === before[bit] ? [] : ([bit, field] as const)))
      .filter((it) => it.length)
    const mask = changed.reduce((sum, [bit]) => sum | (1 << Number(bit)), 0)
    parts.push(
      numberToHex(mask, { size: 2 }),
      numberToHex((kind << 4) | result.status, { size: 1 }),
      numberToHex(result.gasCharged, { size: 4 }),
      numberToHex(size(output), { size: 3 }),
      numberToHex(size(delta), { size: 3 }),
      ...changed.map(([, field]) => number(field ?? 0n)),
      output,
      delta,
    )
    before = fields
  }
  for (const { index, kind, target, value, gas, data } of outbound)
    parts.push(
      numberToHex(index - receipt.firstIndex, { size: 1 }),
      numberToHex(kind, { size: 1 }),
      target,
      numberToHex(value, { size: 16 }),
      numberToHex(gas, { size: 8 }),
      numberToHex(size(data), { size: 3 }),
      data,
    )
  return concat(parts)
}
