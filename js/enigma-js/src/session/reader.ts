import type { Account, Address, Hex } from 'viem'
import { signTypedData } from 'viem/actions'
import type { Connection } from '../connection.js'
import { type ReaderProof, readAuthorisationTypedData, sessionDigest } from '../protocol/query.js'
import type { Secret } from '../protocol/secret.js'
import { createSessionKey, normaliseSignature, type SessionKey, signDigest } from '../protocol/sign.js'

/** Seconds that an authorisation lasts, and how long before its end it is renewed. */
const LIFETIME = 24n * 3_600n
const MARGIN = 600n

/** A key that reads on an account's behalf, and the account's word for it. In memory only. */
export type ReadSession = { account: Address; key: SessionKey; authorisation: Hex; expiry: bigint }

/**
 * The account's read session for a contract; its wallet is asked once a day. `now` is the newest block's time, because
 * that is the clock by which the enclave judges.
 */
export function readerOf(
  connection: Connection,
  contract: Address,
  account: Account,
  now: bigint,
): Promise<ReadSession> {
  const { readers } = connection.cache
  const key = `${contract}:${account.address}`.toLowerCase()
  const known = readers.get(key)
  if (known && known.expiry > now + MARGIN) return known.session
  const expiry = now + LIFETIME
  const session = open(connection, contract, account, expiry).catch((error: unknown) => {
    readers.delete(key)
    throw error
  })
  readers.set(key, { expiry, session })
  return session
}

async function open(
  { client, network, domain }: Connection,
  contract: Address,
  account: Account,
  expiry: bigint,
): Promise<ReadSession> {
  const key = createSessionKey()
  const typedData = readAuthorisationTypedData(domain, {
    network: network.network,
    secretContract: contract,
    account: account.address,
    sessionKey: key.address,
    expiry,
  })
  const signature = await signTypedData(client, { account, ...typedData })
  return { account: account.address, key, authorisation: normaliseSignature(signature), expiry }
}

/** The proof for one query. */
export async function readerProof(
  { network }: Connection,
  session: ReadSession,
  query: { contract: Address; epoch: number; expiry: bigint; replyKey: Secret; body: Hex },
): Promise<ReaderProof> {
  const digest = sessionDigest({ network: network.network, account: session.account, ...query })
  return {
    account: session.account,
    authorisationExpiry: session.expiry,
    sessionKey: session.key.address,
    authorisation: session.authorisation,
    sessionSignature: await signDigest(session.key, digest),
  }
}
