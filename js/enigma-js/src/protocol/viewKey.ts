// Reply keys that an account can derive again, so that it reads its results from the chain alone, on any machine.
import type { Address, Hex } from 'viem'
import { type Bytes, concatBytes, toBytes } from './bytes.js'
import { InvalidSignatureError } from './errors.js'
import { derive } from './kdf.js'
import type { Domain } from './receipt.js'
import { Secret } from './secret.js'

/** What the wallet shows to who is asked to sign. */
export const VIEW_KEY_NOTICE =
  'Whoever holds this signature can read my results in this secret contract. Sign only where you use it.'

/** Which view key. */
export type ViewKeyParameters = { network: Hex; contract: Address; account: Address }

const types = {
  ViewKey: [
    { type: 'bytes32', name: 'network' },
    { type: 'address', name: 'secretContract' },
    { type: 'address', name: 'account' },
    { type: 'string', name: 'notice' },
  ],
} as const

/** What an account signs to make its view key for one contract, for viem's `signTypedData`. */
export function viewKeyTypedData(domain: Domain, { network, contract, account }: ViewKeyParameters) {
  return {
    domain,
    types,
    primaryType: 'ViewKey',
    message: { network, secretContract: contract, account, notice: VIEW_KEY_NOTICE },
  } as const
}

/** From the account's signature of {@link viewKeyTypedData} to what its reply keys derive from. `v` does not count. */
export function viewSecret(signature: Bytes, { network, contract, account }: ViewKeyParameters): Secret {
  const bytes = toBytes(signature, 'signature')
  if (bytes.length !== 65)
    throw new InvalidSignatureError(
      'expected 65 bytes: r, s, v. Accounts that are contracts have no view key',
    )
  const context = concatBytes(
    toBytes(network, 'network', 32),
    toBytes(contract, 'contract', 20),
    toBytes(account, 'account', 20),
  )
  const scalars = new Secret(bytes.subarray(0, 64))
  const secret = derive('enigma/v1/view-key', scalars, context)
  scalars.wipe()
  return secret
}

/** The reply key of the account's envelope with this nonce (see `parseEnvelope`). */
export function replyKeyFor(secret: Secret, nonce: Uint8Array): Secret {
  return derive('enigma/v1/reply-key', secret, toBytes(nonce, 'nonce', 24))
}
