// What the pure half of enigma-js throws. None of these messages carries a secret.
import { BaseError } from 'viem'

/** Anything that the protocol modules refuse. */
export class ProtocolError extends BaseError {
  override name = 'ProtocolError'
}

/** An argument of the caller cannot be encoded. */
export class InvalidArgumentError extends ProtocolError {
  override name = 'InvalidArgumentError'
  constructor(what: string, expected: string) {
    super(`Invalid ${what}: expected ${expected}.`)
  }
}

/** Bytes that came from outside are not what they should be. */
export class MalformedBytesError extends ProtocolError {
  override name = 'MalformedBytesError'
  constructor(what: string, expected: string) {
    super(`Malformed ${what}: expected ${expected}.`)
  }
}

/** A ciphertext does not open: other bytes, another key, or bound to something else. */
export class NotOpenedError extends ProtocolError {
  override name = 'NotOpenedError'
  constructor(what: string) {
    super(`The ${what} does not open.`, {
      metaMessages: ['It was changed, belongs to something else, or was encrypted under another key.'],
    })
  }
}

/** A header or Merkle proof does not hold. */
export class InvalidProofError extends ProtocolError {
  override name = 'InvalidProofError'
  constructor(what: string, reason: string) {
    super(`The proof of ${what} does not hold: ${reason}.`, {
      metaMessages: ['Whoever answered does not follow the chain, or lies. Ask another RPC.'],
    })
  }
}

/** A signature has the wrong form, or is not by whom it should be. */
export class InvalidSignatureError extends ProtocolError {
  override name = 'InvalidSignatureError'
  constructor(reason: string) {
    super(`Invalid signature: ${reason}.`)
  }
}
