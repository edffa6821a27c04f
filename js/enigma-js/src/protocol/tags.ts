// Every domain tag of the project, with the strings of `crates/shared/primitives/src/tags.rs`. Hashing, deriving and
// encrypting take one of these types, so that doing it without a tag does not compile.

/** First word of what is hashed with Keccak-256: its own hash stands for the string. */
export const HASH_TAGS = [
  'enigma/v1/network',
  'enigma/v1/input',
  'enigma/v1/input-head-genesis',
  'enigma/v1/input-head',
  'enigma/v1/state-head-genesis',
  'enigma/v1/state-head',
  'enigma/v1/state-head-snapshot',
  'enigma/v1/snapshot',
  'enigma/v1/outbound-call',
  'enigma/v1/context',
  'enigma/v1/seed',
  'enigma/v1/draw',
  'enigma/v1/key-request',
  'enigma/v1/key-reply',
  'enigma/v1/descriptor-params',
  'enigma/v1/portal',
  'enigma/v1/admission-request',
  'enigma/v1/evidence',
  'enigma/v1/committee',
  'enigma/v1/query',
  'enigma/v1/query-context',
  'enigma/v1/query-reply',
  'enigma/v1/peer-worker',
  'enigma/v1/peer-key-node',
] as const
export type HashTag = (typeof HASH_TAGS)[number]

/** Start of the `info` of an HKDF-SHA256 derivation. */
export const KDF_LABELS = [
  'enigma/v1/ibe-kem',
  'enigma/v1/state-key',
  'enigma/v1/delta',
  'enigma/v1/snapshot',
  'enigma/v1/output',
  'enigma/v1/query-output',
  'enigma/v1/view-key',
  'enigma/v1/reply-key',
  'enigma/v1/random',
  'enigma/v1/key-reply',
  'enigma/v1/deal',
  'enigma/v1/sealing',
  'enigma/v1/simulated-evidence',
  'enigma/v1/simulated-platform',
] as const
export type KdfLabel = (typeof KDF_LABELS)[number]

/** First bytes of an associated data. */
export const AAD_TAGS = ['enigma/v1/envelope'] as const
export type AadTag = (typeof AAD_TAGS)[number]

/** Domain separation tag of a hash to G1 (RFC 9380). */
export const CURVE_TAGS = [
  'ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_',
  'ENIGMA_V1_INPUT_BLS12381G1_XMD:SHA-256_SSWU_RO_',
  'ENIGMA_V1_STATE_BLS12381G1_XMD:SHA-256_SSWU_RO_',
  'ENIGMA_V1_HEAD_BLS12381G1_XMD:SHA-256_SSWU_RO_',
] as const
export type CurveTag = (typeof CURVE_TAGS)[number]

const encoder = new TextEncoder()

/** The ASCII bytes of a tag. */
export function tagBytes(tag: HashTag | KdfLabel | AadTag | CurveTag): Uint8Array {
  return encoder.encode(tag)
}
