// BLS12-381, put together from noble's parts for what a client does: multiply, pair, read and write points of G2; hashing
// to G1 is in `hashToCurve.ts`. noble's own `bls12-381.js` brings signatures, hashing to G2 and every codec along, which
// an app would download for nothing. The arithmetic is noble's; curve.test.ts compares what is set up here with its curve.
import { blsBasic } from '@noble/curves/abstract/bls.js'
import { Field } from '@noble/curves/abstract/modular.js'
import { type Fp2, type Fp12, psiFrobenius, tower12 } from '@noble/curves/abstract/tower.js'
import { weierstrass } from '@noble/curves/abstract/weierstrass.js'
import { concatBytes } from './bytes.js'

/** The size of the family's parameter, which is negative: x = −Z. All else follows (draft-irtf-cfrg-pairing-friendly-curves). */
const Z = 0xd201000000010000n
/** The order of the groups. */
const ORDER = Z ** 4n - Z ** 2n + 1n
const COFACTOR_G1 = (Z + 1n) ** 2n / 3n
const COFACTOR_G2 =
  (Z ** 8n + 4n * Z ** 7n + 5n * Z ** 6n - 4n * Z ** 4n - 6n * Z ** 3n - 4n * Z ** 2n + 4n * Z + 13n) / 9n
const PRIME = COFACTOR_G1 * ORDER - Z

const { Fp, Fp2, Fp6, Fp12 } = tower12({
  ORDER: PRIME,
  X_LEN: 64,
  FP2_NONRESIDUE: [1n, 1n],
  Fp2mulByB: (value) => Fp2.mul(value, Fp2.fromBigTuple([4n, 4n])),
  Fp12finalExponentiate: finalExponentiate,
})
const Fr = Field(ORDER, { modFromBytes: true })

/** To the power (p¹² − 1) / r: the easy part, then the hard one by Hayashida, Hayasaka and Teruya's chain in x. */
function finalExponentiate(value: Fp12): Fp12 {
  const { conjugate: inverse } = bound
  const { power, square, mul, frobenius } = bound
  const t0 = Fp12.div(frobenius(value, 6), value)
  const t1 = mul(frobenius(t0, 2), t0)
  const t2 = power(t1)
  const t3 = mul(inverse(square(t1)), t2)
  const t4 = power(t3)
  const t5 = power(t4)
  const t6 = mul(power(t5), square(t2))
  const t7 = power(t6)
  return [
    frobenius(mul(t2, t5), 2),
    frobenius(mul(t4, t1), 3),
    frobenius(mul(t6, inverse(t1)), 1),
    mul(mul(t7, inverse(t3)), t1),
  ].reduce(mul)
}
