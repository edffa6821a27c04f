import { bytesToHex, type Hex, hexToBytes, keccak256, recoverAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { integerToBytes } from './bytes.js'
import { InvalidSignatureError } from './errors.js'
import { Secret } from './secret.js'
import { createSessionKey, normaliseSignature, recoverSigner, signDigest } from './sign.js'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const KEY: Hex = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
const key = createSessionKey(new Secret(hexToBytes(KEY)))
const digest = keccak256('0x64')

/** The signature with −s, which `ecrecover` takes as well. */
function twin(signature: Hex): Hex {
  const bytes = hexToBytes(signature)
  const s = BigInt(bytesToHex(bytes.subarray(32, 64)))
  bytes.set(integerToBytes(ORDER - s, 32), 32)
  bytes[64] = 55 - (bytes[64] as number)
  return bytesToHex(bytes)
}

const withV = (signature: Hex, v: number): Hex =>
  `0x${signature.slice(2, 130)}${v.toString(16).padStart(2, '0')}`

test('signatures are those of viem, and of a known key', async () => {
  expect(key.address).toBe('0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266')
  const account = privateKeyToAccount(KEY)
  for (const hash of [digest, keccak256('0x'), keccak256('0x02'), keccak256('0x03')]) {
    const signature = await signDigest(key, hash)
    expect(signature).toBe(await account.sign({ hash }))
    expect(await recoverSigner(hash, signature)).toBe(await recoverAddress({ hash, signature }))
  }
})

test('a fresh key signs, and no two are alike', async () => {
  const [a, b] = [createSessionKey(), createSessionKey()]
  expect(a.address).not.toBe(b.address)
  expect(await recoverSigner(digest, await signDigest(a, digest))).toBe(a.address)
  expect(await recoverSigner(keccak256('0x65'), await signDigest(a, digest))).not.toBe(a.address)
})

test('other forms of a signature are refused', async () => {
  const signature = await signDigest(key, digest)
  const forms = [
    twin(signature),
    ...[0, 1, 26, 29, 255].map((v) => withV(signature, v)),
    `${signature}00` as Hex,
    signature.slice(0, -2) as Hex,
    `0x${'00'.repeat(64)}1b` as Hex,
    `0x${'ff'.repeat(64)}1b` as Hex,
    '0x' as Hex,
  ]
  for (const form of forms)
    await expect(recoverSigner(digest, form), form).rejects.toThrow(InvalidSignatureError)
})

test("a wallet's forms become the one form", async () => {
  const signature = await signDigest(key, digest)
  const v = Number.parseInt(signature.slice(-2), 16)
  expect(normaliseSignature(signature)).toBe(signature)
  expect(normaliseSignature(withV(signature, v - 27))).toBe(signature)
  expect(normaliseSignature(twin(signature))).toBe(signature)
  for (const bad of [
    '0x',
    `${signature}00`,
    withV(signature, 2),
    withV(signature, 35),
    `0x${'00'.repeat(65)}`,
  ] as Hex[])
    expect(() => normaliseSignature(bad), bad).toThrow(InvalidSignatureError)
})

test('whatever the bytes, there is an answer or a refusal', async () => {
  for (let n = 0; n < 300; n += 1) {
    const bytes = new Uint8Array(65)
    for (const at of [0, 32]) bytes.set(hexToBytes(keccak256(Uint8Array.of(n & 255, n >> 8, at))), at)
    bytes[64] = 27 + (n & 1)
    try {
      expect(await recoverSigner(digest, bytes)).toMatch(/^0x[0-9a-fA-F]{40}$/)
    } catch (error) {
      expect(error).toBeInstanceOf(InvalidSignatureError)
    }
  }
})
