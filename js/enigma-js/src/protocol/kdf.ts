// HKDF-SHA256 (RFC 5869) without salt, `info` = label ‖ context.
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { concatBytes } from './bytes.js'
import { Secret } from './secret.js'
import { type KdfLabel, tagBytes } from './tags.js'

/** `length` bytes (32, unless told) for one purpose and context. */
export function derive(label: KdfLabel, input: Secret, context: Uint8Array, length = 32): Secret {
  const info = concatBytes(tagBytes(label), context)
  const output = input.expose((bytes) => hkdf(sha256, bytes, undefined, info, length))
  const secret = new Secret(output)
  output.fill(0)
  return secret
}
