// Randomness of the platform: `crypto.getRandomValues`, in browsers and Node alike.
import { Secret } from './secret.js'

/** Fresh random bytes, for what is public: nonces, salts. */
export function randomBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size))
}

/** A fresh secret, by default of the 32 bytes of a reply key. */
export function randomSecret(size = 32): Secret {
  const bytes = randomBytes(size)
  const secret = new Secret(bytes)
  bytes.fill(0)
  return secret
}
