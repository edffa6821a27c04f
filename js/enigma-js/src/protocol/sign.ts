// secp256k1 signatures as Ethereum checks them: 65 bytes r ‖ s ‖ v, v 27 or 28, low s, deterministic. The arithmetic is
// viem's own, which an app has already.
import { type Address, bytesToHex, type Hex, recoverAddress } from 'viem'
import { privateKeyToAddress, sign } from 'viem/accounts'
import { type Bytes, bytesToInteger, integerToBytes, toBytes } from './bytes.js'
import { InvalidSignatureError } from './errors.js'
import { randomSecret } from './random.js'
import type { Secret } from './secret.js'

/** The order of the group. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/** A key that signs the queries of one session. */
export type SessionKey = { readonly address: Address; readonly secret: Secret }

/** Makes a session key; `secret` (32 bytes) is given by who restores one. */
export function createSessionKey(secret: Secret = randomSecret()): SessionKey {
  return { address: secret.expose((bytes) => privateKeyToAddress(bytesToHex(bytes))), secret }
}

/** Signs a digest (of a tagged or EIP-712 message, never of raw input). */
export function signDigest(key: SessionKey, digest: Hex): Promise<Hex> {
  const hash = bytesToHex(toBytes(digest, 'digest', 32))
  return key.secret.expose((bytes) => sign({ hash, privateKey: bytesToHex(bytes), to: 'hex' }))
}

/** Who signed `digest`. One form only is taken: v is 27 or 28, s is in the lower half. Throws {@link InvalidSignatureError}. */
export async function recoverSigner(digest: Hex, signature: Bytes): Promise<Address> {
  const hash = bytesToHex(toBytes(digest, 'digest', 32))
  const { bytes, s, v } = parse(signature)
  if (v !== 27 && v !== 28) throw new InvalidSignatureError('expected v to be 27 or 28')
  if (s > ORDER / 2n) throw new InvalidSignatureError('expected s in the lower half of the order')
  try {
    return await recoverAddress({ hash, signature: bytes })
  } catch {
    throw new InvalidSignatureError('it belongs to no key')
  }
}

/** A wallet's signature in the one form of the protocol: v as 0 or 1 becomes 27 or 28, and s the lower twin. */
export function normaliseSignature(signature: Bytes): Hex {
  const { bytes, s, v } = parse(signature)
  const parity = v < 27 ? v : v - 27
  if (parity > 1) throw new InvalidSignatureError('expected v to be 0, 1, 27 or 28')
  const high = s > ORDER / 2n
  if (high) bytes.set(integerToBytes(ORDER - s, 32), 32)
  bytes[64] = 27 + (high ? 1 - parity : parity)
  return bytesToHex(bytes)
}

/** A copy of the bytes, and their parts; r and s are in range. */
function parse(signature: Bytes): { bytes: Uint8Array; s: bigint; v: number } {
  const bytes = Uint8Array.from(toBytes(signature, 'signature'))
  if (bytes.length !== 65)
    throw new InvalidSignatureError(
      'expected 65 bytes (r, s, v); accounts that are contracts cannot sign for Enigma',
    )
  const [r, s] = [bytesToInteger(bytes.subarray(0, 32)), bytesToInteger(bytes.subarray(32, 64))]
  if (r === 0n || r >= ORDER || s === 0n || s >= ORDER)
    throw new InvalidSignatureError('r or s is out of range')
  return { bytes, s, v: bytes[64] as number }
}
