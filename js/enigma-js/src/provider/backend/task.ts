// What became of a task: looked up each time, verified and decrypted once.
import { type Address, type Hash, isAddressEqual } from 'viem'
import type { Connection } from '../../connection.js'
import { isTaskFailure } from '../../errors/task.js'
import { finish } from '../../finish.js'
import { commitsSince, findReceipt } from '../../follow.js'
import { type CommitLog, covers } from '../../verify/commit.js'
import { type InputLog, inputLogs, requireOrigin, verifyInput } from '../../verify/input.js'
import { verifyNetwork } from '../../verify/network.js'
import type { Outcome, TaskView } from '../types.js'

/** Outcomes that are kept; the oldest go first. */
const MAX_KEPT = 1_024

/** Looks tasks up, and remembers the outcomes that were verified. */
export function taskLookup(connection: Connection) {
  const kept = new Map<string, Promise<Outcome>>()

  function outcomeOf(input: InputLog, commit: CommitLog): Promise<Outcome> {
    // Blocks belong to the name: after a reorganisation the task is looked at again.
    const name = [input.contract, input.index, input.blockHash, commit.blockHash].join()
    const outcome = kept.get(name) ?? open(connection, input, commit)
    kept.set(name, outcome)
    outcome.catch(() => kept.delete(name))
    for (const oldest of kept.keys()) {
      if (kept.size <= MAX_KEPT) break
      kept.delete(oldest)
    }
    return outcome
  }

  /** The only task of a transaction, if one of the accounts sent it. */
  return async (hash: Hash, accounts: readonly Address[]): Promise<TaskView | undefined> => {
    const receipt = await findReceipt(connection, hash)
    const inputs = receipt ? inputLogs(connection, receipt.logs) : []
    const [input] = inputs
    // A bundle of several is no transaction to one contract: it stays what it is.
    if (!input || inputs.length > 1 || !accounts.some((account) => isAddressEqual(account, input.sender)))
      return undefined
    const { contract, kind, terms } = input
    const view = { contract, kind, value: BigInt(terms.value), gas: BigInt(terms.gasLimit) }
    const commit = (await commitsSince(connection, input)).find((log) => covers(log, input))
    return commit ? { ...view, outcome: await outcomeOf(input, commit) } : view
  }
}

async function open(connection: Connection, log: InputLog, commit: CommitLog): Promise<Outcome> {
  await verifyNetwork(connection)
  const [input] = await Promise.all([
    verifyInput(connection, log),
    requireOrigin(connection, log, log.transaction),
  ])
  const place = { index: log.index, commit: { transaction: commit.transaction, block: commit.block } }
  const account = { address: log.sender, type: 'json-rpc' } as const
  try {
    const { logs } = await finish(connection, account, input, commit, {})
    return { ...place, logs: logs.map(({ address, topics, data }) => ({ address, topics, data })) }
  } catch (error) {
    if (!isTaskFailure(error)) throw error
    return { ...place, logs: [], failure: error as Error }
  }
}
