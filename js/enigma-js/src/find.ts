import { type Address, type Hash, isAddressEqual } from 'viem'
import { getLogs } from 'viem/actions'
import { inputCreatedEvent } from './abi.js'
import type { Connection } from './connection.js'
import { NoTaskError } from './errors/task.js'
import { announced, commitsSince, findReceipt } from './follow.js'
import { type CommitLog, covers } from './verify/commit.js'
import { type InputLog, inputLogs, requireOrigin, type VerifiedInput, verifyInput } from './verify/input.js'
import { verifyNetwork } from './verify/network.js'
import { transactionAt } from './verify/transaction.js'

/** Which task. */
export type TaskReference =
  | { /** Of the transaction that created it. */ hash: Hash; contract?: Address; index?: undefined }
  | { contract: Address /** In the contract's log of inputs. */; index: bigint; hash?: undefined }

/**
 * Looks for a task without waiting: its input, once that is in a block, and the commit or skip that it ended by, if it has,
 * which is not believed yet. Throws {@link NoTaskError} if there is none.
 */
export async function findTask(
  connection: Connection,
  reference: TaskReference,
): Promise<{ input?: VerifiedInput; end?: CommitLog | undefined }> {
  await verifyNetwork(connection)
  const { hash } = reference
  const log = hash ? await byHash(connection, hash, reference.contract) : await byPlace(connection, reference)
  if (!log) return {}
  const [input] = await Promise.all([
    verifyInput(connection, log),
    requireOrigin(connection, log, log.transaction),
  ])
  return { input, end: (await commitsSince(connection, input)).find((found) => covers(found, input)) }
}

async function byHash(connection: Connection, hash: Hash, contract?: Address): Promise<InputLog | undefined> {
  const receipt = await findReceipt(connection, hash)
  if (receipt) return announced(connection, receipt, { contract })
  if (await transactionAt(connection, hash)) return undefined
  throw new NoTaskError({ what: `Transaction ${hash}` })
}

async function byPlace(connection: Connection, { contract, index }: TaskReference): Promise<InputLog> {
  const { client, network } = connection
  const logs = await getLogs(client, {
    address: network.enigma,
    event: inputCreatedEvent,
    args: { secretContract: contract, index },
    fromBlock: BigInt(network.checkpointNumber),
    toBlock: 'latest',
  })
  const ours = (log: InputLog) => isAddressEqual(log.contract, contract as Address) && log.index === index
  const found = inputLogs(connection, logs).find(ours)
  if (!found) throw new NoTaskError({ what: `Index ${index} of ${contract}` })
  return found
}
