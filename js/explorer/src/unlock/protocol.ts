// What the explorer takes from the pure half of enigma-js: by file, so that the pairing and the proofs stay out of the
// page.
import { NotOpenedError } from '../../../enigma-js/src/protocol/errors.js'
import { networkId } from '../../../enigma-js/src/protocol/network.js'
import type { Network } from '../model/types'

export { committedEvent, inputCreatedEvent } from '../../../enigma-js/src/abi.js'
export { parseEnvelope } from '../../../enigma-js/src/protocol/envelope.js'
export { haltReason } from '../../../enigma-js/src/protocol/halt.js'
export { taskContext } from '../../../enigma-js/src/protocol/input.js'
export { decryptOutput, type Output, type SecretLog } from '../../../enigma-js/src/protocol/output.js'
export { domainOf } from '../../../enigma-js/src/protocol/receipt.js'
export { Secret } from '../../../enigma-js/src/protocol/secret.js'
export { replyKeyFor, viewKeyTypedData, viewSecret } from '../../../enigma-js/src/protocol/viewKey.js'
export { NotOpenedError }

/** Why a node's descriptor is not to be believed, or null: its id must be the hash of its fields. */
export function describe(network: Network): string | null {
  return networkId(network) === network.network
    ? null
    : 'The node names a network that is not the hash of its own descriptor. Do not trust what it shows.'
}
