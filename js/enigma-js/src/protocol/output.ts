// What the sender gets back, encrypted under the reply key of its envelope.
import { gcmsiv } from '@noble/ciphers/aes.js'
import { type Address, bytesToHex, type Hex } from 'viem'
import { type Bytes, Reader, toBytes } from './bytes.js'
import { NotOpenedError } from './errors.js'
import { derive } from './kdf.js'
import type { Secret } from './secret.js'
import type { KdfLabel } from './tags.js'

/** Largest data of an output or log, bytes. */
export const MAX_OUTPUT = 1 << 20
/** Most logs of an output. */
export const MAX_LOGS = 4_096
/** Largest encrypted output, bytes. */
export const MAX_ENCRYPTED_OUTPUT = 2 << 20

/** How a task ended inside the sealed world, by its number. Only its sender learns it. */
export const INNER_STATUS = [
  'success',
  'reverted',
  'halted',
  'expired',
  'tooLarge',
  'notDeployed',
  'notAuthorised',
] as const
export type InnerStatus = (typeof INNER_STATUS)[number]

/** A log of the sealed world. */
export type SecretLog = { address: Address; topics: Hex[]; data: Hex }

/** The outcome as its sender sees it. */
export type Output = {
  status: InnerStatus
  /** Gas used inside, exact. */
  gasUsed: bigint
  /** Return or revert data; one byte for `halted` (see `haltReason`), the reason for `notAuthorised`. */
  data: Hex
  logs: SecretLog[]
}

/** Decrypts the output of the task with context `ctx` (see `taskContext`). Throws {@link NotOpenedError}. */
export function decryptOutput(replyKey: Secret, ctx: Hex, encrypted: Bytes): Output {
  return openOutput('enigma/v1/output', replyKey, ctx, encrypted)
}

/** Decrypts what was encrypted under the key that `label` makes of the reply key and `ctx`. */
export function openOutput(label: KdfLabel, replyKey: Secret, ctx: Hex, encrypted: Bytes): Output {
  const ciphertext = toBytes(encrypted, 'output')
  if (ciphertext.length > MAX_ENCRYPTED_OUTPUT) throw new NotOpenedError('output')
  const context = toBytes(ctx, 'context', 32)
  const key = derive(label, replyKey, context)
  let plaintext: Uint8Array
  try {
    plaintext = key.expose((bytes) => gcmsiv(bytes, new Uint8Array(12), context).decrypt(ciphertext))
  } catch {
    throw new NotOpenedError('output')
  } finally {
    key.wipe()
  }
  return decodeOutput(plaintext)
}

/** Takes the plaintext apart. */
export function decodeOutput(plaintext: Uint8Array): Output {
  const reader = new Reader(plaintext, 'output')
  const status = INNER_STATUS[reader.int(1)] ?? reader.fail('a known status')
  const gasUsed = reader.u64()
  const data = bytesToHex(reader.bytes(MAX_OUTPUT))
  const count = reader.int(2)
  if (count > MAX_LOGS) reader.fail(`at most ${MAX_LOGS} logs`)
  const logs = Array.from({ length: count }, () => decodeLog(reader))
  reader.zeros()
  return { status, gasUsed, data, logs }
}

function decodeLog(reader: Reader): SecretLog {
  const address = reader.address()
  const topics = reader.int(1)
  if (topics > 4) reader.fail('at most 4 topics')
  return {
    address,
    topics: Array.from({ length: topics }, () => reader.hex(32)),
    data: bytesToHex(reader.bytes(MAX_OUTPUT)),
  }
}
