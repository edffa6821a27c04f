// The network descriptor, which a client pins, and the messages that the threshold key evaluates.
import { type Address, getContractAddress, type Hex } from 'viem'
import { type Bytes, type Integer, toBytes, Writer } from './bytes.js'
import { H, hashBytes } from './hash.js'

/** The number of the rules that this build knows. */
export const RULESET = 1
/** The only era of this version. */
export const ERA = 1
/** Verifier kind of a local chain. */
export const VERIFIER_DEV = 1
/** Attestation root of a network that nothing protects: keccak256("SIMULATED"). */
export const SIMULATED_ROOT: Hex = '0x6dec9fbbc8f481c0f6598a7ae2b8059d1f04edf54c82456df3f8f2215885a194'
/** keccak256 of the creation code of `contracts/src/Portal.sol`. */
export const PORTAL_CODE_HASH: Hex = '0x1cbaa9d407eb0b3081e652c3fd9099a76345c003695592881c43744dce01e077'

/** What `network` is the hash of. */
export type Descriptor = {
  chainId: Integer
  enigma: Address
  /** Block from which enclaves follow headers, at least 1. */
  checkpointNumber: Integer
  checkpointHash: Hex
  /** How headers are verified: 1 dev, 2 sync-committee. */
  verifier: Integer
  attestationRoot: Hex
  ruleset: Integer
  /** The genesis public key `S`, 96 bytes compressed. */
  publicKey: Bytes
}

/** The identity of a network. */
export function networkId(descriptor: Descriptor): Hex {
  const { chainId, enigma, checkpointNumber, checkpointHash, verifier, attestationRoot, ruleset } = descriptor
  const publicKey = hashBytes(toBytes(descriptor.publicKey, 'public key', 96))
  return H(
    'enigma/v1/network',
    chainId,
    toBytes(enigma, 'enigma', 20),
    checkpointNumber,
    toBytes(checkpointHash, 'checkpoint hash', 32),
    verifier,
    toBytes(attestationRoot, 'attestation root', 32),
    ruleset,
    publicKey,
  )
}

/** What the committee evaluates for a key of `contract` in `epoch`, 68 bytes. The purpose is in the curve tag. */
export function keyMessage(network: Hex, contract: Address, epoch: Integer): Uint8Array {
  return new Writer()
    .raw(network, 32, 'network')
    .int(ERA, 8)
    .raw(contract, 20, 'contract')
    .int(epoch, 8, 'epoch')
    .finish()
}

/** What the committee signs to open `epoch`, 48 bytes. */
export function beaconMessage(network: Hex, epoch: Integer): Uint8Array {
  return new Writer().raw(network, 32, 'network').int(ERA, 8).int(epoch, 8, 'epoch').finish()
}

/** The seed of an epoch's lottery, from its beacon in EIP-2537 form (128 bytes). */
export function epochSeed(network: Hex, epoch: Integer, beacon: Bytes): Hex {
  return H('enigma/v1/seed', network, ERA, epoch, hashBytes(toBytes(beacon, 'beacon', 128)))
}

/** The `CREATE2` salt of the portal that `deployer` gets for `salt`. */
export function portalSalt(deployer: Address, salt: Hex): Hex {
  return H('enigma/v1/portal', toBytes(deployer, 'deployer', 20), toBytes(salt, 'salt', 32))
}

/** The address of a secret contract: its portal on Ethereum, known before it is deployed. */
export function portalAddress(enigma: Address, deployer: Address, salt: Hex): Address {
  return getContractAddress({
    opcode: 'CREATE2',
    from: enigma,
    salt: portalSalt(deployer, salt),
    bytecodeHash: PORTAL_CODE_HASH,
  })
}
