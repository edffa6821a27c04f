// Private reads: who may read, what is asked, what comes back. Queries never touch the chain.
import type { Address, Hex } from 'viem'
import { type Bytes, type Integer, toBytes, Writer } from './bytes.js'
import { H, hashBytes } from './hash.js'
import { type Output, openOutput } from './output.js'
import type { Domain } from './receipt.js'
import type { Secret } from './secret.js'
import { recoverSigner } from './sign.js'

/** Longest time from the enclave's newest block to a query's expiry, seconds. */
export const QUERY_LIFETIME = 600
/** Longest time from the enclave's newest block to an authorisation's expiry, seconds. */
export const AUTHORISATION_LIFETIME = 30 * 86_400
/** Gas of every query. */
export const QUERY_GAS = 16_777_216n

/** Lets a session key read on an account's behalf in one contract. */
export type ReadAuthorisation = {
  network: Hex
  secretContract: Address
  account: Address
  /** Address of the session key. */
  sessionKey: Address
  /** Unix seconds. */
  expiry: Integer
}

/** Proves on whose behalf a query reads. Only the enclave that opens the envelope sees it. */
export type ReaderProof = {
  account: Address
  /** Of the authorisation, unix seconds. */
  authorisationExpiry: Integer
  sessionKey: Address
  /** By the account, 65 bytes. */
  authorisation: Hex
  /** By the session key over `sessionDigest`, 65 bytes. */
  sessionSignature: Hex
}

/** What a worker answers. */
export type QueryReply = {
  /** The epoch current in the block after `blockNumber`. */
  epoch: Integer
  /** State head that was read. */
  stateHead: Hex
  /** The enclave's newest block. */
  blockNumber: Integer
  blockHash: Hex
  salt: Hex
  output: Hex
  /** By the enclave's signing key. */
  signature: Hex
}

const types = {
  ReadAuthorisation: [
    { type: 'bytes32', name: 'network' },
    { type: 'address', name: 'secretContract' },
    { type: 'address', name: 'account' },
    { type: 'address', name: 'sessionKey' },
    { type: 'uint64', name: 'expiry' },
  ],
} as const

/** What an account signs once a session, for viem's `signTypedData`. */
export function readAuthorisationTypedData(domain: Domain, authorisation: ReadAuthorisation) {
  return {
    domain,
    types,
    primaryType: 'ReadAuthorisation',
    message: { ...authorisation, expiry: BigInt(authorisation.expiry) },
  } as const
}

export type SessionDigestParameters = {
  network: Hex
  contract: Address
  account: Address
  /** Of the envelope. */
  epoch: Integer
  /** Of the query, unix seconds. */
  expiry: Integer
  replyKey: Secret
  body: Bytes
}

/** What the session key signs of one query: nobody else can put the authorisation into a query of their own. */
export function sessionDigest(parameters: SessionDigestParameters): Hex {
  const { network, contract, account, epoch, expiry, replyKey, body } = parameters
  const keyHash = replyKey.expose((key) => hashBytes(key))
  return H('enigma/v1/query', network, contract, account, epoch, expiry, keyHash, hashBytes(body))
}

/** The 178 bytes that follow the flag in a query's plaintext. */
export function encodeReaderProof(proof: ReaderProof): Uint8Array {
  return new Writer()
    .raw(proof.account, 20, 'account')
    .int(proof.authorisationExpiry, 8, 'authorisation expiry')
    .raw(proof.sessionKey, 20, 'session key')
    .raw(proof.authorisation, 65, 'authorisation')
    .raw(proof.sessionSignature, 65, 'session signature')
    .finish()
}

/** What the answer to `envelope` is bound to. */
export function queryContext(network: Hex, contract: Address, envelope: Bytes, reply: QueryReply): Hex {
  const { stateHead, blockNumber, blockHash, salt } = reply
  return H(
    'enigma/v1/query-context',
    network,
    contract,
    hashBytes(envelope),
    toBytes(stateHead, 'state head', 32),
    blockNumber,
    toBytes(blockHash, 'block hash', 32),
    toBytes(salt, 'salt', 32),
  )
}

/** What the enclave signs. */
export function queryReplyDigest(ctx: Hex, reply: QueryReply): Hex {
  return H('enigma/v1/query-reply', ctx, reply.epoch, hashBytes(reply.output))
}

/** The enclave that signed the reply. It must be admitted and in the group of (contract, `reply.epoch`). */
export function queryReplySigner(ctx: Hex, reply: QueryReply): Promise<Address> {
  return recoverSigner(queryReplyDigest(ctx, reply), reply.signature)
}

/** Decrypts the answer with the query's reply key. Throws `NotOpenedError`. */
export function decryptQueryOutput(replyKey: Secret, ctx: Hex, reply: QueryReply): Output {
  return openOutput('enigma/v1/query-output', replyKey, ctx, reply.output)
}
