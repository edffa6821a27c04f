import type { Abi, Account, Address, ContractEventName, Hash } from 'viem'
import { getLogs } from 'viem/actions'
import { committedEvent, inputCreatedEvent } from '../abi.js'
import { accountOf, type Connection } from '../connection.js'
import { isTaskFailure } from '../errors/task.js'
import { finish } from '../finish.js'
import { NotOpenedError } from '../protocol/errors.js'
import type { DecodedSecretLog } from '../result.js'
import { type CommitLog, commitLogs, covers } from '../verify/commit.js'
import { type InputLog, inputLogs, verifyInput } from '../verify/input.js'
import { verifyNetwork } from '../verify/network.js'

/** Blocks before `fromBlock` in which the tasks that were committed after it are looked for. */
const MARGIN = 10_000n
/** Tasks that are read at once. */
const AT_ONCE = 8

export type GetSecretLogsParameters<abi extends Abi | readonly unknown[] = Abi> = {
  /** The secret contract. */
  address: Address
  abi: abi
  /** Only logs of this event. */
  eventName?: ContractEventName<abi>
  /** First block of the commits. Default: the network's beginning. */
  fromBlock?: bigint
  /** Last block of the commits. Default: the newest. */
  toBlock?: bigint
  /** Whose tasks. Default: the client's account. */
  account?: Account | Address
}

/** A log of the sealed world, and the task that emitted it. */
export type SecretLogEntry = DecodedSecretLog & {
  task: { hash: Hash; index: bigint }
  commit: { transaction: Hash; block: bigint }
}

/**
 * The logs that the account's own tasks emitted in a secret contract, oldest first, decrypted and checked one by one. An
 * RPC can leave some out, but not change or invent any.
 */
export async function getSecretLogs<const abi extends Abi | readonly unknown[]>(
  connection: Connection,
  parameters: GetSecretLogsParameters<abi>,
): Promise<SecretLogEntry[]> {
  const { address, abi, eventName } = parameters
  const account = accountOf(connection, 'Reading logs', parameters.account)
  await verifyNetwork(connection)
  const tasks = await committedTasks(connection, parameters as GetSecretLogsParameters, account.address)
  const entries: SecretLogEntry[] = []
  for (let first = 0; first < tasks.length; first += AT_ONCE) {
    const batch = tasks.slice(first, first + AT_ONCE).map(async ([input, commit]) => {
      const result = await finish(connection, account, await verifyInput(connection, input), commit, {
        abi,
      }).catch((error: unknown) => {
        // A task that failed has no logs; one that was relayed has its author's.
        if (isTaskFailure(error) || (error as Error).cause instanceof NotOpenedError) return undefined
        throw error
      })
      if (!result) return []
      const task = { hash: input.transaction, index: input.index }
      return result.logs.map((log): SecretLogEntry => ({ ...log, task, commit: result.commit }))
    })
    entries.push(...(await Promise.all(batch)).flat())
  }
  return entries.filter(
    (entry) => eventName === undefined || (entry.eventName === eventName && entry.address === address),
  )
}

async function committedTasks(
  connection: Connection,
  { address, fromBlock, toBlock }: GetSecretLogsParameters,
  sender: Address,
): Promise<[InputLog, CommitLog][]> {
  const { client, network } = connection
  const start = BigInt(network.checkpointNumber)
  const from = fromBlock === undefined || fromBlock < start ? start : fromBlock
  const to = toBlock ?? ('latest' as const)
  const [commits, inputs] = await Promise.all([
    getLogs(client, {
      address: network.enigma,
      event: committedEvent,
      args: { secretContract: address },
      fromBlock: from,
      toBlock: to,
    }),
    getLogs(client, {
      address: network.enigma,
      event: inputCreatedEvent,
      args: { secretContract: address, sender },
      fromBlock: from - MARGIN > start ? from - MARGIN : start,
      toBlock: to,
    }),
  ])
  const landed = commitLogs(connection, commits)
  return inputLogs(connection, inputs).flatMap((input): [InputLog, CommitLog][] => {
    const commit = landed.find((log) => covers(log, input))
    return commit ? [[input, commit]] : []
  })
}
