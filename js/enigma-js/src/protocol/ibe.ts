// Identity-based key encapsulation (Boneh and Franklin) on BLS12-381: `U = r·G2` travels, and
// `K = HKDF(e(r·H(message), S), "enigma/v1/ibe-kem" ‖ U ‖ message)` encrypts. Whoever holds `s·H(message)` finds K too.
import { type Bytes, concatBytes, toBytes } from './bytes.js'
import { fields, G2, type PointG1, type PointG2, pairing, randomSecretKey } from './curve.js'
import { MalformedBytesError } from './errors.js'
import { hashToG1 } from './hashToCurve.js'
import { derive } from './kdf.js'
import { Secret } from './secret.js'

/** What a client keeps of one encapsulation: `U`, 96 bytes, and the key. */
export type Encapsulated = { u: Uint8Array; key: Secret }

/** Reads a point of G2 (96 bytes, compressed): the network's key, or a `U`. Refuses infinity and other subgroups. */
export function parsePublicKey(bytes: Bytes): PointG2 {
  try {
    return G2.fromBytes(toBytes(bytes, 'public key', 96)) // on the curve, in the subgroup, and not infinity
  } catch {
    throw new MalformedBytesError(
      'public key',
      'a point of G2 in the prime-order subgroup, 96 bytes compressed',
    )
  }
}

/** A fresh scalar. */
export function randomScalar(): Secret {
  const bytes = randomSecretKey()
  const scalar = new Secret(bytes)
  bytes.fill(0)
  return scalar
}

/**
 * Encapsulates a key to the input key of `message` (see `keyMessage`). Takes some 15 ms; what comes out serves many
 * envelopes of one contract and epoch. `r` is given by tests only.
 */
export function encapsulate(
  publicKey: PointG2,
  message: Uint8Array,
  r: Secret = randomScalar(),
): Encapsulated {
  const scalar = r.expose((bytes) => fields.Fr.fromBytes(bytes))
  const u = G2.BASE.multiply(scalar).toBytes(true)
  const point = hashToG1('ENIGMA_V1_INPUT_BLS12381G1_XMD:SHA-256_SSWU_RO_', message).multiply(scalar)
  return { u, key: sharedKey(point, publicKey, u, message) }
}

/** The key behind `e(g1, g2)`: with `g1 = s·H(message)` and `g2 = U` it is the receiver's side. */
export function sharedKey(g1: PointG1, g2: PointG2, u: Uint8Array, message: Uint8Array): Secret {
  const gt = new Secret(gtBytes(pairing(g1, g2)))
  const key = derive('enigma/v1/ibe-kem', gt, concatBytes(u, message))
  gt.wipe()
  return key
}

/** 576 bytes as `blst_fp12::to_bendian` has them: noble's six coefficients in another order. */
export function gtBytes(gt: ReturnType<typeof pairing>): Uint8Array {
  const bytes = fields.Fp12.toBytes(gt)
  return concatBytes(...[0, 3, 1, 4, 2, 5].map((i) => bytes.subarray(96 * i, 96 * (i + 1))))
}
