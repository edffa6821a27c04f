// SHA-256 over viem's, and what is built on it, against noble's own.
import { hkdf } from '@noble/hashes/hkdf.js'
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 as noble } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { concatBytes } from './bytes.js'
import { derive } from './kdf.js'
import { Secret } from './secret.js'
import { sha256 } from './sha256.js'
import { tagBytes } from './tags.js'

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => 11 * i + length)
const lengths = [0, 1, 31, 32, 55, 56, 63, 64, 65, 128, 576]

test('digests, at once and in parts', () => {
  expect([sha256.blockLen, sha256.outputLen]).toEqual([noble.blockLen, noble.outputLen])
  for (const length of lengths) {
    const expected = noble(bytes(length))
    expect(sha256(bytes(length))).toEqual(expected)
    const parts = sha256.create().update(bytes(length).subarray(0, length >> 1))
    const copy = parts.clone()
    for (const one of [parts, copy])
      expect(one.update(bytes(length).subarray(length >> 1)).digest()).toEqual(expected)
  }
})

test('a clone replaces what was there, and the input is forgotten after a digest', () => {
  const used = sha256.create().update(bytes(9))
  expect(sha256.create().update(bytes(3))._cloneInto(used).digest()).toEqual(noble(bytes(3)))
  expect(used.digest()).toEqual(noble(bytes(0)))
})

test('HMAC with keys below and above the block', () => {
  for (const length of lengths)
    expect(hmac(sha256, bytes(length), bytes(77))).toEqual(hmac(noble, bytes(length), bytes(77)))
})

test('HKDF for one block, several and a part of one', () => {
  const info = concatBytes(tagBytes('enigma/v1/output'), bytes(40))
  for (const length of [1, 32, 33, 64, 80, 255])
    expect(
      derive('enigma/v1/output', new Secret(bytes(576)), bytes(40), length).expose((b) => b.slice()),
    ).toEqual(hkdf(noble, bytes(576), undefined, info, length))
})
