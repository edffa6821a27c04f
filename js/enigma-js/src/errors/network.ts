import type { Hex } from 'viem'
import { EnigmaError } from './base.js'

const docsPath = 'js/enigma-js/README.md#the-pinned-network'

export class NetworkNotPinnedError extends EnigmaError {
  override name = 'NetworkNotPinnedError'
  constructor({ url }: { url: string }) {
    super(`The network at ${url} is not pinned.`, {
      docsPath,
      metaMessages: [
        'Whoever answers there could hand out a key of their own and read everything you send.',
        'Pass the network id as `pin`, ship the descriptor (defineNetwork), or say `dangerouslyUnpinned: true` on a machine of your own.',
      ],
    })
  }
}

export class SimulatedNetworkError extends EnigmaError {
  override name = 'SimulatedNetworkError'
  constructor({ network }: { network: Hex }) {
    super(`The network ${network} is SIMULATED.`, {
      docsPath,
      metaMessages: [
        'Whoever runs its machines can read all secrets.',
        'For development pass `allowSimulated: true`.',
      ],
    })
  }
}

export class InvalidNetworkError extends EnigmaError {
  override name = 'InvalidNetworkError'
  constructor({ field, expected }: { field: string; expected: string }) {
    super(`The network descriptor has no usable \`${field}\`.`, {
      docsPath,
      metaMessages: [
        `Expected ${expected}. Take the whole network.json, or the answer of \`enigma_network\`.`,
      ],
    })
  }
}

export class WrongNetworkError extends EnigmaError {
  override name = 'WrongNetworkError'
  readonly expected: string
  readonly found: string
  constructor({
    expected,
    found,
    where,
    cause,
  }: { expected: string; found: string; where: string; cause?: unknown }) {
    super(`Expected the network ${expected}, found ${found} ${where}.`, {
      cause,
      docsPath,
      metaMessages: ['The descriptor was changed, or the RPC shows another deployment. Nothing was sent.'],
    })
    this.expected = expected
    this.found = found
  }
}

export class WrongPublicKeyError extends EnigmaError {
  override name = 'WrongPublicKeyError'
  constructor({ expected, found }: { expected: Hex; found: Hex }) {
    super('The chain names another network key than the pinned one.', {
      docsPath,
      metaMessages: [
        `Hash of the pinned key: ${expected}. Hash on the chain: ${found}.`,
        'The RPC shows another deployment, or lies. Nothing was sent.',
      ],
    })
  }
}
