// `vectors/view-keys.json`: from an account's signature to the reply key of each of its envelopes.
import { type Address, type Hex, hashTypedData, hexToBytes } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import receipts from '../../../../vectors/receipts.json' with { type: 'json' }
import vectors from '../../../../vectors/view-keys.json' with { type: 'json' }
import { InvalidSignatureError } from './errors.js'
import { domainOf } from './receipt.js'
import { Secret } from './secret.js'
import { replyKeyFor, VIEW_KEY_NOTICE, viewKeyTypedData, viewSecret } from './viewKey.js'

const network = vectors.network as Hex
const domain = domainOf(receipts.chain_id, receipts.enigma as Address)
const secret = (hex: string) => new Secret(hexToBytes(hex as Hex))

test('every section of the file is checked here', () => {
  expect(Object.keys(vectors).sort().join(' ')).toBe('domain network note notice view_keys')
  expect(vectors.domain).toBe(receipts.domain_separator)
  expect(vectors.notice).toBe(VIEW_KEY_NOTICE)
})

test.each(vectors.view_keys)('view key $#', async (v) => {
  const account = privateKeyToAccount(v.account_private_key as Hex)
  const which = { network, contract: v.contract as Address, account: v.account as Address }
  const typed = viewKeyTypedData(domain, which)
  expect(account.address.toLowerCase()).toBe(v.account)
  expect(hashTypedData(typed)).toBe(v.digest)
  const signature = await account.signTypedData(typed)
  expect(signature).toBe(v.signature)
  const key = viewSecret(signature, which)
  expect(key.equals(secret(v.view_secret))).toBe(true)
  for (const { nonce, reply_key } of v.reply_keys)
    expect(replyKeyFor(key, hexToBytes(nonce as Hex)).equals(secret(reply_key))).toBe(true)
})

test('v does not count, everything else does', () => {
  const [v] = vectors.view_keys
  if (!v) throw new Error('no vectors')
  const which = { network, contract: v.contract as Address, account: v.account as Address }
  const signature = hexToBytes(v.signature as Hex)
  const key = viewSecret(signature, which)
  const other = (at: number) => Uint8Array.from(signature, (byte, i) => (i === at ? byte ^ 1 : byte))
  expect(viewSecret(other(64), which).equals(key)).toBe(true)
  for (const at of [0, 31, 32, 63]) expect(viewSecret(other(at), which).equals(key)).toBe(false)
  const elsewhere = [{ network: v.digest as Hex }, { contract: which.account }, { account: which.contract }]
  for (const change of elsewhere)
    expect(viewSecret(signature, { ...which, ...change }).equals(key)).toBe(false)
  expect(() => viewSecret(signature.subarray(1), which)).toThrow(InvalidSignatureError)
})
