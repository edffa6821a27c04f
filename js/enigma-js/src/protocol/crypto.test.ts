// `vectors/crypto.json`: what the client does not do itself (shares, boxes) is computed here from noble's parts, so that
// two implementations agree on the whole file.
import { gcmsiv } from '@noble/ciphers/aes.js'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { bytesToHex, type Hex, hexToBytes, keccak256, stringToHex } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/crypto.json' with { type: 'json' }
import { bytesToInteger, concatBytes, integerToBytes } from './bytes.js'
import { G1, G2, type PointG1, type PointG2, pairing } from './curve.js'
import { MalformedBytesError } from './errors.js'
import { hashToG1 } from './hashToCurve.js'
import { encapsulate, gtBytes, parsePublicKey, sharedKey } from './ibe.js'
import { derive } from './kdf.js'
import { Secret } from './secret.js'
import { createSessionKey, recoverSigner, signDigest } from './sign.js'
import { gasClass, pad, sizeClass } from './size.js'
import { CURVE_TAGS, type CurveTag, HASH_TAGS, KDF_LABELS, type KdfLabel } from './tags.js'

const { fields } = bls12_381
const { Point: NobleG1 } = bls12_381.G1
const bytes = (hex: string) => hexToBytes(hex as Hex)
const secret = (hex: string) => new Secret(bytes(hex))
const reveal = (value: Secret) => value.expose((b) => bytesToHex(b))
const scalar = (hex: string) => fields.Fr.create(BigInt(hex))
const element = (value: bigint) => integerToBytes(value, 64)

const compressedG1 = (point: PointG1) => bytesToHex(NobleG1.fromAffine(point.toAffine()).toBytes(true))

function formsOfG1(point: PointG1) {
  const { x, y } = point.toAffine()
  return { compressed: compressedG1(point), eip2537: bytesToHex(concatBytes(element(x), element(y))) }
}

function formsOfG2(point: PointG2) {
  const { x, y } = point.toAffine()
  const parts = [x.c0, x.c1, y.c0, y.c1].map(element)
  return { compressed: bytesToHex(point.toBytes(true)), eip2537: bytesToHex(concatBytes(...parts)) }
}

test('every section of the file is checked here', () => {
  const sections =
    'aead hash_to_g1 ibe_kem kdf note scalar_from_uniform sealed_box secp256k1 sizes tags threshold'
  expect(Object.keys(vectors).sort().join(' ')).toBe(sections)
})

test('tags', () => {
  expect(HASH_TAGS.map((name) => ({ name, word: keccak256(stringToHex(name)) }))).toEqual(vectors.tags.hash)
  expect(KDF_LABELS).toEqual(vectors.tags.kdf)
  expect(CURVE_TAGS).toEqual(vectors.tags.curve)
})

test('size and gas classes', () => {
  for (const { length, min, class: size } of vectors.sizes.size_class)
    expect(sizeClass(length, min)).toBe(size)
  for (const { gas, class: size } of vectors.sizes.gas_class) expect(gasClass(BigInt(gas))).toBe(BigInt(size))
  const { data, min, padded } = vectors.sizes.pad
  expect(bytesToHex(pad(bytes(data), min))).toBe(padded)
})

test('hash to G1', () => {
  for (const { tag, message, point } of vectors.hash_to_g1)
    expect(formsOfG1(hashToG1(tag as CurveTag, bytes(message)))).toEqual(point)
})

test('scalars from uniform bytes', () => {
  for (const { uniform, scalar: expected } of vectors.scalar_from_uniform)
    expect(bytesToHex(fields.Fr.toBytes(scalar(uniform)))).toBe(expected)
})

test('key encapsulation, from both sides', () => {
  const kem = vectors.ibe_kem
  const identity = bytes(kem.identity)
  const publicKey = parsePublicKey(kem.network_public_key.compressed as Hex)
  expect(formsOfG2(publicKey)).toEqual(kem.network_public_key)
  expect(formsOfG2(G2.BASE.multiply(scalar(kem.network_secret)))).toEqual(kem.network_public_key)

  const { u, key } = encapsulate(publicKey, identity, secret(kem.r))
  expect(bytesToHex(u)).toBe(kem.u.compressed)
  expect(reveal(key)).toBe(kem.key)

  const point = hashToG1(kem.tag as CurveTag, identity)
  const privateKey = point.multiply(scalar(kem.network_secret))
  expect(formsOfG1(privateKey)).toEqual(kem.identity_private_key)
  expect(formsOfG2(parsePublicKey(u))).toEqual(kem.u)
  expect(bytesToHex(gtBytes(pairing(privateKey, parsePublicKey(u))))).toBe(kem.gt)
  expect(reveal(sharedKey(privateKey, parsePublicKey(u), u, identity))).toBe(kem.key)
  for (const refused of Object.values(kem.refused_u))
    expect(() => parsePublicKey(refused as Hex)).toThrow(MalformedBytesError)
})

test('threshold evaluation', () => {
  const { members, threshold, coefficients, commitments, public_key, shares, evaluations } = vectors.threshold
  const { Fr } = fields
  expect(coefficients.map((c) => bytesToHex(G2.BASE.multiply(scalar(c)).toBytes(true)))).toEqual(commitments)
  expect(commitments.length).toBe(threshold)
  expect(formsOfG2(parsePublicKey(commitments[0] as Hex))).toEqual(public_key)
  expect(shares.length).toBe(members)
  for (const { member, share, public_key: key } of shares) {
    const value = coefficients.reduceRight((sum, c) => Fr.add(Fr.mul(sum, BigInt(member)), scalar(c)), 0n)
    expect(bytesToHex(Fr.toBytes(value))).toBe(share)
    expect(bytesToHex(G2.BASE.multiply(value).toBytes(true))).toBe(key)
  }
  for (const { tag, message, partials, combined } of evaluations) {
    const point = hashToG1(tag as CurveTag, bytes(message))
    for (const { member, partial } of partials) {
      const share = shares.find((s) => s.member === member)?.share as string
      expect(compressedG1(point.multiply(scalar(share)))).toBe(partial)
    }
    for (const chosen of [partials.slice(0, threshold), partials.slice(-threshold)]) {
      const at = chosen.map((p) => BigInt(p.member))
      const sum = chosen.reduce((total, { partial }, i) => {
        const own = at[i] as bigint
        const weight = at.reduce((w, x) => (x === own ? w : Fr.mul(w, Fr.div(x, Fr.sub(x, own)))), 1n)
        return total.add(G1.fromAffine(NobleG1.fromBytes(bytes(partial)).toAffine()).multiply(weight))
      }, G1.ZERO)
      expect(formsOfG1(sum)).toEqual(combined)
    }
  }
})

test('key derivation', () => {
  expect(vectors.kdf.map((c) => c.label)).toEqual(KDF_LABELS)
  for (const { label, input, context, output_32, output_80 } of vectors.kdf) {
    expect(reveal(derive(label as KdfLabel, secret(input), bytes(context)))).toBe(output_32)
    expect(reveal(derive(label as KdfLabel, secret(input), bytes(context), 80))).toBe(output_80)
  }
})

test('authenticated encryption', () => {
  const ciphers = [
    [xchacha20poly1305, vectors.aead.xchacha20_poly1305],
    [gcmsiv, vectors.aead.aes_256_gcm_siv],
  ] as const
  for (const [cipher, cases] of ciphers)
    for (const { key, nonce, aad, plaintext, ciphertext } of cases) {
      const made = () => cipher(bytes(key), bytes(nonce), bytes(aad))
      expect(bytesToHex(made().encrypt(bytes(plaintext)))).toBe(ciphertext)
      expect(bytesToHex(made().decrypt(bytes(ciphertext)))).toBe(plaintext)
    }
})

test('secp256k1 signatures', async () => {
  for (const { private_key, address, digest, signature } of vectors.secp256k1) {
    const key = createSessionKey(secret(private_key))
    expect(key.address.toLowerCase()).toBe(address)
    expect(await signDigest(key, digest as Hex)).toBe(signature)
    expect(await recoverSigner(digest as Hex, signature as Hex)).toBe(key.address)
  }
})

test('sealed boxes', () => {
  for (const sealed of vectors.sealed_box) {
    const [ephemeral, recipient] = [bytes(sealed.ephemeral_public), bytes(sealed.recipient_public)]
    expect(bytesToHex(x25519.getPublicKey(bytes(sealed.ephemeral_secret)))).toBe(sealed.ephemeral_public)
    expect(bytesToHex(x25519.getPublicKey(bytes(sealed.recipient_secret)))).toBe(sealed.recipient_public)
    const shared = x25519.getSharedSecret(bytes(sealed.recipient_secret), ephemeral)
    const key = derive(sealed.label as KdfLabel, new Secret(shared), concatBytes(ephemeral, recipient))
    const box = key.expose((k) => xchacha20poly1305(k, new Uint8Array(24), bytes(sealed.aad)))
    expect(bytesToHex(concatBytes(ephemeral, box.encrypt(bytes(sealed.plaintext))))).toBe(sealed.box)
  }
})

test('the vector of the facts page, under the generic tag', () => {
  const tag = 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_' as CurveTag
  const s = scalar('0x2a6f0b1c9d8e7f60514233241506f7e8d9cabbac9d8e7f605142332415060708')
  const r = scalar('0x123456789abcdef0fedcba98765432100f1e2d3c4b5a69788796a5b4c3d2e1f0')
  const id = concatBytes(
    new TextEncoder().encode('input'),
    integerToBytes(31_337, 32),
    new Uint8Array(20).fill(0x11),
    new Uint8Array(20).fill(0x22),
    integerToBytes(7, 8),
  )
  const u = G2.BASE.multiply(r).toBytes(true)
  const key = sharedKey(hashToG1(tag, id).multiply(r), G2.BASE.multiply(s), u, id)
  expect(reveal(key)).toBe('0xa43a878096fd31f0b1ad1e3cf125078148d9423c4c620e1a3c3bbf6469b71793')
  expect(bytesToInteger(integerToBytes(s, 32))).toBe(s)
})
