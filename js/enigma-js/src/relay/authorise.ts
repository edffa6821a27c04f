import { type Account, type Address, bytesToHex, type Hex, numberToHex, zeroHash } from 'viem'
import { signTypedData } from 'viem/actions'
import { accountOf, type Connection } from '../connection.js'
import { RELAYED_LIFETIME, sealRelayed, taskAuthorisationTypedData } from '../protocol/relayed.js'
import { createSession } from '../protocol/session.js'
import { normaliseSignature } from '../protocol/sign.js'
import { DEFAULT_LIMITS } from '../send.js'
import { keepReplyKey, newReplyKey } from '../session/view.js'
import { now, termsOf } from '../submit.js'
import { getAccountNonce } from './nonce.js'
import { type Call, calldataOf, type RelayedTask, type SealedTask } from './types.js'

export type AuthoriseTaskParameters = Call & {
  /** Is `msg.sender` inside. It signs, and pays nothing. Default: the client's. */
  account?: Account | Address
  /** Who will send it and pay: an account, or a contract that calls the Enigma contract. */
  relayer: Address
  /** The word that a forwarding contract will give. Default: zero. */
  onBehalfOf?: Hex
  /** Wei that the relayer must send along. Default: 0. */
  value?: bigint
  /** Gas inside the sealed world that the relayer must give at least. Default: 5,000,000. */
  gas?: bigint
  /** Bytes of output and state change that it pays for. Default: 8,192. */
  bytes?: number
  /** Gas of outbound calls that it pays for. Default: 200,000. */
  outbound?: bigint
  /** Unix seconds after which it does nothing; 0: never. Default: an hour after the newest block. */
  expiry?: bigint
  /** Which relayed task of the account in this contract. Default: the next, which is asked of a node. */
  nonce?: bigint
}

/**
 * Authorises a call and encrypts it for one relayer. Give `relayed` to the relayer, who sends it with {@link relayTask};
 * keep `task` for `waitForSealedTask`. To authorise several before the first is committed, count `nonce` yourself: they
 * run in its order.
 */
export async function authoriseTask(
  connection: Connection,
  parameters: AuthoriseTaskParameters,
): Promise<{ relayed: RelayedTask; task: SealedTask }> {
  const { network, client, domain } = connection
  const { address: contract, relayer, onBehalfOf = zeroHash, value = 0n } = parameters
  const limits = { ...DEFAULT_LIMITS, ...given(parameters) }
  const account = accountOf(connection, 'Authorising a task', parameters.account)
  const body = calldataOf(parameters)
  const [moment, { nonce: envelopeNonce, replyKey }, nonce] = await Promise.all([
    now(connection),
    newReplyKey(connection, contract, account),
    parameters.nonce ?? getAccountNonce(connection, { address: contract, account }),
  ])
  const expiry = parameters.expiry ?? moment.block.timestamp + RELAYED_LIFETIME
  const authorisation = { account: account.address, nonce, minGas: limits.gas, value }
  const plaintext = { replyKey, expiry, body }
  const place = { network: network.network, contract }
  const typed = taskAuthorisationTypedData(domain, place, authorisation, plaintext)
  const signature = normaliseSignature(await signTypedData(client, { account, ...typed }))
  const { epoch } = moment
  const session = createSession({ ...place, publicKey: network.publicKey, epoch })
  const sealed = sealRelayed(session, {
    relayer,
    onBehalfOf,
    envelopeNonce,
    authorisation,
    signature,
    plaintext,
  })
  const envelope = bytesToHex(sealed)
  keepReplyKey(connection, envelope, replyKey)
  return {
    relayed: {
      network: network.network,
      secretContract: contract,
      epoch,
      envelope,
      relayer,
      onBehalfOf,
      value: numberToHex(value),
      gasLimit: Number(limits.gas),
      commitGas: Number(termsOf(moment, limits, value).parameters.commitGas),
      expiry: Number(expiry),
    },
    task: { contract, account: account.address, kind: 'task', envelope },
  }
}

/** The limits that are named. */
export function given(parameters: { gas?: bigint; bytes?: number; outbound?: bigint }) {
  const { gas, bytes, outbound } = parameters
  return {
    ...(gas === undefined ? {} : { gas }),
    ...(bytes === undefined ? {} : { bytes }),
    ...(outbound === undefined ? {} : { outbound }),
  }
}
