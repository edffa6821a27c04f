// BLS12-381, put together from noble's parts for what a client does: multiply, pair, read and write points of G2; hashing
// to G1 is in `hashToCurve.ts`. noble's own `bls12-381.js` brings signatures, hashing to G2 and every codec along, which
// each app would download for nothing. The arithmetic is noble's; curve.test.ts compares what is set up here with its curve.
import { blsBasic } from '@noble/curves/abstract/bls.js'
import { Field } from '@noble/curves/abstract/modular.js'
import {
  type Fp2 as ElementFp2,
  type Fp12 as ElementFp12,
  psiFrobenius,
  tower12,
} from '@noble/curves/abstract/tower.js'
import { type AffinePoint, weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { concatBytes } from './bytes.js'

/** The family's parameter is −Z; all the rest follows from it (draft-irtf-cfrg-pairing-friendly-curves-11, 4.2.1). */
const Z = 0xd201000000010000n
const ORDER = Z ** 4n - Z ** 2n + 1n
const COFACTOR_G1 = (Z + 1n) ** 2n / 3n
const COFACTOR_G2 =
  (Z ** 8n + 4n * Z ** 7n + 5n * Z ** 6n - 4n * Z ** 4n - 6n * Z ** 3n - 4n * Z ** 2n + 4n * Z + 13n) / 9n
const PRIME = COFACTOR_G1 * ORDER - Z

const { Fp, Fp2, Fp6, Fp12 } = tower12({
  ORDER: PRIME,
  X_LEN: 64,
  FP2_NONRESIDUE: [1n, 1n],
  Fp2mulByB: (value: ElementFp2): ElementFp2 => Fp2.mul(value, B2),
  Fp12finalExponentiate: finalExponentiate,
})
const Fr = Field(ORDER, { modFromBytes: true })
/** `b` of G2's equation; that of G1 is 4. */
const B2 = Fp2.fromBigTuple([4n, 4n])

/** To the power (p¹² − 1) / r, by the steps of noble's `bls12-381.js`. */
function finalExponentiate(value: ElementFp12): ElementFp12 {
  const mul = (a: ElementFp12, b: ElementFp12) => Fp12.mul(a, b)
  const inverse = (a: ElementFp12) => Fp12.conjugate(a)
  const square = (a: ElementFp12) => Fp12._cyclotomicSquare(a)
  const power = (a: ElementFp12) => inverse(Fp12._cyclotomicExp(a, Z))
  const frobenius = (a: ElementFp12, times: number) => Fp12.frobeniusMap(a, times)
  const t0 = Fp12.div(inverse(value), value)
  const t1 = mul(frobenius(t0, 2), t0)
  const t2 = power(t1)
  const t3 = mul(inverse(square(t1)), t2)
  const t4 = power(t3)
  const t5 = power(t4)
  const t6 = mul(power(t5), square(t2))
  const t7 = power(t6)
  const products = mul(frobenius(mul(t2, t5), 2), frobenius(mul(t4, t1), 3))
  return mul(mul(products, frobenius(mul(t6, inverse(t1)), 1)), mul(mul(t7, inverse(t3)), t1))
}

const G1 = weierstrass(
  {
    p: PRIME,
    n: ORDER,
    h: COFACTOR_G1,
    a: 0n,
    b: 4n,
    Gx: 0x17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bbn,
    Gy: 0x8b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1n,
  },
  {
    Fp,
    Fn: Fr,
    // −x·P + P is enough (https://eprint.iacr.org/2019/403).
    clearCofactor: (_, point) => point.multiplyUnsafe(Z).add(point),
  },
)

const G2 = weierstrass(
  {
    p: Fp2.ORDER,
    n: ORDER,
    h: COFACTOR_G2,
    a: Fp2.ZERO,
    b: B2,
    Gx: Fp2.fromBigTuple([
      0x24aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8n,
      0x13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7en,
    ]),
    Gy: Fp2.fromBigTuple([
      0xce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801n,
      0x606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79ben,
    ]),
  },
  {
    Fp: Fp2,
    Fn: Fr,
    fromBytes: decodeG2,
    toBytes: (_, point) => encodeG2(point.toAffine()),
    // ψ(P) = x·P exactly in the subgroup (https://eprint.iacr.org/2021/1130).
    isTorsionFree: (type, point) => point.multiplyUnsafe(Z).negate().equals(psi()(type, point)),
  },
)

// A smaller table than noble's: a client makes few keys, and waits for the first.
G2.BASE.precompute(4)

// Two long powers: made when they are first needed.
let kept: ReturnType<typeof psiFrobenius>['G2psi'] | undefined
function psi() {
  kept ??= psiFrobenius(Fp, Fp2, Fp2.inv(Fp2.NONRESIDUE)).G2psi
  return kept
}

const COMPRESSED = 0x80
const LARGER_Y = 0x20

/** Reads the compressed form, 96 bytes. No other form and no flag but that of the larger y: so it reads no infinity. */
function decodeG2(bytes: Uint8Array): AffinePoint<ElementFp2> {
  const [flags = 0, ...rest] = bytes
  if (bytes.length !== 96 || (flags & ~LARGER_Y & 0xe0) !== COMPRESSED) throw new Error('not compressed')
  const tail = Uint8Array.of(flags & 0x1f, ...rest)
  // Not reduced: what is not below the prime is refused.
  const x = Fp2.create({ c0: Fp.fromBytes(tail.subarray(48)), c1: Fp.fromBytes(tail.subarray(0, 48)) })
  const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), B2))
  return { x, y: isLarger(y) === ((flags & LARGER_Y) !== 0) ? y : Fp2.neg(y) }
}

function encodeG2({ x, y }: AffinePoint<ElementFp2>): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(concatBytes(Fp.toBytes(x.c1), Fp.toBytes(x.c0)))
  bytes[0] = (bytes[0] as number) | COMPRESSED | (isLarger(y) ? LARGER_Y : 0)
  return bytes
}

/** Whether `y` is the larger of y and −y: by the second coordinate, or by the first if that is 0. */
function isLarger({ c0, c1 }: ElementFp2): boolean {
  return (c1 === 0n ? c0 : c1) > PRIME / 2n
}

const { pairing, utils } = blsBasic({ Fp, Fp2, Fp6, Fp12, Fr }, G1, G2, {
  ateLoopSize: Z,
  xNegative: true,
  twistType: 'multiplicative',
})

/** The fields: of coordinates, of scalars, of the pairing's results. */
export const fields = { Fp, Fr, Fp12 }
/** A point of G1. */
export type PointG1 = InstanceType<typeof G1>
/** A point of G2. */
export type PointG2 = InstanceType<typeof G2>
const { randomSecretKey } = utils

export { G1, G2, pairing, randomSecretKey }
