// `vectors/receipts.json`: the EIP-712 domain, the digests that enclaves sign, and their signatures.
import { type Address, concat, domainSeparator, type Hex, hashTypedData, hexToBytes, keccak256 } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/receipts.json' with { type: 'json' }
import { H } from './hash.js'
import { domainOf, type Receipt, receiptDigest, receiptSigner } from './receipt.js'
import { Secret } from './secret.js'
import { createSessionKey, recoverSigner, signDigest } from './sign.js'

const domain = domainOf(vectors.chain_id, vectors.enigma as Address)
const key = createSessionKey(new Secret(hexToBytes(vectors.private_key as Hex)))
type Case = (typeof vectors.receipts)[number]

const receiptOf = (r: Case): Receipt => ({
  network: r.network as Hex,
  ruleset: r.ruleset,
  secretContract: r.secret_contract as Address,
  epoch: r.epoch,
  firstIndex: BigInt(r.first_index),
  lastIndex: BigInt(r.last_index),
  inputHead: r.input_head as Hex,
  stateHeadBefore: r.state_head_before as Hex,
  stateHeadAfter: r.state_head_after as Hex,
  anchorNumber: BigInt(r.anchor_number),
  anchorHash: r.anchor_hash as Hex,
  results: r.results.map((one) => ({
    status: one.status,
    gasCharged: BigInt(one.gas_charged),
    outputHash: one.output_hash as Hex,
    deltaHash: one.delta_hash as Hex,
  })),
  snapshotHash: r.snapshot_hash as Hex,
  outboundHash: r.outbound_hash as Hex,
})

test('every section of the file is checked here', () => {
  const sections = 'chain_id domain_separator enigma key_generation key_request private_key receipts signer'
  expect(Object.keys(vectors).sort().join(' ')).toBe(sections)
})

test('the domain and the signer', () => {
  expect(domainSeparator({ domain: { ...domain } })).toBe(vectors.domain_separator)
  expect(key.address.toLowerCase()).toBe(vectors.signer)
})

test.each(vectors.receipts)('receipt $#', async (r) => {
  const receipt = receiptOf(r)
  expect(receiptDigest(domain, receipt)).toBe(r.digest)
  expect(await signDigest(key, r.digest as Hex)).toBe(r.signature)
  expect(await receiptSigner(domain, receipt, r.signature as Hex)).toBe(key.address)
})

test('every field of a receipt changes its digest', () => {
  const receipt = receiptOf(vectors.receipts[1] as Case)
  const results = receipt.results
  const other = keccak256('0x01')
  const changes: Partial<Receipt>[] = (Object.keys(receipt) as (keyof Receipt)[])
    .filter((name) => name !== 'results')
    .map((name) => {
      const value = receipt[name] as Hex | bigint | number
      if (typeof value !== 'string')
        return { [name]: name === 'anchorNumber' ? BigInt(value) - 1n : BigInt(value) + 1n }
      return { [name]: value.length === 42 ? domain.verifyingContract : other }
    })
  for (const part of [{ status: 3 }, { gasCharged: 1n }, { outputHash: other }, { deltaHash: other }])
    changes.push({ results: results.map((one, i) => (i === 3 ? { ...one, ...part } : one)) })
  changes.push({ results: [...results].reverse() }, { results: results.slice(0, 3) })
  const digests = changes.map((change) => receiptDigest(domain, { ...receipt, ...change }))
  digests.push(receiptDigest(domain, receipt), receiptDigest(domainOf(1, vectors.enigma as Address), receipt))
  expect(new Set(digests).size).toBe(13 + 4 + 2 + 2)
})

test('the result of the key generation', async () => {
  const { era, commitments, commitments_hash, public_key_hash, digest, signature } = vectors.key_generation
  expect(keccak256(concat(commitments as Hex[]))).toBe(commitments_hash)
  expect(keccak256(commitments[0] as Hex)).toBe(public_key_hash)
  const types = {
    KeyGeneration: [
      { type: 'uint32', name: 'era' },
      { type: 'bytes32', name: 'publicKeyHash' },
      { type: 'bytes32', name: 'commitmentsHash' },
    ],
  } as const
  const message = { era, publicKeyHash: public_key_hash as Hex, commitmentsHash: commitments_hash as Hex }
  expect(hashTypedData({ domain, types, primaryType: 'KeyGeneration', message })).toBe(digest)
  expect(await signDigest(key, digest as Hex)).toBe(signature)
  expect(await recoverSigner(digest as Hex, signature as Hex)).toBe(key.address)
})

test('requests for keys and their replies', async () => {
  const { network, era, purpose, contract, key_epoch, group_epoch, reply_to, digest, signature, reply } =
    vectors.key_request
  const request = H(
    'enigma/v1/key-request',
    network as Hex,
    era,
    purpose,
    contract as Hex,
    key_epoch,
    group_epoch,
    reply_to as Hex,
  )
  expect(request).toBe(digest)
  expect(await signDigest(key, request)).toBe(signature)
  const { member, generation, block_number, block_hash, associated_data } = reply
  expect(H('enigma/v1/key-reply', request, member, generation, block_number, block_hash as Hex)).toBe(
    associated_data,
  )
})
