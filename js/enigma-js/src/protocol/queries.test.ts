// `vectors/queries.json`: what a reader seals and signs, and what an enclave answers.
import {
  type Address,
  bytesToHex,
  type Hex,
  hashTypedData,
  hexToBytes,
  keccak256,
  zeroAddress,
  zeroHash,
} from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/queries.json' with { type: 'json' }
import receipts from '../../../../vectors/receipts.json' with { type: 'json' }
import { associatedData, encodePlaintext, type SealParameters, sealEnvelope } from './envelope.js'
import { NotOpenedError } from './errors.js'
import { keyMessage } from './network.js'
import { decodeOutput, INNER_STATUS } from './output.js'
import {
  decryptQueryOutput,
  encodeReaderProof,
  type QueryReply,
  queryContext,
  queryReplyDigest,
  queryReplySigner,
  type ReaderProof,
  readAuthorisationTypedData,
  sessionDigest,
} from './query.js'
import { domainOf } from './receipt.js'
import { Secret } from './secret.js'
import { createSession } from './session.js'
import { createSessionKey, recoverSigner, signDigest } from './sign.js'
import { zeroFill } from './size.js'

type Query = (typeof vectors.queries)[number]
const network = vectors.network as Hex
const domain = domainOf(receipts.chain_id, receipts.enigma as Address)
const secret = (hex: string) => new Secret(hexToBytes(hex as Hex))
const account = createSessionKey(secret(vectors.account_private_key))
const session = createSessionKey(secret(vectors.session_private_key))
const enclave = createSessionKey(secret(vectors.enclave_private_key))

const replyOf = ({ reply: r }: Query): QueryReply => ({
  epoch: r.epoch,
  stateHead: r.state_head as Hex,
  blockNumber: r.block_number,
  blockHash: r.block_hash as Hex,
  salt: r.salt as Hex,
  output: r.output as Hex,
  signature: r.signature as Hex,
})

/** Signs as account and session key do. */
async function proofOf(q: Query): Promise<ReaderProof | undefined> {
  if (!q.reader) return undefined
  const secretContract = q.contract as Address
  const authorised = { network, secretContract, account: account.address, sessionKey: session.address }
  const typed = readAuthorisationTypedData(domain, { ...authorised, expiry: q.reader.authorisation_expiry })
  const digest = hashTypedData(typed)
  expect(digest).toBe(q.reader.authorisation_digest)
  const asked = sessionDigest({
    network,
    contract: secretContract,
    account: account.address,
    epoch: q.epoch,
    expiry: q.expiry,
    replyKey: secret(q.reply_key),
    body: q.body as Hex,
  })
  expect(asked).toBe(q.reader.session_digest)
  return {
    account: account.address,
    authorisationExpiry: q.reader.authorisation_expiry,
    sessionKey: session.address,
    authorisation: await signDigest(account, digest),
    sessionSignature: await signDigest(session, asked),
  }
}

test('every section of the file is checked here', () => {
  const sections =
    'account_private_key domain enclave_private_key network network_public_key note queries session_private_key'
  expect(Object.keys(vectors).sort().join(' ')).toBe(sections)
  expect(vectors.domain).toBe(receipts.domain_separator)
  expect(vectors.queries.some((q) => q.reader === null)).toBe(true)
})

test.each(vectors.queries)('query $#', async (q) => {
  const contract = q.contract as Address
  const reader = await proofOf(q)
  if (q.reader && reader) {
    expect(reader.account.toLowerCase()).toBe(q.reader.account)
    expect(reader.sessionKey.toLowerCase()).toBe(q.reader.session_key)
    expect(reader.authorisation).toBe(q.reader.authorisation)
    expect(reader.sessionSignature).toBe(q.reader.session_signature)
    expect(encodeReaderProof(reader).length).toBe(178)
  }
  const made = createSession({
    network,
    contract,
    epoch: q.epoch,
    publicKey: vectors.network_public_key as Hex,
    r: secret(q.r),
  })
  expect(bytesToHex(keyMessage(network, contract, q.epoch))).toBe(q.identity)
  expect(made.key.equals(secret(q.key))).toBe(true)
  const binding = {
    kind: 'query',
    network,
    contract,
    epoch: q.epoch,
    sender: zeroAddress,
    onBehalfOf: zeroHash,
  } as const
  expect(bytesToHex(associatedData(binding))).toBe(q.associated_data)
  const parameters: SealParameters = {
    kind: 'query',
    replyKey: secret(q.reply_key),
    body: q.body as Hex,
    nonce: hexToBytes(q.nonce as Hex),
    expiry: q.expiry,
    reader,
  }
  expect([
    bytesToHex(encodePlaintext(parameters)),
    bytesToHex(zeroFill(encodePlaintext(parameters))),
  ]).toContain(q.plaintext)
  const envelope = sealEnvelope(made, parameters)
  expect(bytesToHex(envelope)).toBe(q.envelope)
  expect(keccak256(envelope)).toBe(q.envelope_hash)
})

test.each(vectors.queries)('reply $#', async (q) => {
  const reply = replyOf(q)
  const ctx = queryContext(network, q.contract as Address, q.envelope as Hex, reply)
  expect(ctx).toBe(q.reply.context)
  expect(queryReplyDigest(ctx, reply)).toBe(q.reply.digest)
  expect(await signDigest(enclave, q.reply.digest as Hex)).toBe(q.reply.signature)
  expect((await queryReplySigner(ctx, reply)).toLowerCase()).toBe(q.reply.signer)
  const output = decryptQueryOutput(secret(q.reply_key), ctx, reply)
  expect(output).toEqual(decodeOutput(hexToBytes(q.reply.plaintext as Hex)))
  expect(output).toEqual({
    status: INNER_STATUS[q.reply.status],
    gasUsed: BigInt(q.reply.gas_used),
    data: q.reply.data,
    logs: [],
  })
})

test('every field of a reply is bound', async () => {
  const q = vectors.queries[0] as Query
  const reply = replyOf(q)
  const [contract, envelope] = [q.contract as Address, q.envelope as Hex]
  const signer = await queryReplySigner(queryContext(network, contract, envelope, reply), reply)
  const flip = (hex: Hex): Hex => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}` as Hex
  const changes: QueryReply[] = [
    { ...reply, epoch: Number(reply.epoch) + 1 },
    { ...reply, stateHead: flip(reply.stateHead) },
    { ...reply, blockNumber: Number(reply.blockNumber) + 1 },
    { ...reply, blockHash: flip(reply.blockHash) },
    { ...reply, salt: flip(reply.salt) },
    { ...reply, output: flip(reply.output) },
  ]
  for (const [i, changed] of changes.entries()) {
    const ctx = queryContext(network, contract, envelope, changed)
    expect(await queryReplySigner(ctx, changed)).not.toBe(signer)
    // The epoch is signed but does not enter the key.
    if (i > 0) expect(() => decryptQueryOutput(secret(q.reply_key), ctx, changed)).toThrow(NotOpenedError)
  }
  const others = [
    queryContext(zeroHash, contract, envelope, reply),
    queryContext(network, zeroAddress, envelope, reply),
    queryContext(network, contract, flip(envelope), reply),
  ]
  for (const ctx of others) expect(await queryReplySigner(ctx, reply)).not.toBe(signer)
  expect(() => decryptQueryOutput(new Secret(new Uint8Array(32)), q.reply.context as Hex, reply)).toThrow(
    NotOpenedError,
  )
})

test('a session signature is for one query', async () => {
  const base = {
    network,
    contract: zeroAddress,
    account: zeroAddress,
    epoch: 1,
    expiry: 2,
    body: '0x01' as Hex,
  }
  const replyKey = new Secret(new Uint8Array(32))
  const digests = [
    {},
    { network: zeroHash },
    { contract: account.address },
    { account: account.address },
    { epoch: 2 },
    { expiry: 3 },
    { body: '0x02' as Hex },
    { replyKey: new Secret(new Uint8Array(32).fill(1)) },
  ].map((change) => sessionDigest({ ...base, replyKey, ...change }))
  expect(new Set(digests).size).toBe(8)
  expect(await recoverSigner(digests[0] as Hex, await signDigest(session, digests[0] as Hex))).toBe(
    session.address,
  )
})
