// Writes vectors/beacon.json with noble-curves: keys, hash to G1, beacon signatures, in the bytes that Solidity sees
// (EIP-2537) and compressed. `--check` compares instead.
import { readFileSync, writeFileSync } from 'node:fs'
import { bls12_381 } from '@noble/curves/bls12-381.js'

const TAG = 'ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_'
const { G1, G2, fields } = bls12_381
const element = (value) => value.toString(16).padStart(128, '0')
const hex = (bytes) => `0x${Buffer.from(bytes).toString('hex')}`
const g1 = (point) => ({ x: point.toAffine().x, y: point.toAffine().y })
const eip2537G1 = (point) => `0x${element(g1(point).x)}${element(g1(point).y)}`
const eip2537G2 = (point) => {
  const { x, y } = point.toAffine()
  return `0x${element(x.c0)}${element(x.c1)}${element(y.c0)}${element(y.c1)}`
}

const word = (byte) => byte.toString(16).padStart(2, '0').repeat(32)
const number = (value) => value.toString(16).padStart(16, '0')
const order = fields.Fr.ORDER

// Key 2 is the negative of key 1: the same x, the other sign of y.
const first = BigInt(`0x2a6f0b1c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142332415060708`) % order
const secrets = [first, order - first, 1n, 7n]
const cases = secrets.map((secret, i) => {
  const message = `${word(0x11 * (i + 1))}${number(1)}${number(i + 2)}`
  const hash = bls12_381.shortSignatures.hash(Buffer.from(message, 'hex'), TAG)
  const publicKey = G2.Point.BASE.multiply(secret)
  return {
    secret: `0x${secret.toString(16).padStart(64, '0')}`,
    publicKey: eip2537G2(publicKey),
    publicKeyCompressed: hex(publicKey.toBytes(true)),
    message: `0x${message}`,
    hash: eip2537G1(hash),
    signature: eip2537G1(hash.multiply(secret)),
    signatureCompressed: hex(hash.multiply(secret).toBytes(true)),
  }
})

// On the curve, outside the subgroup: the smallest x that gives such a point.
const outside = (() => {
  const { Fp2 } = fields
  for (let i = 1n; ; i += 1n) {
    const x = Fp2.fromBigTuple([i, 0n])
    const square = Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n]))
    try {
      const point = G2.Point.fromAffine({ x, y: Fp2.sqrt(square) })
      if (!point.isTorsionFree()) return eip2537G2(point)
    } catch {
      // No square root: not on the curve.
    }
  }
})()

const text = `${JSON.stringify({ tag: TAG, cases, publicKeyOutsideSubgroup: outside }, null, 2)}\n`
const file = new URL('../beacon.json', import.meta.url)
if (process.argv.includes('--check')) {
  if (readFileSync(file, 'utf8') !== text) throw new Error('vectors/beacon.json is not what the script makes')
} else {
  writeFileSync(file, text)
}
console.log(`${cases.length} keys`)
