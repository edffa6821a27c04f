// `vectors/outputs.json`: what comes back, and what is sealed for successors.
import { gcmsiv } from '@noble/ciphers/aes.js'
import { bytesToHex, type Hex, hexToBytes, zeroHash } from 'viem'
import { expect, test } from 'vitest'
import vectors from '../../../../vectors/outputs.json' with { type: 'json' }
import { concatBytes, toBytes, Writer } from './bytes.js'
import { MalformedBytesError, NotOpenedError } from './errors.js'
import { haltReason } from './halt.js'
import { derive } from './kdf.js'
import { decodeOutput, decryptOutput, INNER_STATUS, MAX_ENCRYPTED_OUTPUT, MAX_LOGS } from './output.js'
import { Secret } from './secret.js'
import { pad, sealedLength, unpad, zeroFill } from './size.js'
import type { KdfLabel } from './tags.js'

const bytes = (hex: string) => hexToBytes(hex as Hex)
const secret = (hex: string) => new Secret(bytes(hex))
const cipher = (key: Secret, ctx: string) => key.expose((k) => gcmsiv(k, new Uint8Array(12), bytes(ctx)))

test('every section of the file is checked here', () => {
  expect(Object.keys(vectors).sort().join(' ')).toBe('classes note outputs state')
})

test.each(vectors.outputs)('output $#', (v) => {
  const key = secret(v.reply_key)
  const output = decryptOutput(key, v.ctx as Hex, v.encrypted as Hex)
  expect(output.status).toBe(INNER_STATUS[v.status])
  expect(output.gasUsed).toBe(BigInt(v.gas_used))
  expect(output.data).toBe(v.data)
  expect(output.logs.map((log) => ({ ...log, address: log.address.toLowerCase() }))).toEqual(v.logs)
  expect(decodeOutput(bytes(v.plaintext))).toEqual(output)
  const once = derive('enigma/v1/output', key, bytes(v.ctx))
  expect(bytesToHex(cipher(once, v.ctx).encrypt(bytes(v.plaintext)))).toBe(v.encrypted)
})

test('an output opens for its key and context alone', () => {
  for (const v of vectors.outputs.slice(0, 2)) {
    const [key, ctx, encrypted] = [secret(v.reply_key), v.ctx as Hex, bytes(v.encrypted)]
    expect(() => decryptOutput(new Secret(new Uint8Array(32)), ctx, encrypted)).toThrow(NotOpenedError)
    expect(() => decryptOutput(key, zeroHash, encrypted)).toThrow(NotOpenedError)
    for (let i = 0; i < encrypted.length; i += 1) {
      const changed = Uint8Array.from(encrypted)
      changed[i] = (changed[i] as number) ^ 1
      expect(() => decryptOutput(key, ctx, changed)).toThrow(NotOpenedError)
      expect(() => decryptOutput(key, ctx, encrypted.subarray(0, i))).toThrow(NotOpenedError)
    }
  }
})

test('what is larger than an output can be is not decrypted', () => {
  const [key, ctx] = [new Secret(new Uint8Array(32)), zeroHash]
  const once = derive('enigma/v1/output', key, bytes(ctx))
  const sealed = (size: number) => cipher(once, ctx).encrypt(new Uint8Array(size))
  expect(decryptOutput(key, ctx, sealed(1 << 20)).logs).toEqual([])
  expect(() => decryptOutput(key, ctx, sealed(MAX_ENCRYPTED_OUTPUT))).toThrow(NotOpenedError)
})

test('logs are counted', () => {
  const many = (count: number) =>
    concatBytes(new Writer().int(0, 1).int(0, 8).int(0, 4).int(count, 2).finish(), new Uint8Array(25 * count))
  expect(decodeOutput(many(MAX_LOGS)).logs.length).toBe(MAX_LOGS)
  expect(() => decodeOutput(many(MAX_LOGS + 1))).toThrow(MalformedBytesError)
})

test('a plaintext of another form is refused, however it is cut or changed', () => {
  const plain = vectors.outputs.map((v) => bytes(v.plaintext))
  const hostile = [
    zeroFill(Uint8Array.of(7)), // a status that is none
    new Uint8Array(),
    new Writer().int(0, 1).int(0, 8).int(0xffffffff, 4).finish(), // data that is not there
    new Writer().int(0, 1).int(0, 8).int(0, 4).int(4_097, 2).finish(), // more logs than allowed
    new Writer()
      .int(0, 1)
      .int(0, 8)
      .int(0, 4)
      .int(1, 2)
      .raw(new Uint8Array(20))
      .int(5, 1)
      .raw(new Uint8Array(200))
      .finish(),
    concatBytes(plain[0] as Uint8Array, Uint8Array.of(1)), // padding that carries data
  ]
  for (const one of hostile) expect(() => decodeOutput(one)).toThrow(MalformedBytesError)
  for (const one of plain)
    for (let length = 0; length < 15; length += 1)
      expect(() => decodeOutput(one.subarray(0, length))).toThrow(MalformedBytesError)
})

test('sealed state, as the enclave makes it', () => {
  const { message, point, state_key, platform_label, deltas, snapshots } = vectors.state
  const key = derive('enigma/v1/state-key', secret(point), bytes(message))
  expect(key.expose((k) => bytesToHex(k))).toBe(state_key)
  const check = (label: KdfLabel, context: string, content: string, plaintext: string, sealed: string) => {
    const once = derive(label, key, concatBytes(bytes(platform_label), bytes(context)))
    expect(bytesToHex(pad(bytes(content)))).toBe(plaintext)
    expect(bytesToHex(unpad(bytes(plaintext)))).toBe(content)
    expect(bytesToHex(cipher(once, context).encrypt(bytes(plaintext)))).toBe(sealed)
    expect(toBytes(sealed as Hex).length).toBe(sealedLength(bytes(content).length))
  }
  for (const d of deltas) check('enigma/v1/delta', d.ctx, d.delta, d.plaintext, d.sealed)
  for (const s of snapshots) check('enigma/v1/snapshot', s.state_head, s.state, s.plaintext, s.sealed)
})

test('sealed sizes', () => {
  for (const { length, sealed } of vectors.classes) expect(sealedLength(length)).toBe(sealed)
})

test('a halt says why', () => {
  expect(haltReason(1)).toContain('out of gas')
  expect(haltReason(63)).toBe('the machine gave up')
  expect(haltReason(255)).toBe('the EVM stopped it (code 255)')
})
