// The logs of an account's committed tasks.

import { getSecretLogs } from '../../actions/getSecretLogs.js'
import type { Connection } from '../../connection.js'
import type { Backend, SealedLog, TaskLogs } from '../types.js'

/** Of one contract and account, grouped by task, in the order of the chain. */
export async function taskLogs(
  connection: Connection,
  { contract, account, from, to }: Parameters<Backend['logs']>[0],
): Promise<TaskLogs[]> {
  const range = { fromBlock: from, toBlock: to }
  const entries = await getSecretLogs(connection, { address: contract, abi: [], account, ...range })
  const tasks = new Map<bigint, TaskLogs & { logs: SealedLog[] }>()
  for (const { task, commit, address, topics, data } of entries) {
    const { hash, index } = task
    const found = tasks.get(index) ?? { hash, contract, index, commit, logs: [] }
    found.logs.push({ address, topics, data })
    tasks.set(index, found)
  }
  return [...tasks.values()]
}
