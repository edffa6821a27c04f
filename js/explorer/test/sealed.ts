// Tasks as they are on the chain: an envelope encrypted to a network's key, an output encrypted under the reply key of
// the account's view key, and the two transactions' receipts as a wallet's provider shows them.
import { gcmsiv } from '@noble/ciphers/aes.js'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import {
  type Abi,
  encodeAbiParameters,
  encodeEventTopics,
  hexToBytes,
  keccak256,
  numberToHex,
  toHex,
  zeroHash,
} from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { committedEvent, inputCreatedEvent } from '../../enigma-js/src/abi.js'
import { Writer } from '../../enigma-js/src/protocol/bytes.js'
import { randomNonce, sealEnvelope } from '../../enigma-js/src/protocol/envelope.js'
import { genesisInputHead, nextInputHead, taskContext } from '../../enigma-js/src/protocol/input.js'
import { derive } from '../../enigma-js/src/protocol/kdf.js'
import { networkId } from '../../enigma-js/src/protocol/network.js'
import type { Output } from '../../enigma-js/src/protocol/output.js'
import { INNER_STATUS } from '../../enigma-js/src/protocol/output.js'
import { domainOf } from '../../enigma-js/src/protocol/receipt.js'
import { Secret } from '../../enigma-js/src/protocol/secret.js'
import { createSession } from '../../enigma-js/src/protocol/session.js'
import { zeroFill } from '../../enigma-js/src/protocol/size.js'
import { replyKeyFor, viewKeyTypedData, viewSecret } from '../../enigma-js/src/protocol/viewKey.js'
import type { Hex } from '../src/model/schema'
import { DESCRIPTOR } from './mock'

const publicKey = toHex(bls12_381.G2.Point.BASE.multiply(0x2a6f0b1c9d8e7f60514233241506f7e8n).toBytes(true))

/** A network whose id is the hash of its fields. */
export const NETWORK = { ...DESCRIPTOR, publicKey, network: networkId({ ...DESCRIPTOR, publicKey }) }

/** The plaintext of an output, as enclaves write it. */
function encodeOutput(output: Output): Uint8Array {
  const writer = new Writer()
    .int(INNER_STATUS.indexOf(output.status), 1)
    .int(output.gasUsed, 8)
    .bytes(hexToBytes(output.data))
    .int(output.logs.length, 2)
  for (const log of output.logs) {
    writer.raw(log.address, 20).int(log.topics.length, 1)
    for (const topic of log.topics) writer.raw(topic, 32)
    writer.bytes(hexToBytes(log.data))
  }
  return zeroFill(writer.finish())
}

export type Sealed = {
  readonly inputHead: Hex
  readonly blockHash: Hex
  readonly created: object
  readonly committed: object
}

/** What the chain holds of task `index` of `contract`, sent by `sender`. `ephemeral`: with a key of its session only. */
export async function sealedTask(
  sender: PrivateKeyAccount,
  contract: Hex,
  index: number,
  output: Output,
  options: { readonly ephemeral?: boolean } = {},
): Promise<Sealed> {
  const parameters = { network: NETWORK.network, contract, account: sender.address }
  const signature = await sender.signTypedData(
    viewKeyTypedData(domainOf(NETWORK.chainId, NETWORK.enigma), parameters),
  )
  const nonce = randomNonce()
  const replyKey = options.ephemeral
    ? new Secret(crypto.getRandomValues(new Uint8Array(32)))
    : replyKeyFor(viewSecret(signature, parameters), nonce)
  const session = createSession({ network: NETWORK.network, publicKey, contract, epoch: 12 })
  const envelope = sealEnvelope(session, {
    kind: 'task',
    replyKey,
    body: '0x12345678',
    nonce,
    sender: sender.address,
  })
  const inputHead = nextInputHead(genesisInputHead(NETWORK.network, contract), keccak256(envelope))
  const blockHash = keccak256(numberToHex(index, { size: 32 }))
  const ctx = taskContext(inputHead, blockHash)
  const key = derive('enigma/v1/output', replyKey, hexToBytes(ctx))
  const encrypted = key.expose((bytes) =>
    gcmsiv(bytes, new Uint8Array(12), hexToBytes(ctx)).encrypt(encodeOutput(output)),
  )
  const event = (
    item: typeof inputCreatedEvent | typeof committedEvent,
    args: { [name: string]: unknown },
  ) => ({
    address: NETWORK.enigma,
    topics: encodeEventTopics({ abi: [item] as Abi, eventName: item.name, args }),
    data: encodeAbiParameters(
      item.inputs.filter((input) => !input.indexed),
      item.inputs.filter((input) => !input.indexed).map((input) => args[input.name]) as never,
    ),
  })
  return {
    inputHead,
    blockHash,
    created: {
      blockHash,
      logs: [
        event(inputCreatedEvent, {
          secretContract: contract,
          index: BigInt(index),
          sender: sender.address,
          kind: 1,
          inputHead,
          onBehalfOf: zeroHash,
          value: 0n,
          gasLimit: 3_000_000n,
          commitGas: 400_000n,
          priceCap: 4_000_000_000n,
          tip: 0n,
          epoch: 12,
          inclusionEpoch: 12,
          inflow: 0n,
          code: '0x',
          envelope: toHex(envelope),
        }),
      ],
    },
    committed: {
      blockHash: zeroHash.replace('0x00', '0x11'),
      logs: [
        event(committedEvent, {
          secretContract: contract,
          firstIndex: BigInt(index - 1),
          lastIndex: BigInt(index),
          epoch: 12,
          stateHead: zeroHash,
          snapshotHash: zeroHash,
          outcomes: [0n, 0n],
          // The output of another task comes first.
          outputs: ['0xdead', toHex(encrypted)],
          deltas: ['0x', '0x'],
        }),
      ],
    },
  }
}
