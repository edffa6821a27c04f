// HKDF over viem's SHA-256 against noble's own.
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { expect, test } from 'vitest'
import { concatBytes } from './bytes.js'
import { derive } from './kdf.js'
import { Secret } from './secret.js'
import { tagBytes } from './tags.js'

const bytes = (length: number) => Uint8Array.from({ length }, (_, i) => 11 * i + length)

test.each([0, 1, 31, 32, 55, 56, 63, 64, 65, 128, 576])(
  'of %i bytes: one block, several, a part of one',
  (size) => {
    const info = concatBytes(tagBytes('enigma/v1/output'), bytes(40))
    for (const length of [1, 32, 33, 64, 80, 255])
      expect(
        derive('enigma/v1/output', new Secret(bytes(size)), bytes(40), length).expose((b) => b.slice()),
      ).toEqual(hkdf(sha256, bytes(size), undefined, info, length))
  },
)

test('contexts of every length', () => {
  for (let length = 0; length < 130; length += 1) {
    const info = concatBytes(tagBytes('enigma/v1/reply-key'), bytes(length))
    expect(
      derive('enigma/v1/reply-key', new Secret(bytes(32)), bytes(length)).expose((b) => b.slice()),
    ).toEqual(hkdf(sha256, bytes(32), undefined, info, 32))
  }
})
