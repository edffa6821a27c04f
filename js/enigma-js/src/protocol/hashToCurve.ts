// Hashing to G1 (RFC 9380, 8.8.1: BLS12381G1_XMD:SHA-256_SSWU_RO_). Messages are public: nothing here hides its time.
import type { AffinePoint } from '@noble/curves/abstract/weierstrass.js'
import { sha256 } from 'viem'
import { bytesToInteger, concatBytes } from './bytes.js'
import { fields, G1, type PointG1 } from './curve.js'
import { type CurveTag, tagBytes } from './tags.js'

const { Fp } = fields

/** Hashes to G1 under `tag`. */
export function hashToG1(tag: CurveTag, message: Uint8Array): PointG1 {
  const uniform = expand(tagBytes(tag), message)
  const [first, second] = [uniform.subarray(0, 64), uniform.subarray(64)].map((bytes) =>
    mapToG1(Fp.create(bytesToInteger(bytes))),
  ) as [PointG1, PointG1]
  return G1.fromAffine(first.add(second).clearCofactor().toAffine())
}

/** 128 bytes (RFC 9380, 5.3.1: expand_message_xmd with SHA-256), for tags of at most 255 bytes. */
function expand(tag: Uint8Array, message: Uint8Array): Uint8Array {
  const hash = (...parts: Uint8Array[]) =>
    sha256(concatBytes(...parts, tag, Uint8Array.of(tag.length)), 'bytes')
  const first = hash(new Uint8Array(64), message, Uint8Array.of(0, 128, 0))
  let block: Uint8Array = new Uint8Array(32)
  const blocks = [1, 2, 3, 4].map((number) => {
    block = hash(
      first.map((byte, i) => byte ^ (block[i] as number)),
      Uint8Array.of(number),
    )
    return block
  })
  return concatBytes(...blocks)
}

/** The curve y² = x³ + Ax + B that the map of Shallue, van de Woestijne and Ulas reaches (RFC 9380, 8.8.1), and its Z. */
const A = 0x144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1dn
const B = 0x12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0n
const Z = 11n

/** That map (RFC 9380, 6.6.2), and the isogeny to the curve itself. */
export function mapToG1(u: bigint): PointG1 {
  const zu2 = Fp.mul(Z, Fp.sqr(u))
  const tail = Fp.add(Fp.sqr(zu2), zu2)
  const x1 = Fp.div(Fp.mul(B, Fp.add(tail, 1n)), Fp.mul(A, tail === 0n ? Z : Fp.neg(tail)))
  // One of the two is on it.
  const { x, y } = lift(x1) ?? (lift(Fp.mul(zu2, x1)) as AffinePoint<bigint>)
  return G1.fromAffine(isogeny({ x, y: (u & 1n) === (y & 1n) ? y : Fp.neg(y) }))
}

/** The point of that curve above `x`, if there is one. */
function lift(x: bigint): AffinePoint<bigint> | undefined {
  try {
    return { x, y: Fp.sqrt(Fp.create(x ** 3n + A * x + B)) }
  } catch {
    return undefined
  }
}

/** The polynomial of the kernel of the isogeny to the curve itself, from the constant up: its square is x_den of RFC 9380, E.2. */
const H = [
  0x133341fb0962a34cb0504a9c4fada0a5090d38679b4c040d5d1c3afb023a3409fcc0815fea66d8b02bbef9c8b5a66e07n,
  0x264908af037bcede00d054cf5d4775e83eb6cf63c76b969f8ed174fb59fcff78d201f46f6cfc4ed6552e59ce75177b0n,
  0x1335c502c1f54c49aceea65e87fd7203ba0f626f305fc0cfd606a5dae9f3c8e81a4b3b69600129fabd307c69bf319d39n,
  0x94440f65f408a6e930e16e3e92dd17bf60d6e9679a8d3d58593de55ac23703042d609537eb3549aac234d896ca82944n,
  0x4afe09d5cf4956a23b6b71f59d2b3407b415a774b7be81bbb6fa99cbc798e0ac98ba725a5bc328016b1c268b4766e85n,
  1n,
]

/**
 * The isogeny of degree 11, without the four tables of the RFC: by Kohel's formula (section 2.4 of "Endomorphism rings of
 * elliptic curves over finite fields", 1996) its kernel says all. x becomes N / (11h)² and y, as for every normalised
 * isogeny, is multiplied by the derivative: y·(N′h − 2Nh′) / (11h)³.
 */
function isogeny({ x, y }: AffinePoint<bigint>): AffinePoint<bigint> {
  const [h, h1, h2, h3] = [H, derivative(H, 1), derivative(H, 2), derivative(H, 3)].map((p) =>
    evaluate(p, x),
  ) as [bigint, bigint, bigint, bigint]
  if (h === 0n) return { x: 0n, y: 0n } // in the kernel: infinity, as noble writes it
  const [f, f1, f2] = [x ** 3n + A * x + B, 3n * x * x + A, 6n * x]
  const line = 11n * x + 2n * (H[4] as bigint) // the second highest coefficient is minus the sum of the roots
  const n = 4n * f * (h1 * h1 - h * h2) - 2n * f1 * h * h1 + line * h * h
  const n1 =
    4n * f1 * (h1 * h1 - h * h2) +
    4n * f * (h1 * h2 - h * h3) -
    2n * f2 * h * h1 -
    2n * f1 * (h1 * h1 + h * h2) +
    11n * h * h +
    2n * line * h * h1
  const scale = Fp.inv(Fp.create(11n * h))
  return {
    x: Fp.create(n * scale ** 2n),
    y: Fp.create(y * Fp.create(n1 * h - 2n * n * h1) * scale ** 3n),
  }
}

function evaluate(polynomial: readonly bigint[], x: bigint): bigint {
  return polynomial.reduceRight((sum, coefficient) => Fp.create(sum * x + coefficient), 0n)
}

function derivative(polynomial: readonly bigint[], times: number): bigint[] {
  const first = polynomial.slice(1).map((coefficient, i) => coefficient * BigInt(i + 1))
  return times > 1 ? derivative(first, times - 1) : first
}
