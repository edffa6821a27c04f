// The key committee of the gas figures: one secret that everybody may know.
import { bls12_381 } from '@noble/curves/bls12-381.js'

const TAG = 'ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_'
const SECRET = 0x2a6f0b1c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142332415060708n
const point = bls12_381.G2.Point.BASE.multiply(SECRET)
const element = (value) => value.toString(16).padStart(128, '0')
const { x, y } = point.toAffine()

/** S in the 256 bytes of EIP-2537. */
export const publicKey = `0x${element(x.c0)}${element(x.c1)}${element(y.c0)}${element(y.c1)}`

/** S compressed, 96 bytes. */
export const compressedKey = `0x${Buffer.from(point.toBytes(true)).toString('hex')}`

/** The beacon of an epoch of era 1, in the 128 bytes of EIP-2537. */
export function beacon(network, epoch) {
  const message = Buffer.from(network.slice(2) + (1).toString(16).padStart(16, '0') + epoch.toString(16).padStart(16, '0'), 'hex')
  const signature = bls12_381.shortSignatures.hash(message, TAG).multiply(SECRET).toAffine()
  return `0x${element(signature.x)}${element(signature.y)}`
}
