// What is set up here of BLS12-381 against noble's own curve, and against whoever sends bytes.
import { bls12_381 as noble } from '@noble/curves/bls12-381.js'
import { expect, test } from 'vitest'
import { fields, G1, G2, type PointG1, pairing, randomSecretKey } from './curve.js'
import { hashToG1, mapToG1 } from './hashToCurve.js'
import type { CurveTag } from './tags.js'

const scalars = [1n, 2n, 7n, 2n ** 64n + 3n, fields.Fr.ORDER - 1n]
const nobleG1 = (point: PointG1) => noble.G1.Point.fromAffine(point.toAffine())

test('fields, orders, cofactors and generators', () => {
  expect(fields.Fp.ORDER).toBe(noble.fields.Fp.ORDER)
  expect(fields.Fr.ORDER).toBe(noble.fields.Fr.ORDER)
  expect(G1.CURVE()).toEqual(noble.G1.Point.CURVE())
  expect(G2.CURVE()).toEqual(noble.G2.Point.CURVE())
})

test('hashing to G1, for many messages and tags', () => {
  for (const tag of ['ENIGMA_V1_INPUT_BLS12381G1_XMD:SHA-256_SSWU_RO_', 'another tag'] as CurveTag[])
    for (let length = 0; length < 40; length += 1) {
      const message = Uint8Array.from({ length }, (_, i) => 7 * i + length)
      const expected = noble.G1.hashToCurve(message, { DST: tag }).toAffine()
      expect(hashToG1(tag, message).toAffine()).toEqual(expected)
    }
})

test('mapping to G1, where it has no inverse too', () => {
  const { Fp } = fields
  // −1/11 is a square: the second value for which the map divides by nothing.
  const special = Fp.sqrt(Fp.inv(Fp.neg(11n)))
  // Its type says another thing than it does.
  const mapToCurve = noble.G1.mapToCurve as unknown as (u: bigint) => PointG1
  for (const u of [0n, 1n, 2n, 3n, special, Fp.neg(special), Fp.ORDER - 1n])
    expect(mapToG1(u).clearCofactor().toAffine()).toEqual(mapToCurve(u).toAffine())
})

test('points of G2 have the bytes of noble, and come back', () => {
  for (const scalar of scalars) {
    const point = G2.BASE.multiply(scalar)
    const bytes = point.toBytes()
    expect(bytes).toEqual(noble.G2.Point.BASE.multiply(scalar).toBytes(true))
    expect(G2.fromBytes(bytes).equals(point)).toBe(true)
  }
})

test('other bytes than the compressed ones are refused, infinity among them', () => {
  const { BASE, ZERO } = noble.G2.Point
  const bytes = BASE.toBytes(true)
  const flags = Array.from({ length: 8 }, (_, i) => i << 5).filter((flag) => flag !== 0x80 && flag !== 0xa0)
  for (const flag of flags) {
    const other = Uint8Array.from(bytes)
    other[0] = ((other[0] as number) & 0x1f) | flag
    expect(() => G2.fromBytes(other), `${flag}`).toThrow()
  }
  for (const refused of [ZERO.toBytes(true), BASE.toBytes(false), bytes.subarray(1), new Uint8Array(96)])
    expect(() => G2.fromBytes(refused)).toThrow()
  expect(() => G2.ZERO.toBytes()).toThrow()
})

test('coordinates that are not below the prime are refused', () => {
  const high = fields.Fp.ORDER.toString(16).padStart(96, '0')
  const low = '0'.repeat(96)
  for (const hex of [high + low, low + high]) {
    const bytes = Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
    bytes[0] = (bytes[0] as number) | 0x80
    expect(() => G2.fromBytes(bytes)).toThrow()
    expect(() => noble.G2.Point.fromBytes(bytes)).toThrow()
  }
})

test('whatever the bytes of G2: what noble reads and refuses as outside the subgroup is refused here', () => {
  let outside = 0
  for (let seed = 1; seed <= 40; seed += 1) {
    const bytes = Uint8Array.from({ length: 96 }, (_, i) => (seed * 197 + i * 31 * seed) % 251)
    bytes[48] = (bytes[48] as number) & 0x0f
    bytes[0] = ((bytes[0] as number) & 0x0f) | (seed % 2 === 0 ? 0x80 : 0xa0)
    const refusal = (read: () => unknown) => {
      try {
        read()
        return ''
      } catch (error) {
        return (error as Error).message
      }
    }
    const here = refusal(() => G2.fromBytes(bytes))
    expect(here).toBe(refusal(() => noble.G2.Point.fromBytes(bytes)))
    expect(here).not.toBe('')
    if (here.includes('subgroup')) outside += 1
  }
  expect(outside).toBeGreaterThan(10)
})

test('pairings, and their exponents', () => {
  for (const [a, b] of [
    [1n, 1n],
    [5n, 2n ** 200n + 1n],
  ] as const) {
    const [p, q] = [G1.BASE.multiply(a), G2.BASE.multiply(b)]
    const expected = noble.pairing(nobleG1(p), noble.G2.Point.BASE.multiply(b))
    expect(pairing(p, q)).toEqual(expected)
  }
  expect(() => pairing(G1.ZERO, G2.BASE)).toThrow()
  expect(() => pairing(G1.BASE, G2.ZERO)).toThrow()
})

test('secret scalars are in range, and differ', () => {
  const [a, b] = [randomSecretKey(), randomSecretKey()].map((bytes) => fields.Fr.fromBytes(bytes))
  expect(a).not.toBe(b)
})
