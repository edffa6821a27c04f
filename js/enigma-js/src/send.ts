import { type Account, type Address, bytesToHex, encodeFunctionData, type Hex } from 'viem'
import { enigmaAbi } from './abi.js'
import { type Connection, sessionsOf } from './connection.js'
import { sealEnvelope } from './protocol/envelope.js'
import { keepReplyKey, newReplyKey } from './session/view.js'
import type { OnStage, TaskHandle } from './stage.js'
import { type Limits, now, submit, termsOf } from './submit.js'

/** What every action that sends a task takes. */
export type SendTaskParameters = {
  /** Sends and, inside, is `msg.sender`. Default: the client's. */
  account?: Account | Address
  /** Wei for the secret contract. They come back as credit if the task fails. */
  value?: bigint
  /** Gas inside the sealed world, at most 16,777,216. Default: 5,000,000; 15,000,000 for a deployment. */
  gas?: bigint
  /** Bytes of output and state change that the task pays for. Default: 8,192; a deployment's code and some. */
  bytes?: number
  /**
   * Gas of outbound calls that the task pays for: 75,000 for plain ether; 90,000, its own gas and 45 a byte for a call.
   * Default: 200,000.
   */
  outbound?: bigint
  /** Most wei for a unit of gas. Default: four times the base fee and two gwei. */
  priceCap?: bigint
  /** Pays from the account's credit at the Enigma contract as far as that goes, and the rest in ether. Default: false. */
  credit?: boolean
  /** Of the transaction. Default: the account's next. */
  nonce?: number
  onStage?: OnStage
}

type Sending = Omit<SendTaskParameters, 'account'> & { account: Account; contract: Address; body: Hex } & (
    | { kind: 'task' }
    | { kind: 'deploy'; salt: Hex; code: Hex }
  )

/** What a task may use unless told otherwise. */
export const DEFAULT_LIMITS: Limits = { gas: 5_000_000n, bytes: 8_192, outbound: 200_000n }

/** Encrypts and submits. */
export async function sendTask(connection: Connection, sending: Sending): Promise<TaskHandle> {
  const {
    account,
    contract,
    kind,
    body,
    value = 0n,
    gas = DEFAULT_LIMITS.gas,
    bytes = DEFAULT_LIMITS.bytes,
    outbound = DEFAULT_LIMITS.outbound,
    priceCap,
    credit,
    onStage,
  } = sending
  const [moment, { nonce, replyKey }] = await Promise.all([
    now(connection),
    newReplyKey(connection, contract, account),
  ])
  const { epoch, block } = moment
  const session = sessionsOf(connection).get({ contract, epoch, purpose: 'input', account: account.address })
  const envelope = bytesToHex(sealEnvelope(session, { kind, sender: account.address, replyKey, nonce, body }))
  const { parameters, payment } = termsOf(moment, { gas, bytes, outbound }, value, priceCap)
  const data =
    sending.kind === 'task'
      ? encodeFunctionData({
          abi: enigmaAbi,
          functionName: 'createTask',
          args: [contract, epoch, envelope, parameters],
        })
      : encodeFunctionData({
          abi: enigmaAbi,
          functionName: 'deploy',
          args: [{ salt: sending.salt, signers: 1, depth: 0 }, parameters, epoch, sending.code, envelope],
        })
  keepReplyKey(connection, envelope, replyKey)
  const hash = await submit(
    connection,
    account,
    { data, value: payment, credit, contract, nonce: sending.nonce },
    block,
  )
  onStage?.('submitted', { hash, contract })
  return { hash, contract, account: account.address, kind }
}
