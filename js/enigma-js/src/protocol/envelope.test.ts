import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { type Address, bytesToHex, type Hex, hexToBytes, keccak256, zeroAddress, zeroHash } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/envelopes.json' with { type: 'json' }
import {
  associatedData,
  type Binding,
  encodePlaintext,
  KINDS,
  type Kind,
  MAX_BODY,
  MAX_ENVELOPE,
  parseEnvelope,
  type SealParameters,
  sealEnvelope,
  sealPlaintext,
} from './envelope.js'
import { InvalidArgumentError, MalformedBytesError } from './errors.js'
import { hashToG1 } from './hashToCurve.js'
import { parsePublicKey, sharedKey } from './ibe.js'
import { ERA, keyMessage } from './network.js'
import { Secret } from './secret.js'
import { createSession, type Session } from './session.js'

const secret = (hex: string) => new Secret(hexToBytes(hex as Hex))
const reveal = (value: Secret) => value.expose((b) => bytesToHex(b))
const kindOf = (number: number) => Object.entries(KINDS).find(([, n]) => n === number)?.[0] as Kind

/** What the enclave does; a client has no use for it. */
function open(key: Secret, binding: Binding, envelope: Uint8Array): Uint8Array {
  const { nonce, ciphertext } = parseEnvelope(envelope)
  return key.expose((k) => xchacha20poly1305(k, nonce, associatedData(binding)).decrypt(ciphertext))
}

function sessionOf(v: (typeof vectors)[number]): Session {
  const { network, contract } = v as unknown as { network: Hex; contract: Address }
  return createSession({
    network,
    contract,
    epoch: v.epoch,
    publicKey: v.network_public_key as Hex,
    r: secret(v.r),
  })
}

const first = vectors[0] as (typeof vectors)[number]
const session = sessionOf(first)
const replyKey = secret(first.reply_key)
const sender: Address = '0x3333333333333333333333333333333333333333'
const task: SealParameters = { kind: 'task', sender, replyKey, body: '0x12345678' }
const { network, contract } = session

test.each(vectors)('vector $# of envelopes.json', (v) => {
  const made = sessionOf(v)
  const kind = kindOf(v.kind)
  const nonce = hexToBytes(v.nonce as Hex)
  const common = { replyKey: secret(v.reply_key), body: v.body as Hex, nonce }
  const from = { sender: v.sender as Address, onBehalfOf: v.on_behalf_of as Hex }
  expect(ERA).toBe(v.era)
  expect(bytesToHex(keyMessage(v.network as Hex, v.contract as Address, v.epoch))).toBe(v.identity)
  expect(reveal(made.key)).toBe(v.key)
  const plaintext = encodePlaintext({ kind: 'task', ...common, ...from, expiry: v.expiry })
  const envelope = sealPlaintext(made, { kind, ...from }, nonce, plaintext)
  expect(bytesToHex(envelope)).toBe(v.envelope)
  expect(keccak256(envelope)).toBe(v.envelope_hash)
  expect(envelope[0]).toBe(v.version)
  if (kind !== 'query')
    expect(sealEnvelope(made, { kind, ...common, ...from, expiry: v.expiry })).toEqual(envelope)

  // The enclave's side: the committee's evaluation opens it.
  const point = hashToG1('ENIGMA_V1_INPUT_BLS12381G1_XMD:SHA-256_SSWU_RO_', hexToBytes(v.identity as Hex))
  const { u, epoch } = parseEnvelope(envelope)
  const key = sharedKey(
    point.multiply(BigInt(v.network_secret)),
    parsePublicKey(u),
    u,
    hexToBytes(v.identity as Hex),
  )
  const opened = open(
    key,
    { kind, ...from, network: v.network as Hex, contract: v.contract as Address, epoch },
    envelope,
  )
  expect(opened.subarray(0, plaintext.length)).toEqual(plaintext)
  expect(opened.length).toBe(Math.max(128, 2 ** Math.ceil(Math.log2(plaintext.length))))
})

test('an envelope opens for its binding alone', () => {
  const binding: Binding = { kind: 'task', network, contract, epoch: 7, sender, onBehalfOf: zeroHash }
  const envelope = sealEnvelope(session, task)
  expect(open(session.key, binding, envelope).length).toBe(128)
  const others: Partial<Binding>[] = [
    { kind: 'deploy' },
    { kind: 'query' },
    { network: zeroHash },
    { contract: sender },
    { epoch: 8 },
    { sender: contract },
    { onBehalfOf: network },
  ]
  for (const other of others) expect(() => open(session.key, { ...binding, ...other }, envelope)).toThrow()
  for (let i = 109; i < envelope.length; i += 1) {
    const changed = Uint8Array.from(envelope)
    changed[i] = (changed[i] as number) ^ 1
    expect(() => open(session.key, binding, changed)).toThrow()
  }
})

test('a query says neither who sends it nor lives for ever', () => {
  const envelope = sealEnvelope(session, { kind: 'query', replyKey, body: '0x01', expiry: 1_900_000_000 })
  const binding: Binding = {
    kind: 'query',
    network,
    contract,
    epoch: 7,
    sender: zeroAddress,
    onBehalfOf: zeroHash,
  }
  expect(open(session.key, binding, envelope)[40]).toBe(0)
  for (const expiry of [0, 0n])
    expect(() => sealEnvelope(session, { kind: 'query', replyKey, body: '0x', expiry })).toThrow(
      InvalidArgumentError,
    )
})

test('two envelopes of a session share U and nothing else', () => {
  const [a, b] = [sealEnvelope(session, task), sealEnvelope(session, task)]
  expect(parseEnvelope(a).u).toEqual(parseEnvelope(b).u)
  expect(parseEnvelope(a).nonce).not.toEqual(parseEnvelope(b).nonce)
  expect(parseEnvelope(a).ciphertext).not.toEqual(parseEnvelope(b).ciphertext)
})

test('the length says the class alone', () => {
  const length = (size: number) => sealEnvelope(session, { ...task, body: new Uint8Array(size) }).length
  expect(length(0)).toBe(length(83))
  expect(length(84)).toBe(length(83) + 128)
  expect(length(MAX_BODY)).toBeLessThanOrEqual(MAX_ENVELOPE)
  expect(() => length(MAX_BODY + 1)).toThrow(InvalidArgumentError)
})

test('what is no argument is refused', () => {
  const bad: Partial<SealParameters>[] = [
    { sender: '0x33' },
    { onBehalfOf: '0x' },
    { expiry: -1 },
    { expiry: 2n ** 64n },
    { nonce: new Uint8Array(23) },
    { replyKey: new Secret(new Uint8Array(31)) },
    { body: '0x123' },
  ]
  for (const change of bad)
    expect(() => sealEnvelope(session, { ...task, ...change } as SealParameters)).toThrow()
})

test('bytes that are no envelope are refused', () => {
  const envelope = sealEnvelope(session, task)
  const changed = (at: number) => {
    const bytes = Uint8Array.from(envelope)
    bytes[at] = (bytes[at] as number) ^ 1
    return bytes
  }
  for (const at of [0, 1, 2, 3, 4]) expect(() => parseEnvelope(changed(at))).toThrow(MalformedBytesError)
  for (const length of [0, 1, 12, 108, 132])
    expect(() => parseEnvelope(envelope.subarray(0, length))).toThrow()
  expect(() => parseEnvelope(new Uint8Array(MAX_ENVELOPE + 1))).toThrow(MalformedBytesError)
  expect(parseEnvelope(bytesToHex(envelope)).epoch).toBe(7n)
})
