// Envelopes: what a client encrypts to a contract and an epoch.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type Address, type Hex, zeroAddress, zeroHash } from 'viem'
import { type Bytes, type Integer, Reader, toBytes, toInteger, Writer } from './bytes.js'
import { InvalidArgumentError } from './errors.js'
import { ERA } from './network.js'
import { encodeReaderProof, type ReaderProof } from './query.js'
import { randomBytes } from './random.js'
import type { Secret } from './secret.js'
import type { Session } from './session.js'
import { TAG_SIZE, zeroFill } from './size.js'
import { tagBytes } from './tags.js'

/** The only version of envelopes. */
export const ENVELOPE_VERSION = 1
/** Bytes in front of the ciphertext. */
export const ENVELOPE_HEADER = 1 + 4 + 8 + 96 + 24
/** Largest envelope, bytes. */
export const MAX_ENVELOPE = 65_536
/** Longest body of a task or deploy, bytes: with the 45 bytes around it, the largest class that fits an envelope. */
export const MAX_BODY = 32_768 - 45
/** Length of a nonce, bytes. */
export const NONCE_SIZE = 24

/** What an envelope asks for: call the contract, create it, or read it (never on chain). */
export type Kind = 'task' | 'deploy' | 'query'
/** The number of each {@link Kind}. */
export const KINDS: Readonly<Record<Kind, number>> = { task: 1, deploy: 2, query: 3 }

/** What an envelope is bound to: changing one of these makes it not open. */
export type Binding = {
  kind: Kind
  network: Hex
  contract: Address
  /** Epoch of the input key. */
  epoch: Integer
  /** Who calls the Enigma contract; zero in a query. */
  sender: Address
  /** A forwarding contract's word; zero without one and in a query. */
  onBehalfOf: Hex
}

/** An envelope taken apart, nothing of it believed yet. */
export type Envelope = { epoch: bigint; u: Uint8Array; nonce: Uint8Array; ciphertext: Uint8Array }

export type SealParameters = {
  /** 32 bytes that encrypt the output: fresh, or derived from the nonce by a view key. */
  replyKey: Secret
  /** Calldata, or what follows a deploy's clear code. */
  body: Bytes
  /** 24 bytes that no other envelope of the session has. Default: random. */
  nonce?: Uint8Array | undefined
} & (
  | {
      kind: 'task' | 'deploy'
      sender: Address
      onBehalfOf?: Hex | undefined
      /** Unix seconds after which it must not run; 0 or absent: never. */
      expiry?: Integer | undefined
    }
  | {
      kind: 'query'
      /** Unix seconds after which it is not answered; obligatory. */
      expiry: Integer
      /** On whose behalf it reads; absent: nobody's. */
      reader?: ReaderProof | undefined
      /** 2: the reader asks for the nonce of its next relayed task, with an empty body. Default: 1. */
      flag?: 1 | 2 | undefined
    }
)

/** A fresh nonce. */
export function randomNonce(): Uint8Array {
  return randomBytes(NONCE_SIZE)
}

/** Encrypts. Throws {@link InvalidArgumentError} if the body is too large for an envelope. */
export function sealEnvelope(session: Session, parameters: SealParameters): Uint8Array {
  const { kind, nonce = randomNonce() } = parameters
  const { sender, onBehalfOf = zeroHash } = parameters.kind === 'query' ? { sender: zeroAddress } : parameters
  const plaintext = encodePlaintext(parameters)
  const envelope = sealPlaintext(session, { kind, sender, onBehalfOf }, nonce, plaintext)
  plaintext.fill(0)
  return envelope
}

/** Pads and encrypts a plaintext that is encoded already. */
export function sealPlaintext(
  session: Session,
  binding: Pick<Binding, 'kind' | 'sender' | 'onBehalfOf'>,
  nonce: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array {
  const { network, contract, epoch } = session
  const data = associatedData({ ...binding, network, contract, epoch })
  const padded = zeroFill(plaintext)
  if (ENVELOPE_HEADER + padded.length + TAG_SIZE > MAX_ENVELOPE)
    throw new InvalidArgumentError('body', `at most ${MAX_BODY} bytes in an envelope`)
  const ciphertext = session.key.expose((key) => xchacha20poly1305(key, nonce, data).encrypt(padded))
  padded.fill(0)
  return new Writer()
    .int(ENVELOPE_VERSION, 1)
    .int(ERA, 4)
    .int(epoch, 8)
    .raw(session.u, 96)
    .raw(nonce, NONCE_SIZE, 'nonce')
    .raw(ciphertext)
    .finish()
}

/** Takes an envelope apart, as the chain or another machine gave it. */
export function parseEnvelope(envelope: Bytes): Envelope {
  const bytes = toBytes(envelope, 'envelope')
  const reader = new Reader(bytes, 'envelope')
  if (bytes.length > MAX_ENVELOPE) reader.fail(`at most ${MAX_ENVELOPE} bytes`)
  if (reader.int(1) !== ENVELOPE_VERSION || reader.int(4) !== ERA) reader.fail('version 1 and era 1')
  return { epoch: reader.u64(), u: reader.raw(96), nonce: reader.raw(NONCE_SIZE), ciphertext: reader.rest() }
}

/** What the ciphertext is bound to. */
export function associatedData(binding: Binding): Uint8Array {
  return new Writer()
    .raw(tagBytes('enigma/v1/envelope'))
    .int(KINDS[binding.kind], 1)
    .raw(binding.network, 32, 'network')
    .raw(binding.contract, 20, 'contract')
    .int(binding.epoch, 8, 'epoch')
    .raw(binding.sender, 20, 'sender')
    .raw(binding.onBehalfOf, 32, 'onBehalfOf')
    .finish()
}

/** The plaintext before padding. */
export function encodePlaintext(parameters: SealParameters): Uint8Array {
  const { kind, expiry = 0 } = parameters
  const { reader, flag = 1 } = parameters.kind === 'query' ? parameters : {}
  if (kind === 'query' && toInteger(expiry, 64, 'expiry') === 0n)
    throw new InvalidArgumentError('expiry of a query', 'unix seconds')
  return parameters.replyKey.expose((replyKey) =>
    new Writer()
      .raw(replyKey, 32, 'reply key')
      .int(expiry, 8, 'expiry')
      .int(reader ? flag : 0, 1)
      .raw(reader ? encodeReaderProof(reader) : new Uint8Array())
      .bytes(toBytes(parameters.body, 'body'))
      .finish(),
  )
}
