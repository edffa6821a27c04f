import { type Account, type Address, encodeFunctionData, type Hash, isAddressEqual, zeroHash } from 'viem'
import { enigmaAbi } from '../abi.js'
import { accountOf, type Connection } from '../connection.js'
import { maxFee } from '../protocol/fees.js'
import type { OnStage } from '../stage.js'
import { type Now, now, submit, termsOf } from '../submit.js'
import { InvalidRelayedTaskError, RelayedValueError, WrongRelayerError } from './errors.js'
import type { Prepared, RelayedTask } from './types.js'

export type RelayTaskParameters = {
  /** Sends and pays; the task must be made for it. Default: the client's. */
  account?: Account | Address
  /**
   * Most wei that the relayer sends along besides the fee: they go where the author of the task wants them. Default: 0.
   */
  maxValue?: bigint
  /** Most wei for a unit of gas. Default: four times the base fee and two gwei. */
  priceCap?: bigint
  /** Pays from the account's credit as far as that goes, and the rest in ether. Default: false. */
  credit?: boolean
  /** Of the transaction. Default: the account's next. */
  nonce?: number
  onStage?: OnStage
}

/**
 * Sends and pays a task that somebody else has authorised. Resolves with the hash when the transaction is broadcast: give
 * it to the author, who alone can read the result. What the task does not use comes back as the relayer's credit.
 */
export async function relayTask(
  connection: Connection,
  relayed: RelayedTask,
  parameters: RelayTaskParameters = {},
): Promise<Hash> {
  const { credit, nonce, onStage } = parameters
  const account = accountOf(connection, 'Relaying a task', parameters.account)
  if (!isAddressEqual(account.address, relayed.relayer))
    throw new WrongRelayerError({ relayer: relayed.relayer, account: account.address })
  const moment = await now(connection)
  const { data, value } = callFor(connection, moment, relayed, parameters)
  const contract = relayed.secretContract
  const hash = await submit(connection, account, { data, value, credit, contract, nonce }, moment.block)
  onStage?.('submitted', { hash, contract })
  return hash
}

/** The call by which a relayer that is a contract sends the task; it is the relayer that must make it. */
export async function prepareRelay(
  connection: Connection,
  relayed: RelayedTask,
  parameters: Bounds = {},
): Promise<Prepared> {
  return callFor(connection, await now(connection), relayed, parameters)
}

/** What a relayer spends at most. */
type Bounds = Pick<RelayTaskParameters, 'maxValue' | 'priceCap'>

/**
 * The call of the Enigma contract. Throws {@link InvalidRelayedTaskError} if it could come to nothing only, and
 * {@link RelayedValueError} if it would take more of the relayer than allowed.
 */
function callFor(
  { network }: Connection,
  moment: Now,
  relayed: RelayedTask,
  { maxValue = 0n, priceCap }: Bounds,
): Prepared {
  const { secretContract, epoch, envelope, onBehalfOf, expiry } = relayed
  const value = BigInt(relayed.value)
  if (relayed.network !== network.network)
    throw new InvalidRelayedTaskError({ why: `it is for the network ${relayed.network}` })
  if (expiry !== 0 && moment.block.timestamp > BigInt(expiry))
    throw new InvalidRelayedTaskError({ why: `it expired at ${new Date(expiry * 1000).toISOString()}` })
  if (value > maxValue) throw new RelayedValueError({ value, maxValue })
  const limits = { gas: BigInt(relayed.gasLimit), bytes: 0, outbound: 0n }
  const { parameters: usual } = termsOf(moment, limits, value, priceCap)
  const parameters = { ...usual, onBehalfOf: onBehalfOf ?? zeroHash, commitGas: BigInt(relayed.commitGas) }
  return {
    to: network.enigma,
    value: parameters.value + maxFee(parameters),
    data: encodeFunctionData({
      abi: enigmaAbi,
      functionName: 'createTask',
      args: [secretContract, epoch, envelope, parameters],
    }),
  }
}
