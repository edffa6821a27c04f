// Relayed tasks: an account signs what shall be done, somebody else sends it and pays. The authorisation travels inside
// the envelope: nobody but the enclave sees whose task it is.
import { type Address, type Hex, keccak256, zeroHash } from 'viem'
import { type Bytes, type Integer, toBytes, Writer } from './bytes.js'
import { KINDS, sealPlaintext } from './envelope.js'
import { hashBytes } from './hash.js'
import type { Domain } from './receipt.js'
import type { Secret } from './secret.js'
import type { Session } from './session.js'

/** Seconds from now to a relayed task's expiry that clients set unless told otherwise. */
export const RELAYED_LIFETIME = 3_600n
/** Flag in front of an authorisation in the plaintext. */
const FLAG = 3

/** What an account agrees to. */
export type TaskAuthorisation = {
  account: Address
  /** How many relayed tasks of the account the contract has seen before. */
  nonce: Integer
  /** The least gas limit that the relayer must give. */
  minGas: Integer
  /** Wei that the relayer must send along, exactly. */
  value: bigint
}

/** The plaintext that it is for. */
export type RelayedPlaintext = {
  replyKey: Secret
  /** Unix seconds after which it must not run; 0: never. */
  expiry: Integer
  /** Calldata. */
  body: Bytes
}

const types = {
  TaskAuthorisation: [
    { type: 'bytes32', name: 'network' },
    { type: 'address', name: 'secretContract' },
    { type: 'uint8', name: 'kind' },
    { type: 'address', name: 'account' },
    { type: 'uint64', name: 'nonce' },
    { type: 'uint64', name: 'minGas' },
    { type: 'uint256', name: 'value' },
    { type: 'uint64', name: 'expiry' },
    { type: 'bytes32', name: 'calldataHash' },
    { type: 'bytes32', name: 'replyKeyHash' },
  ],
} as const

/** What the account signs, for viem's `signTypedData`. */
export function taskAuthorisationTypedData(
  domain: Domain,
  { network, contract }: { network: Hex; contract: Address },
  { account, nonce, minGas, value }: TaskAuthorisation,
  { replyKey, expiry, body }: RelayedPlaintext,
) {
  return {
    domain,
    types,
    primaryType: 'TaskAuthorisation',
    message: {
      network,
      secretContract: contract,
      kind: KINDS.task,
      account,
      nonce: BigInt(nonce),
      minGas: BigInt(minGas),
      value,
      expiry: BigInt(expiry),
      calldataHash: hashBytes(body),
      replyKeyHash: replyKey.expose((key) => keccak256(key)),
    },
  } as const
}

/** The plaintext of a relayed task before padding; `signature` is the account's, 65 bytes. */
export function encodeRelayedPlaintext(
  { account, nonce, minGas, value }: TaskAuthorisation,
  signature: Hex,
  { replyKey, expiry, body }: RelayedPlaintext,
): Uint8Array {
  return replyKey.expose((key) =>
    new Writer()
      .raw(key, 32, 'reply key')
      .int(expiry, 8, 'expiry')
      .int(FLAG, 1)
      .raw(account, 20, 'account')
      .int(nonce, 8, 'nonce')
      .int(minGas, 8, 'minGas')
      .int(value, 32, 'value')
      .raw(signature, 65, 'signature')
      .bytes(toBytes(body, 'body'))
      .finish(),
  )
}

export type SealRelayedParameters = {
  relayer: Address
  onBehalfOf?: Hex | undefined
  /** Of the envelope, 24 bytes. */
  envelopeNonce: Uint8Array
  authorisation: TaskAuthorisation
  signature: Hex
  plaintext: RelayedPlaintext
}

/** Encrypts a relayed task. Its session must be of this one envelope: a shared one would link the author's tasks. */
export function sealRelayed(session: Session, parameters: SealRelayedParameters): Uint8Array {
  const { relayer: sender, onBehalfOf = zeroHash, envelopeNonce } = parameters
  const plain = encodeRelayedPlaintext(parameters.authorisation, parameters.signature, parameters.plaintext)
  const envelope = sealPlaintext(session, { kind: 'task', sender, onBehalfOf }, envelopeNonce, plain)
  plain.fill(0)
  return envelope
}
