import type { Account, Address, Hex } from 'viem'
import { keccak256 } from 'viem'
import { signTypedData } from 'viem/actions'
import type { Connection } from '../connection.js'
import { parseEnvelope, randomNonce } from '../protocol/envelope.js'
import { randomSecret } from '../protocol/random.js'
import type { Secret } from '../protocol/secret.js'
import { replyKeyFor, viewKeyTypedData, viewSecret } from '../protocol/viewKey.js'

/** Reply keys of `ephemeral` tasks that are kept. */
const KEPT = 4_096

/** The account's view key for a contract: asked of its wallet once, then kept in memory. */
export function viewKeyOf(connection: Connection, contract: Address, account: Account): Promise<Secret> {
  const { client, domain, network, cache } = connection
  const key = `${contract}:${account.address}`.toLowerCase()
  const known = cache.viewKeys.get(key)
  if (known) return known
  const place = { network: network.network, contract, account: account.address }
  const made = signTypedData(client, { account, ...viewKeyTypedData(domain, place) })
    .then((signature) => viewSecret(signature, place))
    .catch((error: unknown) => {
      cache.viewKeys.delete(key)
      throw error
    })
  cache.viewKeys.set(key, made)
  return made
}

/** Whether the wallet has signed the view key of a contract already, so that reading asks it nothing. */
export function isUnlocked({ cache }: Connection, contract: Address, account: Address): boolean {
  return cache.viewKeys.has(`${contract}:${account}`.toLowerCase())
}

/** A nonce and the reply key that goes with it, for a new envelope. */
export async function newReplyKey(
  connection: Connection,
  contract: Address,
  account: Account,
): Promise<{ nonce: Uint8Array; replyKey: Secret }> {
  const nonce = randomNonce()
  if (connection.options.replyKeys === 'ephemeral') return { nonce, replyKey: randomSecret() }
  return { nonce, replyKey: replyKeyFor(await viewKeyOf(connection, contract, account), nonce) }
}

/** Remembers the reply key of an envelope that nothing else leads back to. */
export function keepReplyKey({ cache, options }: Connection, envelope: Hex, replyKey: Secret): void {
  if (options.replyKeys !== 'ephemeral') return
  for (const oldest of cache.replyKeys.keys()) {
    if (cache.replyKeys.size < KEPT) break
    cache.replyKeys.delete(oldest)
  }
  cache.replyKeys.set(keccak256(envelope), replyKey)
}

/** The reply key of an envelope of the account; undefined if it was not made here and cannot be derived. */
export async function replyKeyOf(
  connection: Connection,
  contract: Address,
  account: Account | undefined,
  envelope: Hex,
): Promise<Secret | undefined> {
  const kept = connection.cache.replyKeys.get(keccak256(envelope))
  if (kept || !account || connection.options.replyKeys === 'ephemeral') return kept
  return replyKeyFor(await viewKeyOf(connection, contract, account), parseEnvelope(envelope).nonce)
}
