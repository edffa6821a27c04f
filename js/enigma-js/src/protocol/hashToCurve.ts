// Hashing to G1 (RFC 9380, 8.8.1: BLS12381G1_XMD:SHA-256_SSWU_RO_). Messages are public: nothing here hides its time.
import { hash_to_field, mapToCurveSimpleSWU } from '@noble/curves/abstract/hash-to-curve.js'
import type { AffinePoint } from '@noble/curves/abstract/weierstrass.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { fields, G1, type PointG1 } from './curve.js'
import { type CurveTag, tagBytes } from './tags.js'

const { Fp } = fields

/** Hashes to G1 under `tag`. */
export function hashToG1(tag: CurveTag, message: Uint8Array): PointG1 {
  const options = { DST: tagBytes(tag), p: Fp.ORDER, m: 1, k: 128, expand: 'xmd', hash: sha256 } as const
  const [first, second] = hash_to_field(message, 2, options).map(([u]) => mapToG1(u as bigint)) as [
    PointG1,
    PointG1,
  ]
  return G1.fromAffine(first.add(second).clearCofactor().toAffine())
}

/** The isogenous curve that the map of Shallue, van de Woestijne and Ulas reaches; set up when it is first needed. */
let swu: ReturnType<typeof mapToCurveSimpleSWU<bigint>> | undefined

function mapToG1(u: bigint): PointG1 {
  swu ??= mapToCurveSimpleSWU(Fp, {
    A: 0x144698a3b8e9433d693a02c96d4982b0ea985383ee66a8d8e8981aefd881ac98936f8da0e0f97f5cf428082d584c1dn,
    B: 0x12e2908d11688030018b12e8753eee3b2016c1f0f24f4070a0b9c14fcef35ef55a23215a316ceaa5d1cc48e98e172be0n,
    Z: 11n,
  })
  return G1.fromAffine(isogeny(swu(u)))
}

// The map of degree 11 to the curve itself (RFC 9380, E.2). It is a normalised isogeny scaled by 1/11: with N = x_num
// and h the polynomial of its kernel, x_den = h², y_den = h³ and y_num = (N′h − 2Nh′) / 11. So two of the four tables do.
/** x_num, from the constant up. */
const N = [
  0x11a05f2b1e833340b809101dd99815856b303e88a2d7005ff2627b56cdb4e2c85610c2d5f2e62d6eaeac1662734649b7n,
  0x17294ed3e943ab2f0588bab22147a81c7c17e75b2f6a8417f565e33c70d1e86b4838f2a6f318c356e834eef1b3cb83bbn,
  0xd54005db97678ec1d1048c5d10a9a1bce032473295983e56878e501ec68e25c958c3e3d2a09729fe0179f9dac9edcb0n,
  0x1778e7166fcc6db74e0609d307e55412d7f5e4656a8dbf25f1b33289f1b330835336e25ce3107193c5b388641d9b6861n,
  0xe99726a3199f4436642b4b3e4118e5499db995a1257fb3f086eeb65982fac18985a286f301e77c451154ce9ac8895d9n,
  0x1630c3250d7313ff01d1201bf7a74ab5db3cb17dd952799b9ed3ab9097e68f90a0870d2dcae73d19cd13c1c66f652983n,
  0xd6ed6553fe44d296a3726c38ae652bfb11586264f0f8ce19008e218f9c86b2a8da25128c1052ecaddd7f225a139ed84n,
  0x17b81e7701abdbe2e8743884d1117e53356de5ab275b4db1a682c62ef0f2753339b7c8f8c8f475af9ccb5618e3f0c88en,
  0x80d3cf1f9a78fc47b90b33563be990dc43b756ce79f5574a2c596c928c5d1de4fa295f296b74e956d71986a8497e317n,
  0x169b1f8e1bcfa7c42e0c37515d138f22dd2ecb803a0c5c99676314baf4bb1b7fa3190b2edc0327797f241067be390c9en,
  0x10321da079ce07e272d8ec09d2565b0dfa7dccdde6787f96d50af36003b14866f69b771f8c285decca67df3f1605fb7bn,
  0x6e08c248e260e70bd1e962381edee3d31d79d7e22c837bc23c0bf1bc24c6b68c24b1b80b64d391fa9c8ba2e8ba2d229n,
]
/** The square root of x_den, from the constant up. */
const H = [
  0x133341fb0962a34cb0504a9c4fada0a5090d38679b4c040d5d1c3afb023a3409fcc0815fea66d8b02bbef9c8b5a66e07n,
  0x264908af037bcede00d054cf5d4775e83eb6cf63c76b969f8ed174fb59fcff78d201f46f6cfc4ed6552e59ce75177b0n,
  0x1335c502c1f54c49aceea65e87fd7203ba0f626f305fc0cfd606a5dae9f3c8e81a4b3b69600129fabd307c69bf319d39n,
  0x94440f65f408a6e930e16e3e92dd17bf60d6e9679a8d3d58593de55ac23703042d609537eb3549aac234d896ca82944n,
  0x4afe09d5cf4956a23b6b71f59d2b3407b415a774b7be81bbb6fa99cbc798e0ac98ba725a5bc328016b1c268b4766e85n,
  1n,
]

function isogeny({ x, y }: AffinePoint<bigint>): AffinePoint<bigint> {
  const [n, dn, h, dh] = [N, derivative(N), H, derivative(H)].map((p) => evaluate(p, x)) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  if (h === 0n) return { x: 0n, y: 0n } // in the kernel: infinity, as noble writes it
  const slope = Fp.sub(Fp.mul(dn, h), Fp.mul(2n * n, dh))
  return { x: Fp.div(n, Fp.sqr(h)), y: Fp.div(Fp.mul(y, slope), Fp.mul(11n * h, Fp.sqr(h))) }
}

function evaluate(polynomial: readonly bigint[], x: bigint): bigint {
  return polynomial.reduceRight((sum, coefficient) => Fp.create(sum * x + coefficient), 0n)
}

function derivative(polynomial: readonly bigint[]): bigint[] {
  return polynomial.slice(1).map((coefficient, i) => coefficient * BigInt(i + 1))
}
