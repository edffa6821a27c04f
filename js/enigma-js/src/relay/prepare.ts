import { type Account, type Address, bytesToHex, encodeFunctionData, type Hex, zeroHash } from 'viem'
import { enigmaAbi } from '../abi.js'
import { accountOf, type Connection, sessionsOf } from '../connection.js'
import { sealEnvelope } from '../protocol/envelope.js'
import { DEFAULT_LIMITS } from '../send.js'
import { keepReplyKey, newReplyKey } from '../session/view.js'
import { now, termsOf } from '../submit.js'
import { given } from './authorise.js'
import { type Call, calldataOf, type Prepared, type SealedTask } from './types.js'

export type PrepareTaskParameters = Call & {
  /**
   * The contract that will call the Enigma contract, and `msg.sender` inside: a wallet, an ERC-4337 account. It need not be
   * deployed yet.
   */
  sender: Address
  /**
   * Whose view key the reply key derives from: an account with a key of its own, the wallet's owner for instance. It signs
   * nothing else. Default: the client's.
   */
  account?: Account | Address
  /** The word that a forwarding contract will give. Default: zero. */
  onBehalfOf?: Hex
  /** Wei for the secret contract. */
  value?: bigint
  /** Gas inside the sealed world. Default: 5,000,000. */
  gas?: bigint
  /** Bytes of output and state change that it pays for. Default: 8,192. */
  bytes?: number
  /** Gas of outbound calls that it pays for. Default: 200,000. */
  outbound?: bigint
  /** Most wei for a unit of gas. Default: four times the base fee and two gwei. */
  priceCap?: bigint
  /** Unix seconds after which it does nothing. Default: never. */
  expiry?: bigint
}

/**
 * Encrypts a task for a sender that is a contract, and gives the call that the sender must make: `to`, `data`, `value`.
 * Nothing is sent. Keep `task` for {@link waitForSealedTask}. The call is good while the epoch's window is open.
 */
export async function prepareTask(
  connection: Connection,
  parameters: PrepareTaskParameters,
): Promise<Prepared & { task: SealedTask }> {
  const { network } = connection
  const { address: contract, sender, onBehalfOf = zeroHash, value = 0n, priceCap, expiry } = parameters
  const account = accountOf(connection, 'Preparing a task', parameters.account)
  const limits = { ...DEFAULT_LIMITS, ...given(parameters) }
  const [moment, { nonce, replyKey }] = await Promise.all([
    now(connection),
    newReplyKey(connection, contract, account),
  ])
  const { epoch } = moment
  const session = sessionsOf(connection).get({ contract, epoch, purpose: 'input', account: sender })
  const body = calldataOf(parameters)
  const sealed = sealEnvelope(session, { kind: 'task', sender, onBehalfOf, replyKey, nonce, body, expiry })
  const envelope = bytesToHex(sealed)
  keepReplyKey(connection, envelope, replyKey)
  const { parameters: terms, payment } = termsOf(moment, limits, value, priceCap)
  const data = encodeFunctionData({
    abi: enigmaAbi,
    functionName: 'createTask',
    args: [contract, epoch, envelope, { ...terms, onBehalfOf }],
  })
  return {
    to: network.enigma,
    data,
    value: payment,
    task: { contract, account: account.address, kind: 'task', envelope },
  }
}

/** The call by which a contract takes its credit at the Enigma contract: what its tasks did not use. */
export function prepareWithdraw({ network }: Connection, to?: Address): Prepared {
  const data = to
    ? encodeFunctionData({ abi: enigmaAbi, functionName: 'withdrawTo', args: [to] })
    : encodeFunctionData({ abi: enigmaAbi, functionName: 'withdraw' })
  return { to: network.enigma, data, value: 0n }
}
