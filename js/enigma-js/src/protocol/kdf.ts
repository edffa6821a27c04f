// HKDF-SHA256 (RFC 5869) without salt, `info` = label ‖ context.
import { hmac } from '@noble/hashes/hmac.js'
import { concatBytes } from './bytes.js'
import { Secret } from './secret.js'
import { sha256 } from './sha256.js'
import { type KdfLabel, tagBytes } from './tags.js'

const NO_SALT = new Uint8Array(sha256.outputLen)

/** `length` bytes (32, unless told) for one purpose and context. */
export function derive(label: KdfLabel, input: Secret, context: Uint8Array, length = 32): Secret {
  const info = concatBytes(tagBytes(label), context)
  const extracted = input.expose((bytes) => hmac(sha256, NO_SALT, bytes))
  const output = new Uint8Array(sha256.outputLen * Math.ceil(length / sha256.outputLen))
  let block: Uint8Array = new Uint8Array()
  for (let at = 0; at < length; at += block.length) {
    const message = concatBytes(block, info, Uint8Array.of(at / sha256.outputLen + 1))
    block = hmac(sha256, extracted, message)
    message.fill(0)
    output.set(block, at)
  }
  const secret = new Secret(output.subarray(0, length))
  for (const bytes of [extracted, output, block]) bytes.fill(0)
  return secret
}
