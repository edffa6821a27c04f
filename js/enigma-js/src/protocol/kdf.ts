// HKDF-SHA256 (RFC 5869) without salt, `info` = label ‖ context. The hash is viem's: an app has that already.
import { sha256 } from 'viem'
import { concatBytes } from './bytes.js'
import { Secret } from './secret.js'
import { type KdfLabel, tagBytes } from './tags.js'

/** Bytes of a digest, and of a block that SHA-256 takes. */
const DIGEST = 32
const BLOCK = 64

/** `length` bytes (32, unless told) for one purpose and context. */
export function derive(label: KdfLabel, input: Secret, context: Uint8Array, length = DIGEST): Secret {
  const info = concatBytes(tagBytes(label), context)
  const extracted = input.expose((bytes) => hmac(new Uint8Array(DIGEST), bytes))
  const output = new Uint8Array(DIGEST * Math.ceil(length / DIGEST))
  let block = new Uint8Array()
  for (let at = 0; at < length; at += DIGEST) {
    const message = concatBytes(block, info, Uint8Array.of(at / DIGEST + 1))
    block = hmac(extracted, message)
    message.fill(0)
    output.set(block, at)
  }
  const secret = new Secret(output.subarray(0, length))
  for (const bytes of [extracted, output, block]) bytes.fill(0)
  return secret
}

/** HMAC-SHA256 (RFC 2104). No key is longer than a block here. */
function hmac(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const inner = padded(0x36, key, message)
  const outer = padded(0x5c, key, inner)
  inner.fill(0)
  return outer
}

function padded(pad: number, key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const input = new Uint8Array(BLOCK + message.length).fill(pad, 0, BLOCK)
  key.forEach((byte, i) => {
    input[i] = pad ^ byte
  })
  input.set(message, BLOCK)
  const digest = Uint8Array.from(sha256(input, 'bytes'))
  input.fill(0)
  return digest
}
