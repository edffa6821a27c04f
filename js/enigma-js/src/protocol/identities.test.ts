// `vectors/identities.json` and `vectors/beacon.json`: networks, messages of the threshold key, seeds, portals.
import { bls12_381 } from '@noble/curves/bls12-381.js'
import {
  type Address,
  bytesToHex,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  keccak256,
  stringToHex,
} from 'viem'
import { expect, test } from 'vitest'
import portal from '../../../../contracts/artifacts/Portal.json' with { type: 'json' }
import beaconVectors from '../../../../vectors/beacon.json' with { type: 'json' }
import vectors from '../../../../vectors/identities.json' with { type: 'json' }
import { concatBytes, integerToBytes, Writer } from './bytes.js'
import { fields, G1, G2, type PointG1, type PointG2, pairing } from './curve.js'
import { InvalidArgumentError, MalformedBytesError } from './errors.js'
import { H, hashBytes } from './hash.js'
import { hashToG1 } from './hashToCurve.js'
import { parsePublicKey } from './ibe.js'
import {
  beaconMessage,
  type Descriptor,
  ERA,
  epochSeed,
  keyMessage,
  networkId,
  PORTAL_CODE_HASH,
  portalAddress,
  portalSalt,
  SIMULATED_ROOT,
} from './network.js'
import type { CurveTag } from './tags.js'

const { Point: NobleG1 } = bls12_381.G1
const compressedG1 = (point: PointG1) => bytesToHex(NobleG1.fromAffine(point.toAffine()).toBytes(true))
const element = (value: bigint) => integerToBytes(value, 64)
const eip2537G1 = (point: PointG1) => {
  const { x, y } = point.toAffine()
  return bytesToHex(concatBytes(element(x), element(y)))
}
const eip2537G2 = (point: PointG2) => {
  const { x, y } = point.toAffine()
  return bytesToHex(concatBytes(...[x.c0, x.c1, y.c0, y.c1].map(element)))
}
const descriptorOf = (d: (typeof vectors.descriptors)[number]): Descriptor => ({
  chainId: BigInt(d.chain_id),
  enigma: d.enigma as Address,
  checkpointNumber: d.checkpoint_number,
  checkpointHash: d.checkpoint_hash as Hex,
  verifier: d.verifier,
  attestationRoot: d.attestation_root as Hex,
  ruleset: d.ruleset,
  publicKey: d.public_key as Hex,
})
/** JSON's numbers end at 2^53; the one beyond it in the file is the largest u64. */
const u64 = (value: number) => (Number.isSafeInteger(value) ? BigInt(value) : 2n ** 64n - 1n)
const first = descriptorOf(vectors.descriptors[0] as (typeof vectors.descriptors)[number])

test('every section of identities.json is checked here', () => {
  expect(Object.keys(vectors).sort().join(' ')).toBe(
    'beacons descriptors genesis_setup keys network_secret note portals',
  )
})

test('network ids', () => {
  for (const d of vectors.descriptors) expect(networkId(descriptorOf(d))).toBe(d.network)
  const secret = BigInt(vectors.network_secret)
  expect(bytesToHex(G2.BASE.multiply(secret).toBytes(true))).toBe(first.publicKey)
  expect(SIMULATED_ROOT).toBe(keccak256(stringToHex('SIMULATED')))
  expect(first.attestationRoot).toBe(SIMULATED_ROOT)
})

test('every field of the descriptor changes the network', () => {
  const other = vectors.descriptors[1] as (typeof vectors.descriptors)[number]
  const ids = Object.entries(descriptorOf(other)).map(([name, value]) =>
    networkId({ ...first, [name]: value }),
  )
  expect(new Set([networkId(first), ...ids]).size).toBe(9)
  expect(() => networkId({ ...first, publicKey: '0x00' })).toThrow(InvalidArgumentError)
  expect(() => networkId({ ...first, enigma: first.checkpointHash as Address })).toThrow(InvalidArgumentError)
})

test('beacons and seeds', () => {
  for (const b of vectors.beacons) {
    expect(b.era).toBe(ERA)
    const message = beaconMessage(b.network as Hex, b.epoch)
    expect(bytesToHex(message)).toBe(b.message)
    const point = hashToG1(b.tag as CurveTag, message)
    const signature = point.multiply(BigInt(vectors.network_secret))
    expect(compressedG1(signature)).toBe(b.signature_compressed)
    expect(eip2537G1(signature)).toBe(b.signature)
    const publicKey = parsePublicKey(b.public_key_compressed as Hex)
    expect(eip2537G2(publicKey)).toBe(b.public_key)
    const left = pairing(signature, G2.BASE)
    expect(fields.Fp12.eql(left, pairing(point, publicKey))).toBe(true)
    expect(epochSeed(b.network as Hex, b.epoch, b.signature as Hex)).toBe(b.seed)
  }
})

test('keys of contracts', () => {
  for (const k of vectors.keys) {
    const message = keyMessage(k.network as Hex, k.contract as Address, u64(k.epoch))
    expect(bytesToHex(message)).toBe(k.message)
    expect(k.tag).toContain(k.purpose.toUpperCase())
    const point = hashToG1(k.tag as CurveTag, message).multiply(BigInt(vectors.network_secret))
    expect(compressedG1(point)).toBe(k.evaluation)
  }
})

test('portals', () => {
  for (const p of vectors.portals) expect(portalSalt(p.owner as Address, p.salt as Hex)).toBe(p.portal_salt)
  expect(keccak256(portal.bytecode as Hex)).toBe(PORTAL_CODE_HASH)
  const [p] = vectors.portals
  const address = portalAddress(first.enigma, p?.owner as Address, p?.salt as Hex)
  const packed = concatBytes(
    Uint8Array.of(0xff),
    hexToBytes(first.enigma),
    hexToBytes(p?.portal_salt as Hex),
    hexToBytes(PORTAL_CODE_HASH),
  )
  expect(address.toLowerCase()).toBe(`0x${keccak256(packed).slice(26)}`)
  expect(encodeFunctionData({ abi: portal.abi, functionName: 'enigma' })).toHaveLength(10)
})

test('the setup of the genesis', () => {
  const { members, threshold, hash } = vectors.genesis_setup
  const encoded = new Writer()
    .int(first.chainId, 8)
    .raw(first.enigma, 20)
    .int(first.checkpointNumber, 8)
    .raw(first.checkpointHash, 32)
    .int(first.verifier, 1)
    .raw(first.attestationRoot, 32)
    .int(first.ruleset, 8)
    .raw(new Uint8Array(96))
    .int(members.length, 4)
  for (const { address, box_key } of members) encoded.raw(address as Hex, 20).raw(box_key as Hex, 32)
  expect(H('enigma/v1/committee', hashBytes(encoded.int(threshold, 1).finish()))).toBe(hash)
})

test('beacon.json: keys and signatures as Solidity sees them', () => {
  expect(beaconVectors.tag).toBe('ENIGMA_V1_BEACON_BLS12381G1_XMD:SHA-256_SSWU_RO_')
  for (const b of beaconVectors.cases) {
    const publicKey = parsePublicKey(b.publicKeyCompressed as Hex)
    expect(eip2537G2(publicKey)).toBe(b.publicKey)
    expect(eip2537G2(G2.BASE.multiply(BigInt(b.secret)))).toBe(b.publicKey)
    const hash = hashToG1(beaconVectors.tag as CurveTag, hexToBytes(b.message as Hex))
    expect(eip2537G1(hash)).toBe(b.hash)
    const signature = G1.fromAffine(NobleG1.fromBytes(hexToBytes(b.signatureCompressed as Hex)).toAffine())
    expect(eip2537G1(signature)).toBe(b.signature)
    expect(eip2537G1(hash.multiply(BigInt(b.secret)))).toBe(b.signature)
  }
  // Compressed by hand: the library refuses to. Either sign of y gives a point outside.
  const [x0, x1] = beaconVectors.publicKeyOutsideSubgroup.slice(2).match(/.{128}/g) as [string, string]
  const outside = hexToBytes(`0x${x1.slice(32)}${x0.slice(32)}`)
  outside[0] = (outside[0] as number) | 0x80
  expect(() => parsePublicKey(outside)).toThrow(MalformedBytesError)
})
