// `vectors/relayed.json`: what an author signs and seals, and why an enclave does not run it.
import { type Address, bytesToHex, type Hex, hashTypedData, hexToBytes, zeroAddress } from 'viem'
import { expect, test } from 'vitest'
import receipts from '../../../../vectors/receipts.json' with { type: 'json' }
import vectors from '../../../../vectors/relayed.json' with { type: 'json' }
import { TaskUnauthorisedError } from '../errors/task.js'
import { encodePlaintext, type SealParameters, sealEnvelope } from './envelope.js'
import { InvalidArgumentError } from './errors.js'
import { readAuthorisationTypedData, sessionDigest } from './query.js'
import { domainOf } from './receipt.js'
import { encodeRelayedPlaintext, sealRelayed, taskAuthorisationTypedData } from './relayed.js'
import { Secret } from './secret.js'
import { createSession } from './session.js'
import { createSessionKey, recoverSigner, signDigest } from './sign.js'
import { zeroFill } from './size.js'

const network = vectors.network as Hex
const domain = domainOf(receipts.chain_id, receipts.enigma as Address)
const secret = (hex: string) => new Secret(hexToBytes(hex as Hex))
const account = createSessionKey(secret(vectors.account_private_key))
const sessionKey = createSessionKey(secret(vectors.session_private_key))

type Sealed = (typeof vectors.tasks)[number]['sealed']
const kemSession = ({ contract, epoch, r }: Sealed) =>
  createSession({
    network,
    publicKey: vectors.network_public_key as Hex,
    contract: contract as Address,
    epoch,
    r: secret(r),
  })

test('every section of the file is checked here', () => {
  const sections =
    'account account_private_key domain network network_public_key note reasons session_private_key tasks'
  expect(Object.keys(vectors).sort().join(' ')).toBe(sections)
  expect(vectors.domain).toBe(receipts.domain_separator)
  expect(vectors.tasks.length).toBeGreaterThan(2)
})

test.each(vectors.tasks)('relayed task $#', async (v) => {
  const { sealed } = v
  const contract = sealed.contract as Address
  const authorisation = {
    account: account.address,
    nonce: BigInt(v.nonce),
    minGas: v.min_gas,
    value: BigInt(v.value),
  }
  expect(account.address.toLowerCase()).toBe(v.account)
  const plaintext = { replyKey: secret(sealed.reply_key), expiry: sealed.expiry, body: sealed.body as Hex }
  const digest = hashTypedData(
    taskAuthorisationTypedData(domain, { network, contract }, authorisation, plaintext),
  )
  expect(digest).toBe(v.digest)
  const signature = await signDigest(account, digest)
  expect(signature).toBe(v.signature)
  expect(await recoverSigner(digest, signature)).toBe(account.address)
  const plain = encodeRelayedPlaintext(authorisation, signature, plaintext)
  expect(bytesToHex(zeroFill(plain))).toBe(sealed.plaintext)
  const envelope = sealRelayed(kemSession(sealed), {
    relayer: sealed.sender as Address,
    onBehalfOf: sealed.on_behalf_of as Hex,
    envelopeNonce: hexToBytes(sealed.nonce as Hex),
    authorisation,
    signature,
    plaintext,
  })
  expect(bytesToHex(envelope)).toBe(sealed.envelope)
})

test('a question for a nonce', async () => {
  const { sealed, ...v } = vectors.account
  const contract = sealed.contract as Address
  const { epoch, expiry } = sealed
  const replyKey = secret(sealed.reply_key)
  const place = { network, secretContract: contract, account: account.address }
  const authorised = { ...place, sessionKey: sessionKey.address, expiry: v.authorisation_expiry }
  const authorisation = await signDigest(
    account,
    hashTypedData(readAuthorisationTypedData(domain, authorised)),
  )
  expect(authorisation).toBe(v.authorisation)
  const asked = { network, contract, account: account.address, epoch, expiry, replyKey, body: '0x' as const }
  const sessionSignature = await signDigest(sessionKey, sessionDigest(asked))
  expect(sessionSignature).toBe(v.session_signature)
  const parameters: SealParameters = {
    kind: 'query',
    replyKey,
    body: '0x',
    nonce: hexToBytes(sealed.nonce as Hex),
    expiry,
    flag: 2,
    reader: {
      account: account.address,
      authorisationExpiry: v.authorisation_expiry,
      sessionKey: sessionKey.address,
      authorisation,
      sessionSignature,
    },
  }
  expect(sealed.sender).toBe(zeroAddress)
  expect(bytesToHex(zeroFill(encodePlaintext(parameters)))).toBe(sealed.plaintext)
  expect(bytesToHex(sealEnvelope(kemSession(sealed), parameters))).toBe(sealed.envelope)
})

test.each(vectors.reasons)('the reason $says.reason is told by its error', ({ data, says }) => {
  const task = { contract: zeroAddress, index: 3n }
  const error = new TaskUnauthorisedError({ task, data: data as Hex })
  expect(error.reason).toBe(says.reason)
  expect(error.expected).toBe('expected' in says ? BigInt(says.expected as number) : undefined)
})

test('an authorisation with fields out of range is not encoded', () => {
  const plaintext = { replyKey: secret(`0x${'11'.repeat(32)}`), expiry: 0, body: '0x' as const }
  const good = { account: account.address, nonce: 0n, minGas: 0n, value: 0n }
  const signature = `0x${'22'.repeat(65)}` as const
  expect(encodeRelayedPlaintext(good, signature, plaintext)[40]).toBe(3)
  for (const wrong of [{ nonce: 2n ** 64n }, { minGas: -1n }, { value: 2n ** 256n }])
    expect(() => encodeRelayedPlaintext({ ...good, ...wrong }, signature, plaintext)).toThrow(
      InvalidArgumentError,
    )
  expect(() => encodeRelayedPlaintext(good, '0x22', plaintext)).toThrow()
})
